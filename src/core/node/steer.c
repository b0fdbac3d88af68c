/* SPDX-License-Identifier: BSD-2-Clause */
/* steer.c - from the estimate of UTC to the clock under discipline. */
#include <math.h>

#include "core/clock/leap_list.h"
#include "core/node/state.h"

/* The kernel lets its error limit grow by itself and gives up after hours: repeat it. */
static const int64_t status_every_ns = 128 * NS_PER_S;

/* Longer than the time around a leap second in which nothing is corrected. */
static const int64_t leap_window_ns = 5 * NS_PER_S;

/* Updates over which the mean of the corrections reaches. */
enum { RMS_MEMORY = 10 };

double node_clock_error_s(const struct node *node, const struct clock_reading *now)
{
    /* Whole ns first: the difference of two dates has no place in a double. */
    int64_t local_ns = now->real.ns - now->raw.ns - node->base_ns;

    return node_offset_at(node, now->raw) - (double)local_ns * 1e-9;
}

/* When the node wakes for the next request anyway. */
static struct mono_time next_request(const struct node *node, struct mono_time now)
{
    struct mono_time next = {INT64_MAX};

    for (size_t i = 0; i < node->used_end; i++) {
        const struct slot *slot = &node->slots[i];

        if (slot->used && slot->association.schedule.next.ns > now.ns) {
            next = mono_min(next, slot->association.schedule.next);
        }
    }
    return next.ns == INT64_MAX ? now : next;
}

static struct discipline_input input_of(const struct node *node, const struct clock_reading *now)
{
    return (struct discipline_input){
        .now = now->raw,
        .utc_offset_s = node_offset_at(node, now->raw),
        .clock_error_s = node_clock_error_s(node, now),
        .sd_s = node_sd_s(node, now->raw),
        .freq_s_per_s = node->combined.freq_s_per_s,
        .freq_sd_s_per_s = node_freq_sd(node),
        .poll_s = node->poll_s,
        .next_wake = next_request(node, now->raw),
    };
}

static bool may_steer(const struct node *node)
{
    return node->setup.may_adjust && !node->backed_off;
}

/* Puts a decision into the batch; the answers come as EVENT_CLOCK_ADJUSTED. */
static void carry_out(struct node *node, const struct clock_reading *now,
                      const struct decision *decision, struct actions *out)
{
    if (decision->kind == DECISION_STEP) {
        struct log_event *log = node_log(out, LOG_EVENT_STEPPED, LOG_NO_SOURCE);
        log->value[0] = duration_to_s(decision->step);
        node->last_step_s = log->value[0];
        actions_add(out, ACTION_STEP)->step = decision->step;
    } else if (decision->kind == DECISION_STEER && decision->slew_time_s > 0) {
        double error_s = node_clock_error_s(node, now);

        if (node->options->log_change_s > 0 && fabs(error_s) > node->options->log_change_s) {
            struct log_event *log = node_log(out, LOG_EVENT_SLEWING, LOG_NO_SOURCE);
            log->value[0] = error_s;
            log->value[1] = decision->slew_time_s;
        }
    }
    if (decision->steer) {
        actions_add(out, ACTION_STEER)->steer = decision->rate;
    }
}

/* For those who read statistics: how large corrections are, and how often they come. */
static void count_update(struct node *node, struct mono_time now)
{
    double change_s = node->last_correction_s;

    if (node->updates > 1) {
        node->update_interval_s = mono_diff_s(now, node->updated);
        node->mean_square_correction +=
            (change_s * change_s - node->mean_square_correction) / RMS_MEMORY;
    } else {
        node->mean_square_correction = change_s * change_s;
    }
    node->updated = now;
}

void node_steer(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct discipline_input input = input_of(node, now);
    struct decision decision;

    node->updates++;
    if (may_steer(node) && !leap_is_near(&node->leap, now->raw)) {
        decision = node->step_requested
                       ? discipline_step_now(&node->discipline, node->options, &input)
                       : discipline_update(&node->discipline, node->options, &input);
        node->step_requested = false;
        node->last_correction_s = decision.change_s;
        if (decision.kind == DECISION_REFUSED && !node->change_refused) {
            node_log(out, LOG_EVENT_CHANGE_REFUSED, LOG_NO_SOURCE)->value[0] = decision.change_s;
        }
        if (node->change_refused != (decision.kind == DECISION_REFUSED)) {
            node->change_refused = decision.kind == DECISION_REFUSED;
            node->judge_now = true;
        }
        carry_out(node, now, &decision, out);
    }
    count_update(node, now->raw);
    node->publish_now = true;
}

struct mono_time node_slew_deadline(const struct node *node)
{
    struct mono_time end = discipline_deadline(&node->discipline);

    if (!node->have_utc || !may_steer(node) || end.ns == INT64_MAX) {
        return (struct mono_time){INT64_MAX};
    }
    /* Around a leap second the clock and UTC may differ by a second that nobody is to correct. */
    return leap_is_near(&node->leap, end) ? mono_add(end, (struct duration){leap_window_ns}) : end;
}

void node_slew_end(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct discipline_input input;
    struct decision decision;

    if (now->raw.ns < node_slew_deadline(node).ns) {
        return;
    }
    input = input_of(node, now);
    decision = discipline_wake(&node->discipline, node->options, &input);
    carry_out(node, now, &decision, out);
}

/* Who may not steer (any more) has no slew to end, whatever was planned. */
void node_take_adjusted(struct node *node, const struct clock_reading *now,
                        const struct event_clock_adjusted *adjusted, struct actions *out)
{
    discipline_adjusted(&node->discipline, adjusted);
    if (adjusted->error != ERR_NONE) {
        if (adjusted->error != ERR_RANGE || !node->adjust_failed) {
            node_log(out, LOG_EVENT_ADJUST_FAILED, LOG_NO_SOURCE)->value[0] = adjusted->error;
        }
        node->adjust_failed = true;
        return;
    }
    node->adjust_failed = false;
    if (adjusted->kind == ADJUST_RATE) {
        node->rate = adjusted->rate;
        timescale_rate_changed(&node->timescale, adjusted->before, adjusted->after, adjusted->rate);
    } else {
        node->steps++;
        node->last_step_at = now->raw;
        leap_clock_stepped(&node->leap, now->raw);
        timescale_stepped(&node->timescale, adjusted->before, adjusted->after, adjusted->step);
        node->status_at = now->raw; /* a step makes the kernel forget its status */
    }
    node->publish_now = true;
}

/* The clock is to make the leap second by running slower or faster. */
static void slew_leap(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct discipline_input input = input_of(node, now);
    struct decision decision = discipline_slew_now(&node->discipline, node->options, &input);

    carry_out(node, now, &decision, out);
}

/*
 * What is said of this day's end: by the majority, or, when that announces nothing, by the list of
 * this machine, which most servers and no majority may lack.
 */
static uint8_t announced_leap(const struct node *node, struct utc_time utc)
{
    uint8_t announced = node->selected_slot == NO_SLOT ? NTP_LEAP_UNSYNC : node->selected.leap;
    uint8_t listed = NTP_LEAP_UNSYNC;

    if (node->options->leaps) {
        listed = leap_list_announced(node->options->leaps, utc);
    }
    return announced == NTP_LEAP_INSERT || announced == NTP_LEAP_DELETE || listed == NTP_LEAP_UNSYNC
               ? announced
               : listed;
}

void node_watch_leap(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct leap_outcome outcome;
    uint8_t announced;

    if (!node->have_utc || !node_room(node, out)) {
        return;
    }
    announced = announced_leap(node, node_utc_at(node, now->raw));
    if (leap_announced(&node->leap, announced, now->raw, node_utc_at(node, now->raw))) {
        node->status_at = now->raw;
        if (node->leap.direction != 0) {
            node->leap_armed++;
            node_log(out, LOG_EVENT_LEAP_ARMED, LOG_NO_SOURCE)->value[0] = node->leap.direction;
        }
    }
    outcome = leap_pass(&node->leap, now->raw, node_utc_at(node, now->raw));
    if (outcome.utc_shift.ns != 0) {
        node_log(out, LOG_EVENT_LEAP_DONE, LOG_NO_SOURCE);
        node_shift(node, duration_to_s(outcome.utc_shift));
        node->publish_now = true;
    }
    if (outcome.step.ns != 0 && may_steer(node)) {
        actions_add(out, ACTION_STEP)->step = outcome.step;
    }
    if (outcome.slew && may_steer(node)) {
        slew_leap(node, now, out);
    }
    if (outcome.status) {
        node->status_at = now->raw;
        node->publish_now = true;
    }
    timescale_expect_leap(&node->timescale, leap_expected(&node->leap), node->leap.midnight);
}

void node_tell_kernel(struct node *node, const struct clock_reading *now, struct actions *out)
{
    struct action_status *status;
    bool synchronised = node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER;

    if (!may_steer(node) || !node_room(node, out)) {
        node->status_at = mono_add(now->raw, (struct duration){status_every_ns});
        return;
    }
    status = &actions_add(out, ACTION_SET_STATUS)->status;
    status->synchronised = synchronised;
    status->leap = leap_kernel(&node->leap);
    status->tai_s = 0;
    /* Around a leap second the kernel counts by itself. */
    if (synchronised && node->options->leaps != NULL && !leap_is_near(&node->leap, now->raw)) {
        status->tai_s = (int16_t)leap_list_tai(node->options->leaps, node_utc_at(node, now->raw));
    }
    status->maxerror_s = node_bound_s(node, now) + fabs(node_clock_error_s(node, now));
    status->esterror_s = node_sd_s(node, now->raw) + fabs(node_clock_error_s(node, now));
    if (!synchronised) {
        status->maxerror_s = status->esterror_s = 16;
    }
    node->status_at = mono_add(now->raw, (struct duration){status_every_ns});
}
