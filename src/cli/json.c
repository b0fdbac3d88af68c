/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"

enum { KEY_SIZE = 64, REAL_DIGITS = 15 };

json_t *json_of_time(struct utc_time t)
{
    char buffer[40];
    struct text text = text_begin(buffer, sizeof buffer);

    if (t.ns == 0) {
        return json_null();
    }
    text_time(&text, t, 9);
    return json_string(buffer);
}

json_t *json_of_double(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *of_address(const void *at)
{
    struct address address;
    char buffer[ADDRESS_TEXT_SIZE];

    memcpy(&address, at, sizeof address);
    if (address.family == ADDRESS_NONE) {
        return json_null();
    }
    if (address.port == 0) {
        address_print(&address, buffer);
    } else {
        address_print_port(&address, buffer);
    }
    return json_string(buffer);
}

static json_t *of_drops(const struct status_field *field, const uint8_t *at)
{
    json_t *object = json_object();

    for (int i = DROP_NONE + 1; i < DROP_COUNT && i < field->count; i++) {
        uint32_t u32 = 0;
        uint64_t u64 = 0;

        if (field->type == FIELD_DROPS32) {
            memcpy(&u32, at + (size_t)i * sizeof u32, sizeof u32);
        } else {
            memcpy(&u64, at + (size_t)i * sizeof u64, sizeof u64);
        }
        json_object_set_new(object, drop_word((enum drop_reason)i),
                            json_integer((json_int_t)(u64 + u32)));
    }
    return object;
}

static json_t *of_hours(const struct status_field *field, const uint8_t *at)
{
    json_t *array = json_array();

    for (size_t i = 0; i < field->count; i++) {
        struct source_hour hour;

        memcpy(&hour, at + i * sizeof hour, sizeof hour);
        json_array_append_new(array, json_pack("[i,i]", hour.sent, hour.answered));
    }
    return array;
}

static json_t *of_number(const struct status_field *field, const void *object)
{
    uint64_t value = field_number(field, object);

    if (field->words != NULL) {
        return json_string(field_word(field, value));
    }
    if (field->type == FIELD_I8) {
        return json_integer((int8_t)value);
    }
    if (field->type == FIELD_I32) {
        return json_integer((int32_t)value);
    }
    return json_integer((json_int_t)value);
}

static json_t *of_field(const struct status_field *field, const void *object)
{
    const uint8_t *at = (const uint8_t *)object + field->offset;

    switch (field->type) {
    case FIELD_BOOL:
        return json_boolean(field_number(field, object) != 0);
    case FIELD_DOUBLE:
        return json_of_double(field_double(field, object));
    case FIELD_TIME:
        return json_of_time((struct utc_time){(int64_t)field_number(field, object)});
    case FIELD_TEXT:
        return json_string((const char *)at);
    case FIELD_ADDRESS:
        return of_address(at);
    case FIELD_DROPS32:
    case FIELD_DROPS64:
        return of_drops(field, at);
    case FIELD_HOURS:
        return of_hours(field, at);
    case FIELD_U8:
    case FIELD_I8:
    case FIELD_U16:
    case FIELD_I32:
    case FIELD_U32:
    case FIELD_U64:
        break;
    }
    return of_number(field, object);
}

/* Where a key belongs: "server.requests" into the object "server", made when missing. */
static void set_path(json_t *object, const char *path, json_t *value)
{
    const char *dot = strchr(path, '.');
    char key[KEY_SIZE];
    struct text text = text_begin(key, sizeof key);
    json_t *inner;

    if (dot == NULL) {
        json_object_set_new(object, path, value);
        return;
    }
    text_add_n(&text, path, (size_t)(dot - path));
    inner = json_object_get(object, key);
    if (inner == NULL) {
        inner = json_object();
        json_object_set_new(object, key, inner);
    }
    set_path(inner, dot + 1, value);
}

json_t *json_of_fields(const struct status_field *fields, size_t count, const void *object)
{
    json_t *result = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *value = of_field(&fields[i], object);

        /* Text that is no UTF-8 can't be told in JSON. */
        set_path(result, fields[i].name, value != NULL ? value : json_null());
    }
    return result;
}

json_t *json_of_node(const struct node_status *node)
{
    size_t count;
    const struct status_field *fields = status_node_fields(&count);

    return json_of_fields(fields, count, node);
}

json_t *json_of_source(const struct source_status *source)
{
    size_t count;
    const struct status_field *fields = status_source_fields(&count);

    return json_of_fields(fields, count, source);
}

json_t *json_of_sources(const struct status_record *record)
{
    json_t *array = json_array();

    for (size_t i = 0; i < record->count; i++) {
        json_array_append_new(array, json_of_source(&record->sources[i]));
    }
    return array;
}

enum exit_code json_print(json_t *object, bool compact, enum exit_code code)
{
    size_t layout = compact ? JSON_COMPACT : JSON_INDENT(2);
    json_t *whole = json_object();

    json_object_set_new(whole, "schema", json_integer(JSON_SCHEMA));
    json_object_update(whole, object);
    json_dumpf(whole, stdout, layout | JSON_REAL_PRECISION(REAL_DIGITS));
    printf("\n");
    fflush(stdout);
    json_decref(object);
    json_decref(whole);
    return code;
}
