/* SPDX-License-Identifier: BSD-2-Clause */
/* rivals.h - names the program that also disciplines this clock, when it is a known one. */
#ifndef DAEMON_RIVALS_H
#define DAEMON_RIVALS_H

#include <stdbool.h>

#include "base/units.h"
#include "sys/log.h"

/* Who was seen last, so that nobody is named twice. */
struct rivals {
    struct steady_time looked;
    int process; /* 0: nobody */
};

/*
 * Looks when ten minutes have passed since the last time, or at once with `now_please` (the clock
 * was adjusted by somebody else).  One warning for each that it finds, and a line when it is gone.
 */
void rivals_look(struct rivals *rivals, struct steady_time now, bool now_please,
                 const struct log_sink *log);

#endif
