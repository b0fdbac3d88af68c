/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/noise.h"

#include <math.h>
#include <string.h>

/* Of the square of a Gaussian of variance 1. */
static const double median_of_square = 0.45493642;
/* A median of fewer says nothing. */
static const unsigned count_min = NOISE_MIN;

void noise_init(struct noise *noise)
{
    memset(noise, 0, sizeof *noise);
}

/* Insertion sort: the array is short. */
static void sort(float *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        float value = values[i];
        unsigned hole = i;

        while (hole > 0 && values[hole - 1] > value) {
            values[hole] = values[hole - 1];
            hole--;
        }
        values[hole] = value;
    }
}

static void keep_excess(struct noise *noise, double excess_s2)
{
    float sorted[NOISE_KEPT];
    unsigned kept;
    double median;

    noise->excess_s2[noise->count % NOISE_KEPT] = (float)fmin(excess_s2, 1e12);
    noise->count++;
    kept = noise->count < NOISE_KEPT ? noise->count : NOISE_KEPT;
    if (kept < count_min) {
        return;
    }
    memcpy(sorted, noise->excess_s2, kept * sizeof sorted[0]);
    sort(sorted, kept);
    median = 0.5 * ((double)sorted[(kept - 1) / 2] + (double)sorted[kept / 2]);
    noise->scale_s = sqrt(fmax(0, median / median_of_square));
}

/*
 * Squared distance of the middle one from the line between the others, less the variance that it
 * has when each lies anywhere in its interval, in units of one measurement's noise.
 */
static double excess(const struct noise_point *first, const struct noise_point *middle,
                     const struct noise_point *last)
{
    double length = mono_diff_s(last->when, first->when);
    double share = mono_diff_s(middle->when, first->when) / length;
    double line = (1 - share) * first->offset_s + share * last->offset_s;
    double miss = middle->offset_s - line;
    double h0 = (1 - share) * first->half_width_s;
    double h1 = middle->half_width_s;
    double h2 = share * last->half_width_s;
    double explained = (h0 * h0 + h1 * h1 + h2 * h2) / 3;

    return (miss * miss - explained) / (1 + share * share + (1 - share) * (1 - share));
}

void noise_add(struct noise *noise, const struct noise_point *point)
{
    if (noise->points == 2 && point->when.ns > noise->last[0].when.ns) {
        keep_excess(noise, excess(&noise->last[0], &noise->last[1], point));
    }
    if (noise->points == 2) {
        noise->last[0] = noise->last[1];
        noise->points = 1;
    }
    noise->last[noise->points++] = *point;
}

void noise_shift(struct noise *noise, double offset_s)
{
    noise->last[0].offset_s += offset_s;
    noise->last[1].offset_s += offset_s;
}

void noise_break(struct noise *noise)
{
    noise->points = 0;
}
