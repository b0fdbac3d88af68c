/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rival.h - whether another program keeps adjusting this clock, and when to leave it alone.
 *
 * Once is an accident, or an administrator; again and again it is another daemon, and two that
 * correct each other are worse than either.  So after four foreign adjustments within ten minutes,
 * or eight within four hours, noon only watches.  It takes the clock back when nobody has touched
 * it for 45 minutes (a daemon may poll every 17 min), twice as long after each relapse, up to 6 h.
 */
#ifndef CORE_CLOCK_RIVAL_H
#define CORE_CLOCK_RIVAL_H

#include <stdbool.h>

#include "base/units.h"

enum { RIVAL_SLOW = 8, RIVAL_FAST = 4 };

struct rival {
    struct mono_time seen[RIVAL_SLOW]; /* the last ones that counted, a ring */
    unsigned count;                    /* that counted, since the start or rival_forgive() */
    struct mono_time last;             /* any */
    bool backed_off;
    unsigned relapses; /* times backed off */
};

void rival_init(struct rival *rival);
/* A foreign adjustment was found (stepped, or rate changed).  Those within 10 s of one that counted
 * belong to it.  True when noon is to back off now. */
bool rival_seen(struct rival *rival, struct mono_time now);
/* On any wake-up: true when the clock may be steered again now. */
bool rival_gone(struct rival *rival, struct mono_time now);
/* When rival_gone() may become true; INT64_MAX: not backed off. */
struct mono_time rival_deadline(const struct rival *rival);
/* The operator says that the rival was dealt with (a reload): begin anew.  True when noon had
 * backed off. */
bool rival_forgive(struct rival *rival);

#endif
