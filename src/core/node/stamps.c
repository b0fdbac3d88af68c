/* SPDX-License-Identifier: BSD-2-Clause */
/* stamps.c - stamps onto the free-running timescale; what others do to the clock. */
#include <math.h>

#include "core/node/state.h"

/* One sigma of reading a clock by each class, at its best: the estimator finds out what there is.
 */
static const double user_error_s = 1e-6;
static const double kernel_error_s = 10e-9;
static const double hardware_error_s = 10e-9;

/* Offsets beyond this cost a double more than a nanosecond's hundredth. */
static const double rebase_s = 1000;

/* Updates that may step after the clock was moved by somebody else. */
enum { STEPS_AFTER_DISTURBANCE = 4 };

double node_offset_at(const struct node *node, struct mono_time raw)
{
    return node->combined.offset_s +
           node->combined.freq_s_per_s * mono_diff_s(raw, node->combined.when);
}

struct utc_time node_utc_at(const struct node *node, struct mono_time raw)
{
    return (struct utc_time){raw.ns + node->base_ns +
                             duration_from_s(node_offset_at(node, raw)).ns};
}

struct utc_time node_best_utc(const struct node *node, struct mono_time raw)
{
    return node->have_utc ? node_utc_at(node, raw) : timescale_real_at(&node->timescale, raw);
}

double node_freq_sd(const struct node *node)
{
    return sqrt(node->combined.var_freq > 0 ? node->combined.var_freq : 0);
}

double node_sd_s(const struct node *node, struct mono_time raw)
{
    const struct combined *c = &node->combined;
    double t = mono_diff_s(raw, c->when);
    double variance = c->var_offset_s2 + 2 * t * c->cov_s2_per_s + t * t * c->var_freq +
                      c->wander * c->wander * fabs(t * t * t) / 3;

    return sqrt(variance > 0 ? variance : 0);
}

bool node_stamp(struct node *node, const struct clock_reading *now, const struct stamp *stamp,
                struct local_stamp *local)
{
    double error_s = stamp->stamp_class == STAMP_USER     ? user_error_s
                     : stamp->stamp_class == STAMP_KERNEL ? kernel_error_s
                                                          : hardware_error_s;

    local->stamp_class = stamp->stamp_class;
    local->error_s = error_s + duration_to_s(now->window) / 2;
    local->known = true;
    if (stamp->clock == STAMP_CLOCK_RAW) {
        local->at.ns = stamp->ns;
        return true;
    }
    local->known = timescale_convert(&node->timescale, now, stamp, &local->at) == DROP_NONE;
    if (!local->known) {
        local->at = now->raw;
    }
    return local->known;
}

void node_rebase(struct node *node)
{
    int64_t whole_ns;
    double back_s;

    if (!node->have_utc || fabs(node->combined.offset_s) < rebase_s) {
        return;
    }
    whole_ns = duration_from_s(node->combined.offset_s).ns / NS_PER_S * NS_PER_S;
    back_s = -(double)(whole_ns / NS_PER_S);
    node->base_ns += whole_ns;
    node_shift(node, back_s);
}

void node_shift(struct node *node, double by_s)
{
    combiner_shift(&node->combiner, by_s);
    node->combined = node->combiner.result;
    discipline_utc_moved(&node->discipline, by_s);
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (slot->used) {
            estimator_shift(&slot->estimator, by_s);
            if (!slot->wobble_against_others) {
                wobble_shift(&slot->wobble, by_s);
            }
            prefilter_shift(&slot->prefilter, by_s);
            slot->estimate.offset_s += by_s;
        }
    }
}

static void disturb_sources(struct node *node, enum estimator_disturbance kind, double by_s,
                            struct mono_time now)
{
    for (size_t i = 0; i < node->used_end; i++) {
        struct slot *slot = &node->slots[i];

        if (!slot->used) {
            continue;
        }
        estimator_disturbed(&slot->estimator, kind, by_s);
        wobble_init(&slot->wobble);
        slot->has_estimate = estimator_get(&slot->estimator, &slot->estimate);
        prefilter_clear(&slot->prefilter);
        exchange_spoil(&slot->association.exchange);
        association_burst(&slot->association, now);
    }
}

/* The machine slept: UTC went on, the free-running clock did not. */
static void take_sleep(struct node *node, const struct clock_check *check, struct mono_time now,
                       struct actions *out)
{
    double slept_s = duration_to_s(check->slept);

    node->suspends++;
    node_log(out, LOG_EVENT_SUSPENDED, LOG_NO_SOURCE)->value[0] = slept_s;
    constraints_slept(&node->constraints, check->slept);
    combiner_shift(&node->combiner, slept_s);
    node->combined = node->combiner.result;
    node->combined.lo_s -= 1;
    node->combined.hi_s += 1;
    node->combined.var_offset_s2 += 1;
    discipline_utc_moved(&node->discipline, slept_s);
    disturb_sources(node, ESTIMATOR_SUSPENDED, slept_s, now);
    discipline_disturbed(&node->discipline, STEPS_AFTER_DISTURBANCE);
    node->publish_now = true;
}

static void take_foreign_step(struct node *node, const struct clock_check *check,
                              struct mono_time now, struct actions *out)
{
    node_log(out, LOG_EVENT_DISTURBED, LOG_NO_SOURCE)->value[0] = duration_to_s(check->by);
    leap_clock_stepped(&node->leap, now);
    discipline_disturbed(&node->discipline, STEPS_AFTER_DISTURBANCE);
    /* UTC is still known: correct at once, without waiting for samples. */
    node->steer_now = node->have_utc;
    node->status_at = now;
    node->publish_now = true;
}

/* Somebody else adjusted the clock; when that happens again and again, leave it to him. */
static void note_rival(struct node *node, const struct clock_reading *now, struct actions *out)
{
    node->disturbances++;
    if (!node->setup.may_adjust || !rival_seen(&node->rival, now->raw)) {
        return;
    }
    node->backed_off = true;
    node->rivals++;
    node_log(out, LOG_EVENT_RIVAL, LOG_NO_SOURCE)->value[0] = node->disturbances;
    timescale_set_mode(&node->timescale, now, node->rate, TIMESCALE_OBSERVED);
    node->judge_now = true;
}

static void take_clock_back(struct node *node, const struct clock_reading *now)
{
    node->backed_off = false;
    timescale_set_mode(&node->timescale, now, node->rate, TIMESCALE_OURS);
    discipline_disturbed(&node->discipline, STEPS_AFTER_DISTURBANCE);
    node->steer_now = node->have_utc;
    node->judge_now = true;
}

void node_forgive_rival(struct node *node, const struct clock_reading *now)
{
    if (rival_forgive(&node->rival)) {
        take_clock_back(node, now);
    }
}

void node_check_clock(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct clock_check check;

    timescale_anchor(&node->timescale, now);
    check = timescale_check(&node->timescale, now);
    switch (check.verdict) {
    case CLOCK_AGREES:
        break;
    case CLOCK_SLEPT:
        take_sleep(node, &check, now->raw, out);
        break;
    case CLOCK_LEAPT:
        leap_clock_leapt(&node->leap);
        node->publish_now = true;
        break;
    case CLOCK_STEPPED:
        take_foreign_step(node, &check, now->raw, out);
        note_rival(node, now, out);
        break;
    case CLOCK_RATE_CHANGED:
        note_rival(node, now, out);
        /* Put our own rate back with the next decision, which is due now. */
        discipline_disturbed(&node->discipline, 0);
        node->steer_now = node->have_utc;
        node->publish_now = true;
        break;
    }
    if (node->backed_off && rival_gone(&node->rival, now->raw)) {
        node_log(out, LOG_EVENT_RIVAL_GONE, LOG_NO_SOURCE);
        take_clock_back(node, now);
    }
}
