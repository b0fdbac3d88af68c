/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - new options for a running node.  What stays the same keeps its samples; the rest is
 * added and removed.
 */
#include "core/node/state.h"

static struct entry *find_entry(struct node *node, const struct source_options *options)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct entry *entry = &node->entries[i];

        if (entry->used && (!entry->keep || entry->runtime) && entry_same_line(entry, options)) {
            return entry;
        }
    }
    return NULL;
}

/* A pool that shrank gives up those of its associations that are worth least. */
static void shrink_pool(struct node *node, uint16_t entry)
{
    while (node_count_slots(node, entry) > node->entries[entry].options.max_sources) {
        size_t worst = node->capacity;

        for (size_t i = 0; i < node->used_end; i++) {
            const struct slot *slot = &node->slots[i];

            if (slot->used && slot->entry == entry && !slot->retiring &&
                (worst == node->capacity || slot->weight < node->slots[worst].weight)) {
                worst = i;
            }
        }
        if (worst == node->capacity) {
            return;
        }
        node_close_slot(node, (uint16_t)worst);
    }
}

static void update_entry(struct node *node, struct entry *entry,
                         const struct source_options *options, struct mono_time now)
{
    uint16_t index = (uint16_t)(entry - node->entries);
    bool was_offline = entry->options.offline;

    entry->keep = true;
    entry->options = *options;
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (!slot->used || slot->entry != index) {
            continue;
        }
        association_options(&slot->association, &entry->options, now);
        if (was_offline != options->offline) {
            association_set_online(&slot->association, !options->offline, now);
        }
    }
    if (options->kind != SOURCE_SERVER) {
        shrink_pool(node, index);
    }
    node_fill_entry(node, index, now);
}

/* Of all sources, since the keys before are gone. */
static void renew_keys(struct node *node, struct mono_time now)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used) {
            association_set_key(&slot->association,
                                node_key(node, node->entries[slot->entry].options.key), now);
        }
    }
}

void node_take_options(struct node *node, const struct clock_reading *now,
                       const struct node_options *options, struct actions *out)
{
    unsigned added = 0, removed = 0, kept = 0;
    struct log_event *log;

    node_renew_tempcomp(node, options, out);
    node_renew_constraints(node, options, now->raw);
    node->options = options;
    for (size_t i = 0; i < node->used_end; i++) {
        node->entries[i].keep = node->entries[i].runtime;
    }
    for (size_t i = 0; i < options->source_count; i++) {
        struct entry *entry = find_entry(node, &options->sources[i]);

        if (entry) {
            update_entry(node, entry, &options->sources[i], now->raw);
            kept++;
        } else {
            entry = node_add_entry(node, &options->sources[i], false, now->raw);
            if (entry) {
                entry->keep = true;
                added++;
            }
        }
    }
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->entries[i].used && !node->entries[i].keep) {
            node_remove_entry(node, (uint16_t)i);
            removed++;
        }
    }
    renew_keys(node, now->raw);
    budget_resize(&node->budget, node->capacity, node_steady_polls(options));
    leap_set_mode(&node->leap, (enum leap_mode)options->leap_mode, node->leap.kernel_leaps);
    node->change_refused = false;
    node_forgive_rival(node, now);
    node->judge_now = true;
    node->publish_now = true;
    log = node_log(out, LOG_EVENT_CONFIG_APPLIED, LOG_NO_SOURCE);
    log->value[0] = added;
    log->value[1] = removed;
    log->value[2] = kept;
}
