/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.c - what an operator tells the node to do. */
#include <string.h>

#include "core/node/state.h"

/* Does the command's argument mean this entry: its name, or "" for all? */
static bool names_entry(const char *argument, const struct entry *entry)
{
    return argument[0] == '\0' || strncmp(argument, entry->options.name, NAME_SIZE) == 0;
}

/* ... or this association: its address? */
static bool names_slot(const struct node *node, const char *argument, const struct slot *slot)
{
    struct address address;

    if (names_entry(argument, &node->entries[slot->entry])) {
        return true;
    }
    return address_parse(&address, argument) && address_equal(&address, &slot->association.address);
}

static uint32_t each_slot(struct node *node, const struct control_request *request,
                          struct mono_time now)
{
    uint32_t met = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (!slot->used || !names_slot(node, request->argument, slot)) {
            continue;
        }
        met++;
        if (request->command == CONTROL_BURST) {
            association_burst(&slot->association, now);
        } else {
            association_set_online(&slot->association, request->command == CONTROL_ONLINE, now);
        }
    }
    return met;
}

static uint32_t delete_entries(struct node *node, const char *argument)
{
    uint32_t met = 0;

    for (size_t i = 0; argument[0] != '\0' && i < node->used_end; i++) {
        bool named = node->entries[i].used && names_entry(argument, &node->entries[i]);

        for (size_t k = 0; !named && node->entries[i].used && k < node->used_end; k++) {
            /* The address of a pool's member means that member's line only if it is alone. */
            named = node->slots[k].used && node->slots[k].entry == i &&
                    node->entries[i].options.kind == SOURCE_SERVER &&
                    names_slot(node, argument, &node->slots[k]);
        }
        if (named) {
            node_remove_entry(node, (uint16_t)i);
            met++;
        }
    }
    return met;
}

static uint32_t refresh_names(struct node *node, const char *argument, struct mono_time now)
{
    uint32_t met = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        if (node->entries[i].used && names_entry(argument, &node->entries[i])) {
            entry_refresh_now(&node->entries[i], now);
            met++;
        }
    }
    return met;
}

static enum control_result add_source(struct node *node, const struct source_options *source,
                                      struct mono_time now)
{
    size_t used = 0;

    for (size_t i = 0; i < node->used_end; i++) {
        if (node->entries[i].used && entry_same_line(&node->entries[i], source)) {
            return CONTROL_FAILED;
        }
        used += node->entries[i].used || node->slots[i].used;
    }
    if (used >= node->capacity) {
        return CONTROL_FAILED;
    }
    return node_add_entry(node, source, true, now) ? CONTROL_OK : CONTROL_FAILED;
}

static enum control_result step_clock(struct node *node)
{
    if (!node->setup.may_adjust || !node->have_utc) {
        return CONTROL_FAILED;
    }
    node->step_requested = true;
    node->steer_now = true;
    return CONTROL_OK;
}

void node_take_command(struct node *node, const struct clock_reading *now,
                       const struct event_command *command, struct actions *out)
{
    const struct control_request *request = &command->request;
    enum control_result result = CONTROL_OK;
    uint32_t met = 0;
    struct action_answer *answer;

    switch (request->command) {
    case CONTROL_ADD:
        result = add_source(node, &command->source, now->raw);
        met = result == CONTROL_OK;
        break;
    case CONTROL_DELETE:
        met = delete_entries(node, request->argument);
        break;
    case CONTROL_ONLINE:
    case CONTROL_OFFLINE:
    case CONTROL_BURST:
        met = each_slot(node, request, now->raw);
        break;
    case CONTROL_REFRESH:
        met = refresh_names(node, request->argument, now->raw);
        break;
    case CONTROL_STEP:
        result = step_clock(node);
        met = 1;
        break;
    case CONTROL_STATUS:
    case CONTROL_SOURCE:
    case CONTROL_CLIENTS:
    case CONTROL_RELOAD:
    case CONTROL_DRAIN:
    case CONTROL_SHUTDOWN:
    case CONTROL_ALLOW:
    case CONTROL_DENY:
    case CONTROL_CMDALLOW:
    case CONTROL_CMDDENY:
    case CONTROL_RULES:
    case CONTROL_COMMAND_COUNT:
        result = CONTROL_UNKNOWN; /* the owner's */
        break;
    }
    if (result == CONTROL_OK && met == 0) {
        result = CONTROL_NO_SOURCE;
    }
    node->judge_now = true;
    answer = &actions_add(out, ACTION_ANSWER)->answer;
    answer->ticket = request->ticket;
    answer->result = result;
    answer->count = met;
}
