/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leap.h - one leap second, from its announcement to where it has been forgotten.
 *
 * UTC is counted without leap seconds: at an inserted one the count repeats a second when it comes
 * to midnight, at a deleted one it omits the last second of the day.  Whatever leapsecmode says,
 * UTC over RAW is shifted at that instant (it is no news to anybody that UTC did this); the mode
 * only decides what becomes of the disciplined clock:
 *
 *   system  the kernel steps it; we do when it has not within two seconds
 *   step    we step it
 *   slew    we slew it, starting at that instant
 *   ignore  an error like any other, corrected at the next update
 *
 * Servers do all of these things, and not at the same instant; so nothing is measured from two
 * seconds before to two seconds after, and nothing that they announce meanwhile changes anything.
 */
#ifndef CORE_CLOCK_LEAP_H
#define CORE_CLOCK_LEAP_H

#include <stdbool.h>

#include "base/units.h"
#include "core/node/options.h"
#include "wire/ntp_packet.h"

enum leap_phase {
    LEAP_IDLE,
    LEAP_ARMED, /* today ends in a leap second */
    LEAP_PAST,  /* it was within the last two seconds */
};

struct leap {
    enum leap_phase phase;
    enum leap_mode mode;
    bool kernel_leaps; /* the backend makes leap seconds by itself when armed */
    bool clock_done;   /* the disciplined clock has made this one, or is not to */
    bool rearming;     /* the kernel was stepped: it forgets unless disarmed for over a second */
    struct mono_time rearm;
    int direction; /* +1: a second is inserted; -1: deleted; 0: idle */
    struct utc_time midnight;
    struct mono_time at; /* the instant when the count jumps */
    bool have_last;
    struct utc_time last_midnight; /* of the last leap second that has passed */
};

/* What is to be done now.  All zero: nothing. */
struct leap_outcome {
    struct duration utc_shift; /* add to UTC - RAW, of everything that is kept */
    struct duration step;      /* step the disciplined clock by this */
    bool slew;                 /* slew the disciplined clock now, and don't step it */
    bool status;               /* leap_kernel() or leap_served() have changed */
};

/* kernel_leaps: false makes `system` into `step`. */
void leap_init(struct leap *leap, enum leap_mode mode, bool kernel_leaps);
/* New options; an armed leap second stays armed. */
void leap_set_mode(struct leap *leap, enum leap_mode mode, bool kernel_leaps);

/*
 * What the majority of the selected sources announces (enum ntp_leap; UNSYNC: nobody says
 * anything, which changes nothing).  Armed only on the last day of June or December, UTC.  `utc` is
 * the estimate at `now`.  True when something was armed or disarmed: the kernel is to be told.
 */
bool leap_announced(struct leap *leap, uint8_t announced, struct mono_time now,
                    struct utc_time utc);
/* Call on every wake-up, and with the present estimate: it says when the instant has come. */
struct leap_outcome leap_pass(struct leap *leap, struct mono_time now, struct utc_time utc);
/* The disciplined clock has made the leap second by itself (CLOCK_LEAPT). */
void leap_clock_leapt(struct leap *leap);
/*
 * The disciplined clock was stepped.  The kernel then no longer knows when to leap though it still
 * says that it will; only disarming it for more than a second and arming it again helps.
 */
void leap_clock_stepped(struct leap *leap, struct mono_time now);
/* The node waits: leap_pass() is due then; INT64_MAX: never. */
struct mono_time leap_deadline(const struct leap *leap);

/* Nothing is to be measured or corrected at `at`: DROP_LEAP_WINDOW. */
bool leap_is_near(const struct leap *leap, struct mono_time at);
/* enum ntp_leap for clients: the warning, until it has happened. */
uint8_t leap_served(const struct leap *leap);
/* enum ntp_leap to arm in the kernel; NONE in every mode but `system`. */
uint8_t leap_kernel(const struct leap *leap);
/* +1, -1 or 0: what the timescale is to expect of the disciplined clock. */
int leap_expected(const struct leap *leap);

#endif
