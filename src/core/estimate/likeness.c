/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/likeness.h"

#include <math.h>

/* Samples that the correlations are means over, and that are needed to believe them. */
static const unsigned memory = 400;
static const unsigned needed = 100;
/* The correlation of n independent pairs has a deviation of 1 / sqrt(n). */
static const double plain_sds = 3;
/* Nobody claims to have learnt nothing. */
static const double correlation_max = 0.95;

static void follow(struct likeness_of *of, double value, double share)
{
    of->square += (value * value - of->square) * share;
    of->product += (value * of->last - of->product) * share;
    of->last = value;
}

void likeness_add(struct likeness *likeness, double move, double place)
{
    double share;

    if (!isfinite(move) || !isfinite(place)) {
        return;
    }
    likeness->count += likeness->count < memory;
    share = 1.0 / likeness->count;
    likeness->mean_place += (place - likeness->mean_place) * share;
    follow(&likeness->moves, move, share);
    follow(&likeness->places, place - likeness->mean_place, share);
}

/* Of a first-order process with this correlation, so many values count as one: (1 + r) / (1 - r).
 */
static double repeats(const struct likeness *likeness, const struct likeness_of *of)
{
    double r = of->square > 0 ? of->product / of->square : 0;

    if (likeness->count < needed || r * r * likeness->count < plain_sds * plain_sds || r < 0) {
        return 1;
    }
    r = fmin(r, correlation_max);
    return (1 + r) / (1 - r);
}

struct likeness_found likeness_find(const struct likeness *likeness)
{
    return (struct likeness_found){
        .moves = repeats(likeness, &likeness->moves),
        .places = repeats(likeness, &likeness->places),
    };
}
