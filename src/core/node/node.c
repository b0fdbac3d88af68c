/* SPDX-License-Identifier: BSD-2-Clause */
/* node.c - the node's two entry points: one event in, then everything that is due. */
#include "core/node/node.h"

#include <string.h>

#include "base/fmath.h"
#include "base/must.h"
#include "core/node/state.h"

/* A line is renewed when half of its life is over, within these. */
static const double publish_least_s = 16;
static const double publish_most_s = 256;
/* Judged again without news: what grows with time is looked at, more often while it is new. */
static const int64_t judge_every_ns = 8 * NS_PER_S;
static const int64_t judge_settled_every_ns = 64 * NS_PER_S;
static const int64_t settled_after_ns = 256 * NS_PER_S;
static const int64_t save_first_ns = 120 * NS_PER_S;
/* How often there may be something new; the owner decides how often it is written. */
static const int64_t save_every_ns = 60 * NS_PER_S;

static size_t aligned(size_t size)
{
    return (size + 63) / 64 * 64;
}

size_t node_size(size_t capacity)
{
    return aligned(sizeof(struct node)) + aligned(capacity * sizeof(struct slot)) +
           aligned(capacity * sizeof(struct entry)) +
           aligned(2 * capacity * sizeof(struct candidate)) +
           aligned(2 * capacity * sizeof(uint16_t)) + aligned(capacity * sizeof(struct nts)) +
           aligned(budget_slots(capacity) * sizeof(struct budget_slot));
}

/* Takes the next part of the memory that node_size() counted. */
static void *part(uint8_t **at, size_t size)
{
    void *taken = *at;

    *at += aligned(size);
    return taken;
}

uint64_t node_random(struct node *node)
{
    uint64_t z = node->prng += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double node_steady_polls(const struct node_options *options)
{
    double per_s = 0;

    for (size_t i = 0; i < options->source_count; i++) {
        const struct source_options *source = &options->sources[i];
        double count = source->kind == SOURCE_SERVER ? 1 : source->max_sources;

        per_s += count * fmath_exp2i(-source->minpoll);
    }
    return per_s;
}

static bool kernel_leaps(const struct node *node)
{
    return node->setup.may_adjust &&
           (node->setup.backend == BACKEND_KERNEL || node->setup.backend == BACKEND_SIMULATED);
}

/* The precision field of RFC 5905: the power of two that is not below. */
static int8_t log2_up(double s)
{
    int8_t log2 = 0;

    while (log2 > -30 && fmath_exp2i(log2 - 1) >= s) {
        log2--;
    }
    return log2;
}

static void init_parts(struct node *node, const struct node_setup *setup)
{
    struct mono_time now = setup->now.raw;
    bool ours = setup->may_adjust;

    timescale_init(&node->timescale, &setup->now, setup->rate,
                   ours ? TIMESCALE_OURS : TIMESCALE_OBSERVED);
    discipline_init(&node->discipline, setup->rate, setup->max_rate_s_per_s);
    leap_init(&node->leap, (enum leap_mode)setup->options->leap_mode, kernel_leaps(node));
    rival_init(&node->rival);
    tempcomp_init(&node->tempcomp);
    if (setup->options->tempcomp.kind == TEMPCOMP_AUTO) {
        tempcomp_recall(&node->tempcomp, &setup->saved.tempcomp);
    }
    selection_init(&node->selection);
    combiner_init(&node->combiner);
    node->started = node->state_since = node->last_sync = now;
    node->judge_at = now;
    node->status_at = now;
    node->publish_at = now;
    node->save_at = mono_add(now, (struct duration){save_first_ns});
}

struct node *node_init(void *memory, const struct node_setup *setup)
{
    uint8_t *at = memory;
    struct node *node = part(&at, sizeof *node);
    struct budget_slot *budget_memory;

    node->setup = *setup;
    node->options = setup->options;
    node->capacity = setup->capacity;
    node->slots = part(&at, node->capacity * sizeof *node->slots);
    node->entries = part(&at, node->capacity * sizeof *node->entries);
    node->candidates = part(&at, 2 * node->capacity * sizeof *node->candidates);
    node->candidate_slot = part(&at, 2 * node->capacity * sizeof *node->candidate_slot);
    budget_memory = part(&at, budget_slots(node->capacity) * sizeof *budget_memory);
    node->nts = part(&at, node->capacity * sizeof *node->nts);
    node->prng = setup->random;
    node->phase_ns = (int64_t)(node_random(node) % (uint64_t)NS_PER_S);
    node->base_ns = setup->now.real.ns - setup->now.raw.ns;
    node->selected_slot = NO_SLOT;
    node->rate = setup->rate;
    node->poll_s = 64;
    node->precision_log2 = log2_up(setup->precision_s);
    init_parts(node, setup);
    constraints_init(&node->constraints, setup->options->constraint_count, setup->now.raw);
    budget_init(&node->budget, budget_memory, node->capacity, node_steady_polls(setup->options),
                node_random(node));
    for (size_t i = 0; i < setup->options->source_count; i++) {
        node_add_entry(node, &setup->options->sources[i], false, setup->now.raw);
    }
    return node;
}

bool node_room(const struct node *node, const struct actions *out)
{
    (void)node;
    return out->count + ACTIONS_RESERVED < ACTIONS_MAX;
}

struct log_event *node_log(struct actions *out, enum log_event_id id, uint16_t association)
{
    /* When the batch is full the last place is overwritten: it is a log line, too. */
    bool full = out->count + ACTIONS_RESERVED / 2 >= ACTIONS_MAX;
    struct log_event *log;

    if (full && out->at[out->count - 1].kind == ACTION_LOG) {
        log = &out->at[out->count - 1].log;
    } else {
        log = &actions_add(out, ACTION_LOG)->log;
    }
    *log = (struct log_event){.id = id, .association = association};
    return log;
}

static void take_event(struct node *node, const struct clock_reading *now,
                       const struct event *event, struct actions *out)
{
    switch (event->kind) {
    case EVENT_TIMER:
        break;
    case EVENT_DATAGRAM:
        node_take_datagram(node, now, &event->datagram, out);
        break;
    case EVENT_TX_STAMP:
        node_take_stamp(node, now, &event->tx_stamp, out);
        break;
    case EVENT_SEND_FAILED:
        node_take_failure(node, &event->send_failed);
        break;
    case EVENT_RESOLVED:
        node_take_resolved(node, &event->resolved, now->raw, out);
        break;
    case EVENT_KEYS:
        node_take_keys(node, now, event->keys, out);
        break;
    case EVENT_DATE:
        node_take_date(node, now, &event->date, out);
        break;
    case EVENT_CLOCK_ADJUSTED:
        node_take_adjusted(node, now, &event->adjusted, out);
        break;
    case EVENT_NETWORK:
        node_network_changed(node, now->raw);
        break;
    case EVENT_COMMAND:
        node_take_command(node, now, &event->command, out);
        break;
    case EVENT_ORDER:
        node_take_order(node, now, &event->order, out);
        break;
    case EVENT_TEMPERATURE:
        node_take_temperature(node, now, &event->temperature, out);
        break;
    case EVENT_CONFIG:
        node_take_options(node, now, event->config, out);
        break;
    }
}

static bool is_settled(const struct node *node, struct mono_time now)
{
    return node->state == NODE_SYNCHRONISED && now.ns - node->state_since.ns > settled_after_ns;
}

static void judge_if_due(struct node *node, const struct clock_reading *now, struct actions *out)
{
    uint8_t state = node->state;

    if (!node->judge_now && !node->samples_came && now->raw.ns < node->judge_at.ns) {
        return;
    }
    node->judge_now = false;
    node->judge_at =
        mono_add(now->raw, (struct duration){is_settled(node, now->raw) ? judge_settled_every_ns
                                                                        : judge_every_ns});
    node_judge(node, now, out);
    node_rebase(node);
    if (node->state != state) {
        node->publish_now = true;
        node->status_at = now->raw;
    }
}

static void do_what_is_due(struct node *node, const struct clock_reading *now,
                           const struct event *event, struct actions *out)
{
    node->more = false;
    node_tell_closed(node, out);
    node_release_held(node, now, out);
    node_watch_leap(node, now, out);
    judge_if_due(node, now, out);
    if (node->steer_now && node_room(node, out)) {
        node->steer_now = false;
        node_steer(node, now, out);
    }
    node_slew_end(node, now, out);
    if (now->raw.ns >= node->status_at.ns) {
        node_tell_kernel(node, now, out);
    }
    node_ask_dates(node, now, out);
    node_poll(node, now, event->random, out);
    if (!node->ready_told) {
        node->ready_told = true;
        actions_add(out, ACTION_READY);
    }
    if (now->raw.ns >= node->save_at.ns) {
        node->save_at = mono_add(now->raw, (struct duration){save_every_ns});
        if (node->have_utc) {
            actions_add(out, ACTION_SAVE);
        }
    }
}

static void publish_if_due(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct time_line line;
    double refresh_s;

    if (node->publish_now || now->raw.ns >= node->publish_at.ns) {
        node->publish_now = false;
        node_line(node, now, &line);
        refresh_s = bound_refresh_s(&line);
        refresh_s = refresh_s < publish_least_s  ? publish_least_s
                    : refresh_s > publish_most_s ? publish_most_s
                                                 : refresh_s;
        node->publish_at = mono_add(now->raw, duration_from_s(refresh_s));
        node->generation++;
        actions_add(out, ACTION_PUBLISH);
    }
}

void node_step(struct node *node, const struct clock_reading *now, const struct event *event,
               struct actions *out)
{
    if (event->kind == EVENT_CLOCK_ADJUSTED) {
        /* Comes in the middle of a batch: only what it says is taken in, and told on. */
        take_event(node, now, event, out);
        publish_if_due(node, now, out);
        return;
    }
    node_check_clock(node, now, out);
    take_event(node, now, event, out);
    do_what_is_due(node, now, event, out);
    publish_if_due(node, now, out);
}

struct mono_time node_deadline(const struct node *node)
{
    /* Saving waits for whatever else wakes the node. */
    struct mono_time deadline = node->publish_at;

    if (node->more || node->judge_now || node->samples_came || node->steer_now) {
        return (struct mono_time){INT64_MIN};
    }
    deadline = mono_min(deadline, mono_min(node->judge_at, node->status_at));
    deadline = mono_min(deadline, node_slew_deadline(node));
    deadline = mono_min(deadline, leap_deadline(&node->leap));
    deadline = mono_min(deadline, rival_deadline(&node->rival));
    deadline = mono_min(deadline, constraints_deadline(&node->constraints));
    for (size_t i = 0; i < node->used_end; i++) {
        if (node->slots[i].used) {
            deadline = mono_min(deadline, association_deadline(&node->slots[i].association));
        }
        if (node->entries[i].used) {
            deadline = mono_min(deadline, entry_deadline(&node->entries[i]));
        }
    }
    return deadline;
}
