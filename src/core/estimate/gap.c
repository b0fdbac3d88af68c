/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/gap.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"

#define SQRT_HALF 0.70710678118654752

/* The grid reaches this many usual gaps down, with points closer near its upper end. */
static const double reach = 3;
/* Samples that the belief is made of; older ones fade. */
static const unsigned memory = 4000;
static const double log_weight_min = -40;
/* One sample in a hundred lies outside of its interval whatever the floor is. */
static const double outlier = 0.01;

void gap_init(struct gap *gap)
{
    memset(gap, 0, sizeof *gap);
}

static double point(const struct gap *gap, int i)
{
    double x = (double)i / (GAP_POINTS - 1);

    return gap->width_s * x * x;
}

/* Log weight of a gap by interpolation; beyond the ends, that of the end. */
static double weight_at(const struct gap *gap, double value_s)
{
    double x = gap->width_s > 0 ? value_s / gap->width_s : 0;
    double place = x > 0 ? sqrt(x) * (GAP_POINTS - 1) : 0;
    int i = (int)fmin(place, GAP_POINTS - 2);
    double share = fmin(place - i, 1);

    return (1 - share) * gap->log_weight[i] + share * gap->log_weight[i + 1];
}

static void summarise(struct gap *gap)
{
    double best = -(double)INFINITY;
    double sum = 0;
    double mean = 0;
    double square = 0;

    for (int i = 0; i < GAP_POINTS; i++) {
        best = fmax(best, gap->log_weight[i]);
    }
    for (int i = 0; i < GAP_POINTS; i++) {
        gap->log_weight[i] = fmax(gap->log_weight[i] - best, log_weight_min);
        /* A point stands for the stretch between its neighbours. */
        double weight = fmath_exp(gap->log_weight[i]) * (i == 0 ? 0.5 : 2 * i);
        double g = point(gap, i);

        sum += weight;
        mean += weight * g;
        square += weight * g * g;
    }
    gap->mean_s = mean / sum;
    /* The grid cannot tell what lies between its first points. */
    gap->sd_s = fmax(sqrt(fmax(0, square / sum - gap->mean_s * gap->mean_s)), point(gap, 1) / 2);
}

void gap_follow(struct gap *gap, double half_floor_s, double usual_s)
{
    struct gap old = *gap;
    double width = reach * usual_s;

    if (gap->width_s > 0 && half_floor_s == gap->half_floor_s && width < 1.5 * gap->width_s &&
        width > gap->width_s / 1.5) {
        return;
    }
    gap->half_floor_s = half_floor_s;
    gap->width_s = width;
    for (int i = 0; i < GAP_POINTS; i++) {
        double lower_s = half_floor_s - point(gap, i);

        gap->log_weight[i] = old.width_s > 0 ? weight_at(&old, old.half_floor_s - lower_s) : 0;
    }
    summarise(gap);
}

/* A Gaussian's tail. */
static double beyond(double deviations)
{
    return deviations > 6 ? 0 : 0.5 * fmath_erfc(deviations * SQRT_HALF);
}

void gap_add(struct gap *gap, const struct gap_evidence *e)
{
    double excess = e->half_delay_s - gap->half_floor_s;
    double miss = fabs(e->miss_s);
    double fade = gap->count < memory ? 1 : 1 - 1.0 / memory;

    gap->count += gap->count < memory;
    for (int i = 0; i < GAP_POINTS; i++) {
        double g = point(gap, i);
        double inside =
            1 - beyond((excess + g - miss) / e->sd_s) - beyond((excess + g + miss) / e->sd_s);

        gap->log_weight[i] = fade * gap->log_weight[i] - g * e->rate_per_s +
                             fmath_log(fmax(inside, 0) * (1 - outlier) + outlier);
    }
    summarise(gap);
}
