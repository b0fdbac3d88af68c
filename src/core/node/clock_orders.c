/* SPDX-License-Identifier: BSD-2-Clause */
/* clock_orders.c - what an operator orders about the clock itself: times typed in, corrections. */
#include <math.h>

#include "core/node/state.h"

static const double move_max_s = 4294967296.0;   /* an era of NTP */
static const double latest_s = 2 * 4294967296.0; /* the year 2242; times end in 2262 */

/* Moves the clock; the answer comes as EVENT_CLOCK_ADJUSTED. */
static void move_clock(double by_s, struct actions *out)
{
    node_log(out, LOG_EVENT_CLOCK_MOVED, LOG_NO_SOURCE)->value[0] = by_s;
    actions_add(out, ACTION_STEP)->step = duration_from_s(by_s);
}

static void run_at(struct node *node, double freq_s_per_s, struct actions *out)
{
    struct decision decision =
        discipline_set_freq(&node->discipline, node->options, (struct freq){freq_s_per_s});

    if (decision.steer) {
        node_log(out, LOG_EVENT_CLOCK_PACED, LOG_NO_SOURCE)->value[0] = decision.rate.s_per_s;
        actions_add(out, ACTION_STEER)->steer = decision.rate;
    }
}

/* While servers say what time it is, nobody's watch is better. */
static enum control_result set_time(struct node *node, const struct clock_reading *now,
                                    struct utc_time typed, struct actions *out)
{
    struct manual_fit fit;

    if (node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER ||
        typed.ns < node->setup.not_before.ns) {
        return CONTROL_FAILED;
    }
    manual_add(&node->manual, now, typed);
    fit = manual_fit(&node->manual);
    if (2 * fit.freq_sd_s_per_s <= node->options->max_update_skew_s_per_s) {
        run_at(node, fit.freq_s_per_s, out);
    }
    move_clock(utc_diff_s(typed, now->real), out);
    return CONTROL_OK;
}

/* No clock that runs is wrong by more than an era, and none can be set to before 1970. */
static bool may_move(double by_s, const struct clock_reading *now)
{
    double then_s = (double)now->real.ns / NS_PER_S + by_s;

    return fabs(by_s) <= move_max_s && then_s >= 0 && then_s <= latest_s;
}

enum control_result node_take_clock_order(struct node *node, const struct clock_reading *now,
                                          const struct node_order *order, struct actions *out)
{
    if (order->kind == ORDER_MANUAL_RESET) {
        node->manual.count = 0;
        return CONTROL_OK;
    }
    if (order->kind == ORDER_MANUAL_DELETE) {
        return manual_delete(&node->manual, order->number[0]) ? CONTROL_OK : CONTROL_NO_SOURCE;
    }
    if (!node->setup.may_adjust || node->backed_off || !isfinite(order->value)) {
        return CONTROL_FAILED;
    }
    if (order->kind == ORDER_SETTIME) {
        return set_time(node, now, order->time, out);
    }
    if (order->kind == ORDER_MOVE_CLOCK) {
        if (!may_move(order->value, now)) {
            return CONTROL_FAILED;
        }
        move_clock(order->value, out);
    } else {
        run_at(node, node->discipline.base_s_per_s + order->value, out);
    }
    return CONTROL_OK;
}

void node_manual(const struct node *node, const struct clock_reading *now,
                 struct manual_report *report)
{
    const struct manual_fit fit = manual_fit(&node->manual);

    *report = (struct manual_report){.count = node->manual.count,
                                     .freq_s_per_s = fit.freq_s_per_s,
                                     .base_s_per_s = node->discipline.base_s_per_s};
    for (unsigned i = 0; i < node->manual.count; i++) {
        const struct manual_sample *sample = &node->manual.at[i];
        double left_s = manual_left_s(sample, now, node->rate);

        report->at[i].left_s = left_s;
        report->at[i].first_s = sample->first_s;
        report->at[i].residual_s = fit.residual_s[i];
        report->at[i].when.ns = sample->typed.ns - duration_from_s(left_s).ns;
    }
}
