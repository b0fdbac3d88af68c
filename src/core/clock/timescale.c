/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/timescale.h"

#include <math.h>
#include <string.h>

#include "base/must.h"

/* What a reading may differ by, beyond its own window. */
#define READ_ERROR_NS 50.0
/* One unit of the kernel's clocksource multiplier (2^-22): dithers over a stopped tick, 1 s long.
 */
#define DITHER_S_PER_S 2.5e-7
/* Coarse clocksources: a tick is no whole number of their cycles (3.5e-5 for the ACPI timer). */
#define TICK_ERROR 4e-5
#define RATE_ERROR_S_PER_S 1e-9
/* A bias below this is not worth a segment. */
#define BIAS_NS 5.0

#define STAMP_AGE_MAX_NS (5 * NS_PER_S)
/* The pass's reading may be older than a stamp taken during the pass. */
#define STAMP_AHEAD_MAX_NS (NS_PER_S / 100)

#define SLEEP_MIN_NS 1e6
#define LEAP_TOLERANCE_NS 1e7
/* A second is deleted one before midnight; 2 s more for what REAL may be wrong by. */
#define LEAP_EARLY_NS (3 * NS_PER_S)

/* While observing: jumps that slewing at any rate in use can't explain. */
#define OBSERVED_JUMP_NS 1e6
#define OBSERVED_SLEW 5e-4
#define OBSERVED_SPACING_NS (NS_PER_S / 40)

#define MONO_FIRST_BASELINE_NS (NS_PER_S / 2)
#define MONO_BASELINE_NS (4 * NS_PER_S)
#define MONO_RATE_UNKNOWN 1e-4
#define MONO_CHANGE 1e-8

#define RATE_MAX 0.2

static void measured(struct timescale *ts, const struct clock_reading *now)
{
    ts->residual_count = 0;
    ts->computed_since = now->raw;
    ts->computed_error_ns = (double)now->window.ns / 2;
}

static void start(struct timescale *ts, const struct clock_reading *now)
{
    struct segment first = {
        .from = now->raw,
        .real = {now->real.ns, 0},
        .rate_s_per_s = ts->rate.s_per_s,
        .earliest = now->raw,
        .latest = now->raw,
        .kind = SEGMENT_START,
    };

    segments_start(&ts->segments, &first);
    measured(ts, now);
    ts->last = *now;
    ts->jumps_ns = ts->last_jumps_ns = ts->mono_base_jumps_ns = 0;
    ts->mono_base = *now;
}

void timescale_init(struct timescale *ts, const struct clock_reading *now, struct freq rate,
                    enum timescale_mode mode)
{
    memset(ts, 0, sizeof *ts);
    ts->mode = mode;
    ts->rate = rate;
    ts->mono_with_real = true;
    start(ts, now);
}

void timescale_anchor(struct timescale *ts, const struct clock_reading *now)
{
    if (!ts->anchored) {
        ts->anchored = true;
        start(ts, now);
    }
}

void timescale_set_mode(struct timescale *ts, const struct clock_reading *now, struct freq rate,
                        enum timescale_mode mode)
{
    if (ts->mode == mode) {
        return;
    }
    ts->mode = mode;
    ts->mono_measured = false;
    if (mode == TIMESCALE_OURS) {
        ts->rate = rate;
        timescale_rate_changed(ts, now->raw, now->raw, rate);
    }
}

static struct mono_time middle(struct mono_time before, struct mono_time after)
{
    return (struct mono_time){before.ns + (after.ns - before.ns) / 2};
}

/* Append a piece at `from`, or with the newest piece if that began later. */
static void append(struct timescale *ts, struct segment *next, double shift_ns)
{
    const struct segment *newest = segments_newest(&ts->segments);

    if (next->from.ns < newest->from.ns) {
        next->from = newest->from;
    }
    next->real = fine_add(segment_real(newest, next->from), shift_ns);
    segments_append(&ts->segments, next);
}

void timescale_rate_changed(struct timescale *ts, struct mono_time before, struct mono_time after,
                            struct freq rate)
{
    double old = segments_newest(&ts->segments)->rate_s_per_s;
    struct segment next = {
        .from = middle(before, after),
        .rate_s_per_s = rate.s_per_s,
        .earliest = before,
        .latest = after,
        .kind = SEGMENT_RATE,
    };

    ts->rate = rate;
    append(ts, &next, 0);
    ts->computed_error_ns += fabs(rate.s_per_s - old) * (double)(after.ns - before.ns) / 2;
}

void timescale_stepped(struct timescale *ts, struct mono_time before, struct mono_time after,
                       struct duration by)
{
    struct segment next = {
        .from = middle(before, after),
        .rate_s_per_s = segments_newest(&ts->segments)->rate_s_per_s,
        .earliest = before,
        .latest = after,
        .kind = SEGMENT_STEP,
    };

    append(ts, &next, 0);
    /* Whole ns are added as integers: a step of years does not fit a double to the ns. */
    segments_newest_mutable(&ts->segments)->real.ns += by.ns;
    ts->jumps_ns += by.ns;
}

void timescale_expect_leap(struct timescale *ts, int leap, struct utc_time midnight)
{
    must(leap >= -1 && leap <= 1);
    ts->leap_expected = leap;
    ts->leap_midnight = midnight;
}

static double gap_ns(const struct timescale *ts, const struct clock_reading *now)
{
    return (double)(now->raw.ns - ts->last.raw.ns);
}

static double both_windows_ns(const struct clock_reading *a, const struct clock_reading *b)
{
    return (double)a->window.ns + (double)b->window.ns;
}

/* Largest difference that is no disturbance. */
static double tolerance_ns(const struct timescale *ts, const struct clock_reading *now)
{
    double computed = (double)(now->raw.ns - ts->computed_since.ns);
    double slow = RATE_ERROR_S_PER_S + TICK_ERROR * fabs(ts->rate.s_per_s);

    return (double)now->window.ns + READ_ERROR_NS + DITHER_S_PER_S * fmin(gap_ns(ts, now), 1e9) +
           ts->computed_error_ns + slow * computed;
}

/* For how long the machine slept since the last reading; 0: it did not. */
static int64_t slept_ns(const struct timescale *ts, const struct clock_reading *now)
{
    int64_t jump;

    if (!now->boot_known || !ts->last.boot_known) {
        return 0;
    }
    jump = (now->boot.ns - now->mono.ns) - (ts->last.boot.ns - ts->last.mono.ns);
    return (double)jump > SLEEP_MIN_NS + both_windows_ns(&ts->last, now) ? jump : 0;
}

/* How far REAL moved against MONO since the last reading, our own steps left out.  The kernel
 * steers the two together, so that a change of rate moves neither against the other. */
static double moved_against_mono_ns(const struct timescale *ts, const struct clock_reading *now)
{
    int64_t moved = (now->real.ns - now->mono.ns) - (ts->last.real.ns - ts->last.mono.ns);

    return (double)(moved - (ts->jumps_ns - ts->last_jumps_ns));
}

/* A change of REAL by `by_ns` is the leap second that was armed: a second, not before its time.
 * The machine may have slept over it. */
static bool is_leap(const struct timescale *ts, const struct clock_reading *now, double by_ns)
{
    int64_t without_ns = now->real.ns - (int64_t)by_ns;

    return ts->leap_expected != 0 && fabs(by_ns + 1e9 * ts->leap_expected) < LEAP_TOLERANCE_NS &&
           without_ns >= ts->leap_midnight.ns - LEAP_EARLY_NS;
}

static enum clock_verdict classify(const struct timescale *ts, const struct clock_reading *now,
                                   double by_ns)
{
    if (is_leap(ts, now, by_ns)) {
        return CLOCK_LEAPT;
    }
    if (ts->mode == TIMESCALE_OURS && ts->mono_with_real &&
        fabs(moved_against_mono_ns(ts, now)) <= fabs(by_ns) / 2) {
        return CLOCK_RATE_CHANGED;
    }
    return CLOCK_STEPPED;
}

/* Take REAL as it was read; what lies between the readings is not known. */
static void adopt(struct timescale *ts, const struct clock_reading *now, struct clock_check *check,
                  double by_ns)
{
    double gap = gap_ns(ts, now);
    struct segment next = {
        .from = now->raw,
        .rate_s_per_s = ts->rate.s_per_s,
        .earliest = ts->last.raw,
        .latest = {now->raw.ns + now->window.ns},
        .kind = SEGMENT_FOREIGN,
    };

    if (check->verdict == CLOCK_RATE_CHANGED) {
        double found = ts->rate.s_per_s + by_ns / gap;

        if (fabs(found) < RATE_MAX) {
            check->rate_error_s_per_s = by_ns / gap;
            ts->rate.s_per_s = next.rate_s_per_s = found;
        }
    } else {
        ts->jumps_ns += check->by.ns;
    }
    if (check->verdict == CLOCK_LEAPT) {
        ts->leap_expected = 0;
    }
    append(ts, &next, 0);
    segments_newest_mutable(&ts->segments)->real = (struct fine_time){now->real.ns, 0};
    measured(ts, now);
}

static void shift(struct timescale *ts, const struct clock_reading *now, double by_ns)
{
    struct segment next = {
        .from = now->raw,
        .rate_s_per_s = segments_newest(&ts->segments)->rate_s_per_s,
        .earliest = now->raw,
        .latest = now->raw,
        .kind = SEGMENT_ANCHOR,
    };

    append(ts, &next, by_ns);
    measured(ts, now);
}

/* Median of the residuals when all of them lie on one side, else 0. */
static double common_bias_ns(const double residual_ns[static TIMESCALE_RESIDUALS])
{
    double sorted[TIMESCALE_RESIDUALS];

    for (unsigned i = 0; i < TIMESCALE_RESIDUALS; i++) {
        unsigned k = i;

        for (; k > 0 && sorted[k - 1] > residual_ns[i]; k--) {
            sorted[k] = sorted[k - 1];
        }
        sorted[k] = residual_ns[i];
    }
    if (sorted[0] < 0 && sorted[TIMESCALE_RESIDUALS - 1] > 0) {
        return 0;
    }
    return (sorted[TIMESCALE_RESIDUALS / 2 - 1] + sorted[TIMESCALE_RESIDUALS / 2]) / 2;
}

/* The reading agrees; take out what has added up, by rounding, late ticks and slow changes. */
static void settle(struct timescale *ts, const struct clock_reading *now, double by_ns)
{
    if (ts->computed_error_ns > (double)now->window.ns / 2 + BIAS_NS) {
        shift(ts, now, by_ns);
        return;
    }
    ts->residual_ns[ts->residual_count++] = by_ns;
    if (ts->residual_count == TIMESCALE_RESIDUALS / 2) {
        ts->half_way = now->raw;
    }
    if (ts->residual_count == TIMESCALE_RESIDUALS) {
        double bias = common_bias_ns(ts->residual_ns);

        ts->residual_count = 0;
        if (fabs(bias) > BIAS_NS) {
            shift(ts, now, bias);
        }
        /* The median says how it was in the middle; what grows has grown further since. */
        ts->computed_since = ts->half_way;
    }
}

static void check_ours(struct timescale *ts, const struct clock_reading *now,
                       struct clock_check *check)
{
    struct fine_time predicted = segment_real(segments_newest(&ts->segments), now->raw);
    int64_t by = now->real.ns - predicted.ns;
    double by_ns = (double)by - predicted.fraction_ns;

    if (check->slept.ns != 0) {
        check->verdict = CLOCK_SLEPT;
    } else if (fabs(by_ns) <= tolerance_ns(ts, now)) {
        settle(ts, now, by_ns);
        return;
    } else {
        check->verdict = classify(ts, now, by_ns);
    }
    check->by.ns = by;
    adopt(ts, now, check, by_ns);
}

/* Let the newest piece lead to this reading, and begin another here. */
static void follow(struct timescale *ts, const struct clock_reading *now)
{
    struct segment *newest = segments_newest_mutable(&ts->segments);
    double elapsed = (double)(now->raw.ns - newest->from.ns);
    double gained = fine_sub_ns((struct fine_time){now->real.ns, 0}, newest->real) - elapsed;
    struct segment next = {
        .from = now->raw,
        .earliest = now->raw,
        .latest = now->raw,
        .kind = SEGMENT_ANCHOR,
    };

    if (elapsed <= 0 || fabs(gained) >= RATE_MAX * elapsed) {
        return;
    }
    newest->rate_s_per_s = gained / elapsed;
    /* Over a short time the slope is noise: good between the readings, not beyond them. */
    if (elapsed >= (double)OBSERVED_SPACING_NS) {
        ts->rate.s_per_s = gained / elapsed;
        next.rate_s_per_s = ts->rate.s_per_s;
        append(ts, &next, 0);
        segments_newest_mutable(&ts->segments)->real = (struct fine_time){now->real.ns, 0};
    }
}

static void check_observed(struct timescale *ts, const struct clock_reading *now,
                           struct clock_check *check)
{
    struct fine_time predicted = segment_real(segments_newest(&ts->segments), now->raw);
    double limit =
        OBSERVED_JUMP_NS + OBSERVED_SLEW * gap_ns(ts, now) + both_windows_ns(&ts->last, now);
    double by_ns = (double)(now->real.ns - predicted.ns) - predicted.fraction_ns;
    double against_mono = moved_against_mono_ns(ts, now);

    /* Where MONO is not steered with REAL it can't tell a step from a slew, nor do harm. */
    if (fabs(against_mono) < fabs(by_ns)) {
        by_ns = against_mono;
    }
    if (check->slept.ns != 0) {
        check->verdict = CLOCK_SLEPT;
    } else if (fabs(by_ns) <= limit) {
        follow(ts, now);
        return;
    } else {
        check->verdict = is_leap(ts, now, by_ns) ? CLOCK_LEAPT : CLOCK_STEPPED;
    }
    check->by.ns = (int64_t)by_ns;
    adopt(ts, now, check, by_ns);
}

/* How fast MONO runs: with REAL, or, where somebody else has it, as measured.  An observer learns
 * in this way that somebody steers at all. */
static void watch_mono(struct timescale *ts, const struct clock_reading *now,
                       struct clock_check *check)
{
    int64_t elapsed = now->raw.ns - ts->mono_base.raw.ns;
    int64_t mono = now->mono.ns - ts->mono_base.mono.ns;
    int64_t real = now->real.ns - ts->mono_base.real.ns - (ts->jumps_ns - ts->mono_base_jumps_ns);
    double noise = both_windows_ns(&ts->mono_base, now) + DITHER_S_PER_S * 1e9;
    double rate, change;

    if (elapsed < (ts->mono_measured ? MONO_BASELINE_NS : MONO_FIRST_BASELINE_NS)) {
        return;
    }
    rate = (double)(mono - elapsed) / (double)elapsed;
    change = ts->mono_measured ? rate - ts->mono_rate.s_per_s : 0;
    noise /= (double)elapsed;
    if (ts->mode == TIMESCALE_OBSERVED && check->verdict == CLOCK_AGREES &&
        fabs(change) > noise + ts->mono_rate_noise + MONO_CHANGE) {
        check->verdict = CLOCK_RATE_CHANGED;
        check->rate_error_s_per_s = change;
    }
    ts->mono_with_real = fabs((double)(mono - real)) <= 1e3 + (noise + 1e-7) * (double)elapsed;
    ts->mono_rate_error = ts->mono_measured ? noise + fabs(change) : MONO_RATE_UNKNOWN;
    ts->mono_rate_noise = noise;
    ts->mono_rate.s_per_s = rate;
    ts->mono_measured = true;
    ts->mono_base = *now;
    ts->mono_base_jumps_ns = ts->jumps_ns;
}

struct clock_check timescale_check(struct timescale *ts, const struct clock_reading *now)
{
    struct clock_check check = {.verdict = CLOCK_AGREES};

    if (!ts->anchored || now->raw.ns == ts->last.raw.ns) {
        return check;
    }
    if (now->raw.ns < ts->last.raw.ns) {
        /* No kernel does this; if one does, the past is worthless. */
        check.verdict = CLOCK_STEPPED;
        check.by.ns = now->real.ns - timescale_real_at(ts, now->raw).ns;
        start(ts, now);
        return check;
    }
    if (now->raw.ns < segments_newest(&ts->segments)->from.ns) {
        return check; /* taken before a change that we have heard of already */
    }
    check.slept.ns = slept_ns(ts, now);
    if (ts->mode == TIMESCALE_OURS) {
        check_ours(ts, now, &check);
    } else {
        check_observed(ts, now, &check);
    }
    watch_mono(ts, now, &check);
    ts->last = *now;
    ts->last_jumps_ns = ts->jumps_ns;
    return check;
}

struct utc_time timescale_real_at(const struct timescale *ts, struct mono_time raw)
{
    return (struct utc_time){segment_real(segments_in_force(&ts->segments, raw), raw).ns};
}

struct mono_time timescale_raw_when(const struct timescale *ts, struct utc_time real)
{
    return segment_raw(segments_newest(&ts->segments), (struct fine_time){real.ns, 0});
}

enum drop_reason timescale_convert(const struct timescale *ts, const struct clock_reading *now,
                                   const struct stamp *stamp, struct mono_time *raw)
{
    struct mono_time first = {now->raw.ns - STAMP_AGE_MAX_NS};
    struct mono_time last = {now->raw.ns + now->window.ns + STAMP_AHEAD_MAX_NS};

    if (!ts->anchored) {
        return DROP_AMBIGUOUS_STAMP;
    }
    if (stamp->clock == STAMP_CLOCK_RAW) {
        raw->ns = stamp->ns;
        return stamp->ns < first.ns || stamp->ns > last.ns ? DROP_AMBIGUOUS_STAMP : DROP_NONE;
    }
    if (segments_find(&ts->segments, (struct utc_time){stamp->ns}, first, last, raw) !=
        CANDIDATE_ONE) {
        return DROP_AMBIGUOUS_STAMP;
    }
    return DROP_NONE;
}

struct freq timescale_mono_rate(const struct timescale *ts, double *error_s_per_s)
{
    if (ts->mode == TIMESCALE_OURS && ts->mono_with_real) {
        *error_s_per_s = ts->mono_measured ? 0 : MONO_RATE_UNKNOWN;
        return ts->rate;
    }
    *error_s_per_s = ts->mono_measured ? ts->mono_rate_error : MONO_RATE_UNKNOWN;
    return ts->mono_rate;
}
