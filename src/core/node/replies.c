/* SPDX-License-Identifier: BSD-2-Clause */
/* replies.c - datagrams and stamps become samples, samples become estimates. */
#include <math.h>

#include "core/node/state.h"

/* UTC can't be before this program was written: resolves the era of NTP timestamps. */
static const int64_t era_pivot_ns = INT64_C(1767225600) * NS_PER_S;

static struct exchange_limits limits_of(const struct node *node, const struct slot *slot,
                                        struct mono_time now)
{
    struct exchange_limits limits = {
        .utc = node_best_utc(node, now),
        .base_ns = node->base_ns,
        .estimate = slot->has_estimate ? &slot->estimate : NULL,
        .own_refids = node->own_refids,
        .own_refid_count = node->own_refid_count,
        .max_distance_s = 0,
        .options = slot->association.options,
        .key = slot->association.key,
    };

    if (limits.utc.ns < era_pivot_ns) {
        limits.utc.ns = era_pivot_ns;
    }
    return limits;
}

static struct slot *slot_of(struct node *node, uint16_t association)
{
    if (association >= node->used_end || !node->slots[association].used) {
        return NULL; /* an answer for an association that has been closed meanwhile */
    }
    return &node->slots[association];
}

/* What statistics tell about a sample, before it changes the estimate. */
static void count_sample(const struct node *node, const struct clock_reading *now,
                         const struct sample *sample, struct slot *slot)
{
    slot->last_offset_s =
        node->have_utc ? sample->offset_s - node_offset_at(node, sample->when) : sample->offset_s;
    slot->measured_s = slot->last_offset_s + (node->have_utc ? node_clock_error_s(node, now) : 0);
    slot->last_delay_s = sample->delay_s;
    slot->last_stamp_class = sample->stamp_class;
    slot->kernel_stamps += sample->stamp_class != STAMP_USER;
    slot->authenticated = sample->authenticated;
    slot->sides <<= 1;
    if (slot->has_estimate) {
        slot->sides |= sample->offset_s > estimate_offset_at(&slot->estimate, sample->when);
    }
}

/*
 * A server's clock that swings is averaged over.  Against the majority our own oscillator's part is
 * not in it; a single source shows the sum of both.
 */
static void allow_for_wobble(struct node *node, struct slot *slot, struct sample *sample)
{
    bool against_others = node->have_utc && node->selected.agreeing > 1;
    double interval_s = fmax(slot->estimator.interval_s, 1);
    double offset_s = sample->offset_s;

    if (against_others != slot->wobble_against_others) {
        wobble_init(&slot->wobble);
        slot->wobble_against_others = against_others;
    }
    if (against_others) {
        offset_s -= node_offset_at(node, sample->when);
    }
    wobble_add(&slot->wobble, sample->when, offset_s, sample->delay_s, interval_s);
    slot->wobbles = wobble_find(&slot->wobble);
    schedule_limit(&slot->association.schedule, slot->wobbles.span_s / 2);
    if (slot->wobbles.sd_s > 0) {
        double noise_s = wobble_noise_s(&slot->wobbles, interval_s);

        sample->precision_s = sqrt(sample->precision_s * sample->precision_s + noise_s * noise_s);
    }
}

static enum drop_reason estimate_sample(struct node *node, const struct clock_reading *now,
                                        uint16_t index, const struct sample *sample,
                                        struct actions *out)
{
    struct slot *slot = &node->slots[index];
    enum estimator_verdict verdict;
    struct sample filtered;

    if (leap_is_near(&node->leap, sample->when)) {
        return DROP_LEAP_WINDOW;
    }
    count_sample(node, now, sample, slot);
    if (!prefilter_add(&slot->prefilter, sample, &filtered)) {
        return DROP_NONE;
    }
    allow_for_wobble(node, slot, &filtered);
    verdict = estimator_add(&slot->estimator, &filtered);
    slot->has_estimate = estimator_get(&slot->estimator, &slot->estimate);
    if (verdict == ESTIMATOR_JUMPED) {
        slot->jumped = now->raw;
        node_log(out, LOG_EVENT_SOURCE_STEPPED, index)->value[0] = slot->estimator.jump_s;
    }
    bool suspect = verdict == ESTIMATOR_WITHHELD ||
                   (verdict == ESTIMATOR_USED && estimator_doubts_last(&slot->estimator));
    if (slot->has_estimate || suspect) {
        association_estimated(&slot->association, now->raw, &slot->estimate, suspect,
                              node->options->accuracy_target_s);
    }
    node->samples_came = true;
    return verdict == ESTIMATOR_DROPPED ? DROP_TEST_DEVIATION : DROP_NONE;
}

static void take_result(struct node *node, const struct clock_reading *now, uint16_t index,
                        const struct exchange_result *result, struct actions *out)
{
    struct slot *slot = &node->slots[index];
    enum drop_reason reason = result->reason;
    struct action_measured *measured;

    if (result->outcome == EXCHANGE_SAMPLE) {
        slot->interleaved = result->interleaved;
        reason = estimate_sample(node, now, index, &result->sample, out);
    } else if (result->outcome == EXCHANGE_HELD) {
        return;
    }
    if (result->matched) {
        node->judge_now = true;
        if (reason == DROP_KOD_RATE || reason == DROP_KOD_DENY || reason == DROP_KOD_OTHER) {
            node_log(out, LOG_EVENT_SOURCE_KOD, index)->value[0] = reason;
        }
    }
    if (node_room(node, out)) {
        measured = &actions_add(out, ACTION_MEASURED)->measured;
        measured->association = index;
        measured->reason = reason;
        measured->packet = result->packet;
        measured->sample = result->sample;
        measured->error_s = slot->last_offset_s;
    }
}

void node_take_datagram(struct node *node, const struct clock_reading *now,
                        const struct event_datagram *datagram, struct actions *out)
{
    struct slot *slot = slot_of(node, datagram->association);
    struct exchange_limits limits;
    struct exchange_result result;
    struct local_stamp received;

    if (!slot) {
        return;
    }
    limits = limits_of(node, slot, now->raw);
    node_stamp(node, now, &datagram->received, &received);
    result = association_receive(&slot->association, &limits, datagram->bytes, datagram->size,
                                 &received);
    take_result(node, now, datagram->association, &result, out);
}

static void remember_refid(struct node *node, uint32_t refid)
{
    for (unsigned i = 0; i < node->own_refid_count; i++) {
        if (node->own_refids[i] == refid) {
            return;
        }
    }
    if (refid != 0 && node->own_refid_count < OWN_REFIDS_MAX) {
        node->own_refids[node->own_refid_count++] = refid;
    }
}

static void release(struct node *node, const struct clock_reading *now, uint16_t index,
                    struct actions *out)
{
    struct slot *slot = &node->slots[index];
    struct exchange_limits limits = limits_of(node, slot, now->raw);
    struct exchange_result result;

    while (node_room(node, out) &&
           association_release(&slot->association, &limits, now->raw, &result)) {
        take_result(node, now, index, &result, out);
        limits = limits_of(node, slot, now->raw);
    }
}

void node_take_stamp(struct node *node, const struct clock_reading *now,
                     const struct event_tx_stamp *stamp, struct actions *out)
{
    struct slot *slot = slot_of(node, stamp->association);
    struct local_stamp sent;

    if (!slot) {
        return;
    }
    remember_refid(node, stamp->own_refid);
    node_stamp(node, now, &stamp->sent, &sent);
    association_sent(&slot->association, stamp->sequence, &sent);
    release(node, now, stamp->association, out);
}

void node_take_failure(struct node *node, const struct event_send_failed *failed)
{
    struct slot *slot = slot_of(node, failed->association);

    if (slot) {
        association_send_failed(&slot->association);
        if (node->entries[slot->entry].options.auto_offline) {
            association_set_online(&slot->association, false, (struct mono_time){0});
        }
    }
}

void node_release_held(struct node *node, const struct clock_reading *now, struct actions *out)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used && association_deadline(&slot->association).ns <= now->raw.ns) {
            release(node, now, (uint16_t)i, out);
        }
    }
}
