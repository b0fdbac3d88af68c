/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/bound.h"

#include <math.h>

#include "base/must.h"

/* Standard deviations that are never exceeded, by the measure of clock-estimation's worlds. */
#define SURE_SD 5.0
/* Beside what was seen of the oscillator over days. */
#define USUAL_SD 2.0
#define LIFE_MIN_S 64.0
#define LIFE_POLLS 4.0
#define LIFE_MAX_S 1e6
#define ROUNDING_S 1e-9
/* The clock is served when that costs no more than this part of the bound. */
#define CLOCK_SHARE 0.25
/* Two clocks read one after the other by a process that is interrupted in between. */
#define READ_APART_NS 100000.0

/* What the frequency's changes of the last days would make, at first by t^2, then by t. */
static double unrest_s(const struct bound_estimate *estimate, double t_s)
{
    return fmin(estimate->slope_s_per_s2 * t_s / 2, estimate->range_s_per_s) * t_s;
}

/*
 * By how much the error may grow in t seconds.  The standard deviation of x + t f + wander is at
 * most the sum of the three, however they are correlated; that of x is in the bound already.
 */
static double grown_s(const struct bound_estimate *estimate, double class_s_per_s, double t_s)
{
    double sd_s = sqrt(estimate->var_freq) * t_s + estimate->wander * t_s * sqrt(t_s / 3);

    return fmax(fmax(SURE_SD * sd_s, class_s_per_s * t_s),
                unrest_s(estimate, t_s) + USUAL_SD * sd_s);
}

/* The steepest tangent of grown_s() up to t: it bends upwards. */
static double steepest_s_per_s(const struct bound_estimate *estimate, double class_s_per_s,
                               double t_s)
{
    double tangent = sqrt(estimate->var_freq) + 1.5 * estimate->wander * sqrt(t_s / 3);

    double unrest = fmin(estimate->slope_s_per_s2 * t_s, 2 * estimate->range_s_per_s);

    return fmax(fmax(SURE_SD * tangent, class_s_per_s), unrest + USUAL_SD * tangent);
}

double bound_at_s(const struct bound_estimate *estimate, double max_clock_error_s_per_s,
                  struct mono_time at)
{
    double t_s = fabs(mono_diff_s(at, estimate->when));

    return fmax(estimate->high_s, -estimate->low_s) +
           grown_s(estimate, max_clock_error_s_per_s, t_s);
}

/* Up to the next unit of NTP's short format. */
static double round_up_short_s(double s)
{
    return ceil(fmax(s, 0) * 0x1p16) * 0x1p-16;
}

static struct utc_time utc_at(const struct bound_estimate *estimate, struct mono_time at)
{
    int64_t elapsed_ns = at.ns - estimate->when.ns;
    double gained_s = estimate->freq_s_per_s * ((double)elapsed_ns * 1e-9);

    return (struct utc_time){estimate->utc.ns + elapsed_ns + duration_from_s(gained_s).ns};
}

/* How long the line may be believed, s of RAW. */
static double life_s(const struct bound_conditions *conditions, const struct clock_reading *now,
                     double bound_s, double growth_s_per_s)
{
    double life = fmin(fmax(LIFE_MIN_S, LIFE_POLLS * conditions->poll_s), LIFE_MAX_S);

    life = fmin(life, (conditions->max_distance_s - bound_s) / growth_s_per_s);
    if (conditions->void_at.ns != INT64_MAX) {
        life = fmin(life, mono_diff_s(conditions->void_at, now->raw));
    }
    return fmax(life, 0);
}

/*
 * The line of the clock instead of the estimate's.  Should nobody end its slew, it goes on past the
 * estimate, and at the end of the line's life has gone too far by more than it is wrong now.
 */
static void follow_clock(const struct bound_estimate *estimate,
                         const struct bound_conditions *conditions, const struct clock_reading *now,
                         struct time_line *line)
{
    double error_s = fabs(conditions->clock_error_s);
    double closing = fabs(conditions->real_rate_s_per_s - estimate->freq_s_per_s);
    double life_s = fmax(LIFE_MIN_S, LIFE_POLLS * conditions->poll_s);

    if (!conditions->steered || error_s > CLOCK_SHARE * line->bound_s) {
        return;
    }
    line->utc = now->real;
    line->rate = (conditions->real_rate_s_per_s - conditions->mono_rate_s_per_s) /
                 (1 + conditions->mono_rate_s_per_s);
    line->bound_s += error_s;
    line->growth_s_per_s += fmax(0, closing - 2 * error_s / life_s);
    line->sd_s = sqrt(line->sd_s * line->sd_s + error_s * error_s);
}

bool bound_line(const struct bound_estimate *estimate, const struct bound_conditions *conditions,
                const struct clock_reading *now, struct time_line *line)
{
    double mono = 1 + conditions->mono_rate_s_per_s;
    double age_s = fabs(mono_diff_s(now->raw, estimate->when));
    double longest_s = fmax(LIFE_MIN_S, LIFE_POLLS * conditions->poll_s);
    double apart = fabs(conditions->real_rate_s_per_s - conditions->mono_rate_s_per_s);
    double life;

    must(mono > 0.5 && conditions->max_clock_error_s_per_s > 0);
    line->from = now->mono;
    line->utc = utc_at(estimate, now->raw);
    line->rate = (estimate->freq_s_per_s - conditions->mono_rate_s_per_s) / mono;
    line->bound_s = bound_at_s(estimate, conditions->max_clock_error_s_per_s, now->raw) +
                    (double)now->window.ns * 1e-9 + ROUNDING_S;
    line->growth_s_per_s =
        (steepest_s_per_s(estimate, conditions->max_clock_error_s_per_s, age_s + longest_s) +
         conditions->mono_rate_error_s_per_s) /
        fmin(mono, 1);
    line->sd_s = estimate->sd_s;
    follow_clock(estimate, conditions, now, line);
    life = life_s(conditions, now, line->bound_s, line->growth_s_per_s);
    line->void_after.ns = now->mono.ns + duration_from_s(life * mono).ns;
    line->real_minus_mono_ns = now->real.ns - now->mono.ns;
    /* Where another steers MONO, it and REAL part by themselves. */
    line->tolerance_ns =
        (int64_t)ceil(READ_APART_NS + 2 * (double)now->window.ns + apart * life * 1e9);
    line->root_delay_s = round_up_short_s(conditions->root_delay_s);
    return life > 0;
}

double bound_refresh_s(const struct time_line *line)
{
    return (double)(line->void_after.ns - line->from.ns) * 0.5e-9;
}
