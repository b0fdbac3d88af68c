/* SPDX-License-Identifier: BSD-2-Clause */
/* once.c - `noond -q` and `noond -Q`: set the clock, or say how wrong it is, and exit. */
#include <math.h>
#include <stdio.h>

#include "daemon/time_process.h"

/* After that time without -t nobody answers any more. */
static const int64_t patience_ns = 30 * NS_PER_S;

static void finish(struct time_process *process, int status)
{
    process->stop = true;
    process->exit_status = status;
}

static void give_up(struct time_process *process)
{
    fprintf(stderr, "noond: not synchronised: %s\n",
            node_reason_sentence(process->status.node.reason));
    finish(process, 1);
}

void once_check(struct time_process *process)
{
    enum args_once once = process->setup.args->once;
    const struct node_status *node = &process->status.node;

    if (once == ONCE_NO) {
        return;
    }
    if (process->stop_at.ns == 0) {
        process->stop_at.ns = clock_steady().ns + patience_ns;
    }
    publish_refresh(process);
    if (node->state == NODE_SYNCHRONISED && once == ONCE_PRINT) {
        printf("System clock wrong by %.9f seconds (bound %.9f)\n", node->clock_error_s,
               node->bound_s);
        finish(process, 0);
    } else if (node->state == NODE_SYNCHRONISED && once == ONCE_SET &&
               process->setup.args->observe) {
        fprintf(stderr, "noond: the clock is wrong by %.9f seconds, and -x leaves it so\n",
                node->clock_error_s);
        finish(process, 1);
    } else if (node->state == NODE_SYNCHRONISED && once == ONCE_SET && !process->privileged &&
               process->clock.kind != CLOCK_CONTROL_VIRTUAL) {
        fprintf(stderr,
                "noond: the clock is wrong by %.9f seconds, but setting it is not allowed "
                "(CAP_SYS_TIME)\n",
                node->clock_error_s);
        finish(process, 1);
    } else if (node->state == NODE_SYNCHRONISED && once == ONCE_SET && node->updates > 0 &&
               fabs(node->clock_error_s) < 1e-3) {
        printf("System clock set: corrected by %.9f seconds, right to within %.9f\n",
               node->last_step_s, node->bound_s);
        finish(process, 0);
    } else if (clock_steady().ns >= process->stop_at.ns) {
        give_up(process);
    }
}
