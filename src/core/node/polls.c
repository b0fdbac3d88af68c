/* SPDX-License-Identifier: BSD-2-Clause */
/* polls.c - sends the requests, and asks the names, that are due. */
#include <string.h>

#include "core/node/state.h"

static void ask_name(struct node *node, struct entry *entry, struct mono_time now,
                     struct actions *out)
{
    struct action_resolve *resolve = &actions_add(out, ACTION_RESOLVE)->resolve;

    node->next_query += node->next_query == UINT32_MAX ? 2 : 1;
    resolve->query = node->next_query;
    resolve->family = entry->options.family;
    resolve->method = entry->options.method;
    /* A resolver that validates can't as long as the clock is wrong, which is what we are to end:
     * the name's answer counts as little as one without DNSSEC, and is asked for again. */
    resolve->flags = node->have_utc ? 0 : RESOLVE_UNVALIDATED;
    memcpy(resolve->name, entry->options.name, sizeof resolve->name);
    entry_asked(entry, resolve->query, now);
}

static void poll_slot(struct node *node, uint16_t index, const struct clock_reading *clock,
                      const uint64_t random[static ASSOCIATION_RANDOM], struct actions *out)
{
    struct mono_time now = clock->raw;
    struct slot *slot = &node->slots[index];
    struct association_send send;
    struct action_send *action;

    node_get_keys(node, clock, index, out);
    if (association_poll(&slot->association, &node->budget, now, random, &send) !=
        ASSOCIATION_SENDS) {
        return;
    }
    action = &actions_add(out, ACTION_SEND)->send;
    action->association = index;
    action->fresh_socket = send.fresh_socket;
    action->sequence = send.sequence;
    action->to = slot->association.address;
    action->size = send.size;
    memcpy(action->bytes, send.bytes, send.size);
    /* A source falls silent by being asked in vain. */
    node->judge_now |= association_unreachable(&slot->association) && !slot->was_unreachable;
}

void node_poll(struct node *node, const struct clock_reading *now,
               const uint64_t random[static EVENT_RANDOM], struct actions *out)
{
    unsigned drawn = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];
        struct entry *entry = &node->entries[i];
        bool slot_due = slot->used && association_deadline(&slot->association).ns <= now->raw.ns;

        if (slot_due || entry_due(entry, now->raw)) {
            if (!node_room(node, out) || drawn + ASSOCIATION_RANDOM > EVENT_RANDOM) {
                node->more = true;
                return;
            }
        }
        if (slot_due) {
            poll_slot(node, (uint16_t)i, now, &random[drawn], out);
            drawn += slot->association.nts != NULL ? ASSOCIATION_RANDOM : 2;
        }
        if (entry_due(entry, now->raw)) {
            ask_name(node, entry, now->raw, out);
        }
        if (entry->used && entry_time_out(entry, now->raw)) {
            node->judge_now = true;
        }
        if (entry->used && entry_wants_saved(entry, now->raw)) {
            node_use_saved(node, (uint16_t)i, now->raw, out);
        }
    }
}
