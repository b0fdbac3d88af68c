/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.h - how far from UTC we may be, now and until somebody hears from us again; and the
 * published line that says so.
 *
 * The bound comes from the intersection of the sources' intervals, not from half its width: the
 * estimate need not be in the middle.  It grows with what the frequency may be wrong by, never
 * slower than maxclockerror.
 *
 * As long as the clock is nearly right, the line is the clock itself: what followers see is then as
 * smooth as the clock's slews, instead of jumping with each update, and what is left of a slew is
 * part of the bound.  A clock that is far off is not served; the estimate is.
 *
 * A line is void 64 s, or 4 polls, after it was made: readers then say that they don't know,
 * because whoever should have renewed it hangs.  That is no limit on holdover: a node without
 * sources goes on publishing, with a larger bound each time, until that reaches maxdistance.
 */
#ifndef CORE_CLOCK_BOUND_H
#define CORE_CLOCK_BOUND_H

#include <stdbool.h>

#include "base/units.h"
#include "core/clock/reading.h"
#include "wire/line.h"

/* The combined estimate, as of one instant of RAW. */
struct bound_estimate {
    struct mono_time when;
    struct utc_time utc;  /* at `when` */
    double low_s, high_s; /* UTC - utc lies between, at `when` */
    double sd_s;
    double freq_s_per_s; /* of the raw clock: positive when it is slow */
    double var_freq;     /* (s/s)^2 */
    double wander;       /* s/s per sqrt(s) */
    /* The frequency may change by that much in a second, and by that much in all: unrest.h. */
    double slope_s_per_s2, range_s_per_s;
};

struct bound_conditions {
    double poll_s; /* interval between updates in force */
    double max_distance_s;
    double max_clock_error_s_per_s;
    double root_delay_s;            /* to be announced */
    double mono_rate_s_per_s;       /* of CLOCK_MONOTONIC against RAW */
    double mono_rate_error_s_per_s; /* what that may be wrong by */
    double real_rate_s_per_s;       /* of the disciplined clock against RAW */
    bool steered;                   /* by us: the clock closes in on the estimate */
    double clock_error_s;           /* UTC as estimated - the disciplined clock, now */
    struct mono_time void_at;       /* UTC jumps here (a leap second); INT64_MAX: nothing known */
};

/* |estimate - UTC| is at most this at `at`, s. */
double bound_at_s(const struct bound_estimate *estimate, double max_clock_error_s_per_s,
                  struct mono_time at);
/*
 * Make the published line: everything about time in *line; reference, refid, generation, leap,
 * stratum, precision and synchronised are left to the caller.  False when the bound has reached
 * maxdistance: then the line is void from the beginning, and must not be called synchronised.
 */
bool bound_line(const struct bound_estimate *estimate, const struct bound_conditions *conditions,
                const struct clock_reading *now, struct time_line *line);
/* The line is to be made afresh after this time, s, at the latest: half of its life. */
double bound_refresh_s(const struct time_line *line);

#endif
