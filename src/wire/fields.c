/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/fields.h"

#include <string.h>

#include "base/address.h"
#include "base/must.h"
#include "base/units.h"

/* Octets of a plain number, the same in memory and on the wire; 0 for what is not one. */
static unsigned number_size(enum field_type type)
{
    switch (type) {
    case FIELD_BOOL:
    case FIELD_U8:
    case FIELD_I8:
        return 1;
    case FIELD_U16:
        return 2;
    case FIELD_I32:
    case FIELD_U32:
    case FIELD_DROPS32:
        return 4;
    case FIELD_U64:
    case FIELD_DOUBLE:
    case FIELD_TIME:
    case FIELD_DROPS64:
        return 8;
    case FIELD_HOURS: /* a list of pairs of 16 bits: treated as twice as many numbers */
        return 2;
    case FIELD_TEXT:
    case FIELD_ADDRESS:
        return 0;
    }
    return 0;
}

static bool is_list(enum field_type type)
{
    return type == FIELD_DROPS32 || type == FIELD_DROPS64 || type == FIELD_HOURS;
}

static unsigned per_element(enum field_type type)
{
    return type == FIELD_HOURS ? 2 : 1;
}

static uint64_t load(const uint8_t *at, unsigned size)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    switch (size) {
    case 1:
        return *at;
    case 2:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case 4:
        memcpy(&u32, at, sizeof u32);
        return u32;
    default:
        memcpy(&u64, at, sizeof u64);
        return u64;
    }
}

static void store(uint8_t *at, unsigned size, uint64_t value)
{
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (size) {
    case 1:
        *at = (uint8_t)value;
        break;
    case 2:
        memcpy(at, &u16, sizeof u16);
        break;
    case 4:
        memcpy(at, &u32, sizeof u32);
        break;
    default:
        memcpy(at, &value, sizeof value);
        break;
    }
}

static void encode_address(struct writer *w, const uint8_t *at)
{
    struct address address;

    memcpy(&address, at, sizeof address);
    writer_be(w, 1, address.family);
    writer_put(w, address.bytes, sizeof address.bytes);
    writer_be(w, 4, address.scope);
    writer_be(w, 2, address.port);
}

static void decode_address(struct reader *r, uint8_t *at)
{
    struct address address;
    const uint8_t *bytes;

    memset(&address, 0, sizeof address); /* its padding too: records are compared as octets */
    address.family = (uint8_t)reader_be(r, 1);
    bytes = reader_take(r, sizeof address.bytes);
    if (bytes != NULL) {
        memcpy(address.bytes, bytes, sizeof address.bytes);
    }
    address.scope = (uint32_t)reader_be(r, 4);
    address.port = (uint16_t)reader_be(r, 2);
    if (address.family <= ADDRESS_IPV6 && !r->overrun) {
        memcpy(at, &address, sizeof address);
    }
}

static void encode_field(struct writer *w, const struct status_field *field, const uint8_t *at)
{
    unsigned size = number_size(field->type);
    const uint8_t *end;
    size_t length;

    if (field->type == FIELD_ADDRESS) {
        encode_address(w, at);
    } else if (field->type == FIELD_TEXT) {
        end = memchr(at, '\0', field->count);
        length = end != NULL ? (size_t)(end - at) : field->count - 1U;
        writer_be(w, 2, length);
        writer_put(w, at, length);
    } else {
        if (is_list(field->type)) {
            writer_be(w, 2, field->count);
        }
        for (size_t i = 0; i < (size_t)field->count * per_element(field->type); i++) {
            writer_be(w, size, load(at + i * size, size));
        }
    }
}

static void decode_text(struct reader *r, const struct status_field *field, uint8_t *at)
{
    size_t length = (size_t)reader_be(r, 2);
    const uint8_t *bytes = reader_take(r, length);
    const uint8_t *end;

    if (bytes != NULL) {
        end = memchr(bytes, '\0', length);
        length = end != NULL ? (size_t)(end - bytes) : length;
        memcpy(at, bytes, length < field->count ? length : field->count - 1U);
    }
}

static void decode_field(struct reader *r, const struct status_field *field, uint8_t *at)
{
    unsigned size = number_size(field->type);
    size_t count = field->count;

    if (field->type == FIELD_ADDRESS) {
        decode_address(r, at);
        return;
    }
    if (field->type == FIELD_TEXT) {
        decode_text(r, field, at);
        return;
    }
    if (is_list(field->type)) {
        count = (size_t)reader_be(r, 2);
    }
    for (size_t i = 0; i < count * per_element(field->type) && !r->overrun; i++) {
        uint64_t value = reader_be(r, size);

        if (i < (size_t)field->count * per_element(field->type)) {
            store(at + i * size, size, field->type == FIELD_BOOL ? value != 0 : value);
        }
    }
}

void fields_encode(struct writer *w, const struct field_table *table, const void *object)
{
    struct writer start = *w;

    writer_be(w, 4, 0);
    for (size_t i = 0; i < table->count; i++) {
        encode_field(w, &table->fields[i], (const uint8_t *)object + table->fields[i].offset);
    }
    if (!w->overrun) {
        writer_be(&start, 4, start.left - w->left - 4);
    }
}

bool fields_decode(struct reader *r, const struct field_table *table, void *object)
{
    size_t size = (size_t)reader_be(r, 4);
    struct reader inside = {.at = reader_take(r, size), .left = size};

    memset(object, 0, table->struct_size);
    if (r->overrun) {
        return false;
    }
    for (size_t i = 0; i < table->count && inside.left > 0; i++) {
        decode_field(&inside, &table->fields[i], (uint8_t *)object + table->fields[i].offset);
    }
    return !inside.overrun;
}

size_t fields_size_max(const struct field_table *table)
{
    size_t sum = 4;

    for (size_t i = 0; i < table->count; i++) {
        const struct status_field *field = &table->fields[i];

        if (field->type == FIELD_ADDRESS) {
            sum += 23;
        } else if (field->type == FIELD_TEXT) {
            sum += 2U + field->count;
        } else {
            sum += 2U + (size_t)field->count * per_element(field->type) * number_size(field->type);
        }
    }
    return sum;
}

uint64_t field_number(const struct status_field *field, const void *object)
{
    return load((const uint8_t *)object + field->offset, number_size(field->type));
}

double field_double(const struct status_field *field, const void *object)
{
    double value;

    must(field->type == FIELD_DOUBLE);
    memcpy(&value, (const uint8_t *)object + field->offset, sizeof value);
    return value;
}

const char *field_word(const struct status_field *field, uint64_t value)
{
    return value < field->word_count ? field->words[value] : "unknown";
}
