/* SPDX-License-Identifier: BSD-2-Clause */
/* orders.c - what an operator's tool orders about sources, by address (order.h). */
#include "core/node/state.h"

enum { BURST_MOST = 255, POLL_LEAST = -7 };

static bool same_under_mask(const struct address *a, const struct address *b,
                            const struct address *mask)
{
    unsigned size = a->family == ADDRESS_IPV4 ? 4 : 16;

    if (a->family != b->family || mask->family != a->family) {
        return false;
    }
    for (unsigned i = 0; i < size; i++) {
        if ((a->bytes[i] & mask->bytes[i]) != (b->bytes[i] & mask->bytes[i])) {
            return false;
        }
    }
    return true;
}

static bool meant(const struct node_order *order, const struct address *address)
{
    struct address unscoped = *address;

    if (order->id != 0) {
        return false;
    }
    if (order->address.family == ADDRESS_NONE) {
        return true;
    }
    if (order->mask.family != ADDRESS_NONE) {
        return same_under_mask(address, &order->address, &order->mask);
    }
    if (order->address.scope == 0) {
        unscoped.scope = 0; /* who can't write a scope means any */
    }
    return address_equal(&unscoped, &order->address);
}

static void set_selectopts(struct source_options *options, uint32_t which, uint32_t set)
{
    options->noselect =
        which & ORDER_SELECT_NOSELECT ? (set & ORDER_SELECT_NOSELECT) != 0 : options->noselect;
    options->prefer =
        which & ORDER_SELECT_PREFER ? (set & ORDER_SELECT_PREFER) != 0 : options->prefer;
    options->trust = which & ORDER_SELECT_TRUST ? (set & ORDER_SELECT_TRUST) != 0 : options->trust;
    options->require =
        which & ORDER_SELECT_REQUIRE ? (set & ORDER_SELECT_REQUIRE) != 0 : options->require;
}

/* A value that makes no sense leaves the option as it is, as chronyd does. */
static void set_option(struct source_options *options, const struct node_order *order)
{
    int32_t number = order->number[0];

    switch (order->kind) {
    case ORDER_MINPOLL:
        if (number >= POLL_LEAST && number <= SCHEDULE_POLL_MAX) {
            options->minpoll = (int8_t)number;
            options->maxpoll = options->maxpoll < number ? (int8_t)number : options->maxpoll;
        }
        break;
    case ORDER_MAXPOLL:
        if (number >= POLL_LEAST && number <= SCHEDULE_POLL_MAX) {
            options->maxpoll = (int8_t)number;
            options->minpoll = options->minpoll > number ? (int8_t)number : options->minpoll;
        }
        break;
    case ORDER_MINSTRATUM:
        options->min_stratum = number >= 0 && number < 16 ? (uint8_t)number : options->min_stratum;
        break;
    case ORDER_POLLTARGET:
        options->polltarget = number > 0 && number < 256 ? (uint8_t)number : options->polltarget;
        break;
    case ORDER_MAXDELAY:
        options->max_delay_s = order->value > 0 ? order->value : options->max_delay_s;
        break;
    case ORDER_MAXDELAYRATIO:
        options->max_delay_ratio = order->value >= 0 ? order->value : options->max_delay_ratio;
        break;
    case ORDER_MAXDELAYDEVRATIO:
        options->max_delay_dev_ratio =
            order->value >= 0 ? order->value : options->max_delay_dev_ratio;
        break;
    case ORDER_OFFSET:
        options->offset_s = order->value;
        break;
    default:
        set_selectopts(options, (uint32_t)order->number[0], (uint32_t)order->number[1]);
        break;
    }
}

static uint8_t few(int32_t number)
{
    return (uint8_t)(number < 1 ? 1 : number > BURST_MOST ? BURST_MOST : number);
}

static void obey(struct node *node, uint16_t index, const struct node_order *order,
                 struct mono_time now)
{
    struct slot *slot = &node->slots[index];
    struct entry *entry = &node->entries[slot->entry];

    switch ((enum order_kind)order->kind) {
    case ORDER_ONLINE:
    case ORDER_OFFLINE:
        association_set_online(&slot->association, order->kind == ORDER_ONLINE, now);
        break;
    case ORDER_BURST:
        (void)association_burst_of(&slot->association, few(order->number[0]), few(order->number[1]),
                                   now);
        break;
    case ORDER_DELETE:
        if (entry->options.kind == SOURCE_SERVER) {
            node_remove_entry(node, slot->entry);
        } else {
            node_close_slot(node, index);
        }
        break;
    case ORDER_RESET:
        node_reset_slot(node, index, now);
        break;
    case ORDER_RESELECT:
        break;
    case ORDER_MINPOLL:
    case ORDER_MAXPOLL:
    case ORDER_MINSTRATUM:
    case ORDER_POLLTARGET:
    case ORDER_MAXDELAY:
    case ORDER_MAXDELAYRATIO:
    case ORDER_MAXDELAYDEVRATIO:
    case ORDER_OFFSET:
    case ORDER_SELECTOPTS:
        set_option(&entry->options, order);
        association_options(&slot->association, &entry->options, now);
        break;
    case ORDER_SETTIME: /* about the clock */
    case ORDER_MANUAL_RESET:
    case ORDER_MANUAL_DELETE:
    case ORDER_MOVE_CLOCK:
    case ORDER_PACE_CLOCK:
        break;
    }
}

/* Lines that have no address yet are known by their numbers. */
static uint32_t delete_line(struct node *node, uint32_t id)
{
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->entries[i].used && node->entries[i].id == id &&
            node_count_slots(node, (uint16_t)i) == 0) {
            node_remove_entry(node, (uint16_t)i);
            return 1;
        }
    }
    return 0;
}

static void answer_order(struct actions *out, enum control_result result, uint32_t met)
{
    struct action_answer *answer = &actions_add(out, ACTION_ANSWER)->answer;

    answer->ticket = 0;
    answer->result = result;
    answer->count = met;
}

void node_take_order(struct node *node, const struct clock_reading *now,
                     const struct node_order *order, struct actions *out)
{
    uint32_t met = 0;

    if (order->kind >= ORDER_SETTIME) {
        enum control_result result = node_take_clock_order(node, now, order, out);

        answer_order(out, result, result == CONTROL_OK);
        return;
    }
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->slots[i].used && meant(order, &node->slots[i].association.address)) {
            obey(node, (uint16_t)i, order, now->raw);
            met++;
        }
    }
    if (order->kind == ORDER_DELETE && order->id != 0) {
        met += delete_line(node, order->id);
    }
    if (order->kind == ORDER_RESELECT) {
        selection_init(&node->selection);
    }
    /* To mean all is no error when there is none. */
    if (order->address.family == ADDRESS_NONE && order->id == 0) {
        met += met == 0;
    }
    node->judge_now = true;
    answer_order(out, met > 0 ? CONTROL_OK : CONTROL_NO_SOURCE, met);
}
