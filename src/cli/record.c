/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/record.h"

#include <string.h>

/* Also "127.0.0.1:11123" and "[::1]:11123", as they are printed where ports differ. */
static bool has_name(const struct source_status *source, const char *name)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address address;

    if (strcmp(source->name, name) == 0) {
        return true;
    }
    if (address_parse(&address, name)) {
        return address_equal(&source->address, &address);
    }
    address_print_port(&source->address, text);
    return strcmp(text, name) == 0;
}

const struct source_status *record_find(const struct status_record *record, const char *name,
                                        size_t from)
{
    for (size_t i = from; i < record->count; i++) {
        if (has_name(&record->sources[i], name)) {
            return &record->sources[i];
        }
    }
    return NULL;
}

const struct source_status *record_selected(const struct status_record *record)
{
    int32_t index = record->node.selected;

    return index >= 0 && (size_t)index < record->count ? &record->sources[index] : NULL;
}

size_t record_count_state(const struct status_record *record, enum source_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < record->count; i++) {
        count += record->sources[i].state == state;
    }
    return count;
}
