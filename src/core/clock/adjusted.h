/* SPDX-License-Identifier: BSD-2-Clause */
/* adjusted.h - what a change of the disciplined clock really did, as its owner reports it. */
#ifndef CORE_CLOCK_ADJUSTED_H
#define CORE_CLOCK_ADJUSTED_H

#include "base/err.h"
#include "base/units.h"

enum adjust_kind { ADJUST_RATE, ADJUST_STEP };

struct event_clock_adjusted {
    enum adjust_kind kind;
    enum err error;                 /* not ERR_NONE: nothing was changed */
    struct mono_time before, after; /* the change lies between */
    struct freq rate;               /* rate of the disciplined clock against raw, from what the
                                       kernel returned; in force after the change */
    struct duration step;           /* by how much it was stepped */
};

#endif
