/* SPDX-License-Identifier: BSD-2-Clause */
/* temperature.c - temperatures -> how the owner is to correct the free-running clock. */
#include <math.h>

#include "core/node/state.h"

/* Half of the kernel's frequency unit (2^-16 ppm): less can't be carried out. */
static const double least_change_s_per_s = 8e-12;

void node_take_temperature(struct node *node, const struct clock_reading *now,
                           const struct event_temperature *event, struct actions *out)
{
    const struct tempcomp_options *options = &node->options->tempcomp;
    struct tempcomp *tempcomp = &node->tempcomp;
    struct tempcomp_input input = {
        .now = now->raw,
        .value = event->value,
        .count = event->count,
        .synchronised = node->state == NODE_SYNCHRONISED,
        .utc_minus_raw_ns = node_best_utc(node, now->raw).ns - now->raw.ns,
        .sd_s = node_sd_s(node, now->raw),
        .poll_s = node->poll_s,
        .events = node->suspends + node->pauses,
    };
    bool was_out = tempcomp->out_of_range;
    int chosen = tempcomp->chosen;

    if (options->kind == TEMPCOMP_OFF) {
        return;
    }
    tempcomp_take(tempcomp, options, &input);
    if (tempcomp->out_of_range && !was_out) {
        node_log(out, LOG_EVENT_TEMPCOMP_RANGE, LOG_NO_SOURCE)->value[0] = tempcomp->temperature;
    }
    if ((tempcomp->chosen >= 0) != (chosen >= 0)) {
        struct log_event *log = node_log(
            out, chosen < 0 ? LOG_EVENT_TEMPCOMP_LEARNT : LOG_EVENT_TEMPCOMP_LOST, LOG_NO_SOURCE);

        log->value[0] = tempcomp->explained * 100;
        log->value[1] = tempcomp->slope_s_per_s;
    }
    if (fabs(tempcomp->comp_s_per_s - node->compensated_s_per_s) >= least_change_s_per_s &&
        node_room(node, out)) {
        node->compensated_s_per_s = tempcomp->comp_s_per_s;
        actions_add(out, ACTION_COMPENSATE)->compensate.s_per_s = tempcomp->comp_s_per_s;
    }
}

void node_renew_tempcomp(struct node *node, const struct node_options *options, struct actions *out)
{
    if (options->tempcomp.kind == node->options->tempcomp.kind) {
        return;
    }
    tempcomp_init(&node->tempcomp);
    if (node->compensated_s_per_s != 0) {
        node->compensated_s_per_s = 0;
        actions_add(out, ACTION_COMPENSATE)->compensate.s_per_s = 0;
    }
}

double node_uncompensated_freq(const struct node *node, double freq_s_per_s)
{
    return node->options->tempcomp.kind == TEMPCOMP_AUTO ? freq_s_per_s + node->compensated_s_per_s
                                                         : freq_s_per_s;
}
