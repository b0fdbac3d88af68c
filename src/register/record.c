/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/record.h"

#include <string.h>

#include "base/text.h"

enum { LABEL_MAX = 63, NAME_MAX_OCTETS = 253, NTP_PORT = 123 };

const char *record_type_word(enum record_type type)
{
    static const char *const words[RECORD_TYPES] = {"A", "AAAA", "SRV"};

    return (unsigned)type < RECORD_TYPES ? words[type] : "?";
}

bool records_have(const struct records *records, const struct record *record)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct record *at = &records->at[i];

        if (at->type == record->type && strcmp(at->name, record->name) == 0 &&
            strcmp(at->data, record->data) == 0) {
            return true;
        }
    }
    return false;
}

bool records_add(struct records *records, const struct record *record)
{
    if (records_have(records, record)) {
        return true;
    }
    if (records->count == RECORDS_MAX) {
        return false;
    }
    records->at[records->count++] = *record;
    return true;
}

bool records_equal(const struct records *a, const struct records *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++) {
        equal = records_have(b, &a->at[i]);
    }
    return equal;
}

static void add_addresses(struct records *records, const char *name,
                          const struct address *addresses, size_t count)
{
    for (size_t i = 0; i < count && i < RECORD_ADDRESSES_MAX; i++) {
        struct record record = {.type =
                                    addresses[i].family == ADDRESS_IPV4 ? RECORD_A : RECORD_AAAA};
        struct text text = text_begin(record.name, sizeof record.name);

        text_add(&text, name);
        address_print(&addresses[i], record.data);
        (void)records_add(records, &record);
    }
}

static void add_srv(struct records *records, const struct record_names *names)
{
    struct record record = {.type = RECORD_SRV};
    struct text name = text_begin(record.name, sizeof record.name);
    struct text data = text_begin(record.data, sizeof record.data);

    text_add(&name, "_ntp._udp.");
    text_add(&name, names->name);
    text_u64(&data, names->priority);
    text_char(&data, ' ');
    text_u64(&data, names->weight);
    text_char(&data, ' ');
    text_u64(&data, NTP_PORT);
    text_char(&data, ' ');
    text_add(&data, names->host);
    (void)records_add(records, &record);
}

void records_of(struct records *records, const struct record_names *names,
                const struct address *addresses, size_t count)
{
    records->count = 0;
    if (count == 0) {
        return;
    }
    add_addresses(records, names->name, addresses, count);
    if (names->host[0] != '\0') {
        add_addresses(records, names->host, addresses, count);
        if (names->srv) {
            add_srv(records, names);
        }
    }
}

static bool is_letter_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool record_name(char name[static RECORD_NAME_SIZE], const char *text)
{
    size_t length = 0, label = 0;

    for (; *text != '\0' && length < NAME_MAX_OCTETS; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

        if (c == '.' ? label == 0 : !is_letter_of_name(c) || ++label > LABEL_MAX) {
            return false;
        }
        label = c == '.' ? 0 : label;
        name[length++] = c;
    }
    if (*text != '\0' || length == 0) {
        return false;
    }
    if (name[length - 1] != '.') {
        name[length++] = '.';
    }
    name[length] = '\0';
    return true;
}

bool record_name_in_zone(const char *name, const char *zone)
{
    size_t name_length = strlen(name), zone_length = strlen(zone);

    if (name_length < zone_length || strcmp(name + name_length - zone_length, zone) != 0) {
        return false;
    }
    return name_length == zone_length || name[name_length - zone_length - 1] == '.';
}
