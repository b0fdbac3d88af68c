/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noise.h - robust scale of what a source's measurements miss that their round trips do not show:
 * the server's own wobble, timestamps taken late on a loaded host.
 *
 * Each measurement is compared with the line between its neighbours, so that no estimate is
 * involved which may have taken the noise for wander.  The scale is 0 as long as queueing
 * explains most of the misses; where the oscillator wanders more between two polls than the path is
 * uncertain, it is the size of that wander, and only an upper limit of the noise.
 */
#ifndef CORE_ESTIMATE_NOISE_H
#define CORE_ESTIMATE_NOISE_H

#include "base/units.h"

/* NOISE_MIN: below so many values the scale is 0 and says nothing. */
enum { NOISE_KEPT = 32, NOISE_MIN = 3 };

struct noise_point {
    struct mono_time when;
    double offset_s;
    double half_width_s; /* of the offsets that queueing allows */
};

struct noise {
    struct noise_point last[2];  /* the older first */
    unsigned points;             /* of these */
    float excess_s2[NOISE_KEPT]; /* ring of the latest squared misses, less what is explained */
    unsigned count;              /* of them, ever */
    double scale_s;              /* from their median: a Gaussian's standard deviation */
};

void noise_init(struct noise *noise);
/* Take a measurement; its time must not go back. */
void noise_add(struct noise *noise, const struct noise_point *point);
/* The frame base moved. */
void noise_shift(struct noise *noise, double offset_s);
/* The next measurement does not continue the line of the last ones. */
void noise_break(struct noise *noise);

#endif
