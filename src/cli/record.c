/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/record.h"

#include <string.h>

const struct source_status *record_find(const struct status_record *record, const char *name,
                                        size_t from)
{
    struct address address;
    bool literal = address_parse(&address, name);

    for (size_t i = from; i < record->count; i++) {
        const struct source_status *source = &record->sources[i];

        if (strcmp(source->name, name) == 0 ||
            (literal && address_equal(&source->address, &address))) {
            return source;
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

bool record_has_time(const struct node_status *node)
{
    return (node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER) && node->bound_s >= 0;
}
