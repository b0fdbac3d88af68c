/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timescale.h - what the disciplined clock (REAL) did over the free-running one (RAW), and whether
 * it still does what it was told.
 *
 * The only place that converts stamps.  Our own corrections are computed from what the kernel
 * returned, never measured again; every pass of the loop compares a reading with them and so finds
 * out about steps, rates, leap seconds and suspends that came from elsewhere.  None of these
 * changes what is known about UTC, which is estimated over RAW.
 */
#ifndef CORE_CLOCK_TIMESCALE_H
#define CORE_CLOCK_TIMESCALE_H

#include <stdbool.h>

#include "base/units.h"
#include "core/clock/reading.h"
#include "core/clock/segment.h"
#include "wire/drop.h"

enum timescale_mode {
    TIMESCALE_OURS,     /* we steer REAL (kernel and simulated backends) */
    TIMESCALE_OBSERVED, /* somebody else may steer it: follow the readings */
};

enum clock_verdict {
    CLOCK_AGREES,
    CLOCK_STEPPED,      /* REAL was stepped by somebody else */
    CLOCK_LEAPT,        /* REAL made the leap second that was expected */
    CLOCK_SLEPT,        /* BOOT - MONO jumped: the machine was suspended */
    CLOCK_RATE_CHANGED, /* REAL runs at another rate than it was given, or is being slewed; to an
                           observer: at another than before */
};

struct clock_check {
    enum clock_verdict verdict;
    struct duration by;        /* REAL - what it should have been; positive: moved forward */
    struct duration slept;     /* CLOCK_SLEPT: for how long */
    double rate_error_s_per_s; /* CLOCK_RATE_CHANGED: rate found - rate given */
};

enum { TIMESCALE_RESIDUALS = 8 };

struct timescale {
    struct segments segments;
    enum timescale_mode mode;
    bool anchored;
    struct freq rate;                        /* given to REAL; observed: last found */
    struct clock_reading last;               /* newest reading that was checked */
    double residual_ns[TIMESCALE_RESIDUALS]; /* reading - prediction, of the last readings */
    unsigned residual_count;
    struct mono_time half_way;       /* when half of them were there */
    struct mono_time computed_since; /* when REAL was last measured; since then it is computed */
    double computed_error_ns;        /* what our own changes may have added to the error since */
    int64_t jumps_ns;                /* sum of all jumps: REAL less this is continuous */
    int64_t last_jumps_ns;           /* at the last reading */
    int leap_expected;               /* +1: REAL will repeat a second; -1: omit one; 0: none */
    struct utc_time leap_midnight;
    /* Rate of CLOCK_MONOTONIC, which may, or may not, be steered together with REAL. */
    struct clock_reading mono_base;
    int64_t mono_base_jumps_ns;
    struct freq mono_rate;
    double mono_rate_error, mono_rate_noise;
    bool mono_measured, mono_with_real;
};

/*
 * Begin.  `rate` is REAL's against RAW as the backend read it back (ignored when observing). Before
 * timescale_anchor() no stamp converts and every check agrees: at start a simulator's clocks may
 * still go back (nothing before the first wait is to be timed).
 */
void timescale_init(struct timescale *ts, const struct clock_reading *now, struct freq rate,
                    enum timescale_mode mode);
/* From here on the clocks are what they seem: call at the first pass after the first wait, before
 * anything is timed.  Later calls do nothing. */
void timescale_anchor(struct timescale *ts, const struct clock_reading *now);
/* Begin or end observing, as privileges come and go or a rival is found. */
void timescale_set_mode(struct timescale *ts, const struct clock_reading *now, struct freq rate,
                        enum timescale_mode mode);

/* We changed REAL's rate at some instant between `before` and `after`; it is now `rate`. */
void timescale_rate_changed(struct timescale *ts, struct mono_time before, struct mono_time after,
                            struct freq rate);
/* We stepped REAL by `by` at some instant between `before` and `after`. */
void timescale_stepped(struct timescale *ts, struct mono_time before, struct mono_time after,
                       struct duration by);
/* A leap second is armed in the kernel (+1: inserted, -1: deleted) for the end of the day, which is
 * `midnight`; or no longer (0). */
void timescale_expect_leap(struct timescale *ts, int leap, struct utc_time midnight);

/*
 * Compare REAL with what it should be; call once for each reading, before anything else uses it.
 * Whatever is found, REAL is known again afterwards.  Stamps taken since the last agreeing reading
 * don't convert when it was disturbed.
 */
struct clock_check timescale_check(struct timescale *ts, const struct clock_reading *now);

/* REAL at `raw`, rounded down to ns: history as far back as it is kept, else extrapolated. */
struct utc_time timescale_real_at(const struct timescale *ts, struct mono_time raw);
/* When REAL will show `real` if nobody changes its rate: for timers. */
struct mono_time timescale_raw_when(const struct timescale *ts, struct utc_time real);
/*
 * A stamp on RAW.  DROP_AMBIGUOUS_STAMP when it is older than 5 s, lies in the future, before the
 * anchor, or so close to a jump of REAL that it can't be told on which side.
 */
enum drop_reason timescale_convert(const struct timescale *ts, const struct clock_reading *now,
                                   const struct stamp *stamp, struct mono_time *raw);

/* The rate of CLOCK_MONOTONIC against RAW, for the published line; *error_s_per_s is what it may be
 * wrong by: 0 where we steer it. */
struct freq timescale_mono_rate(const struct timescale *ts, double *error_s_per_s);

#endif
