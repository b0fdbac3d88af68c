/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wobble.h - is a source's clock itself being steered?
 *
 * A server that follows others slews its clock to and fro.  Its phase swings, but stays where it
 * is: second differences of it grow with the span over which they are taken and then stop growing,
 * while those of an oscillator that wanders grow for ever.  So a swing can be told from our own
 * oscillator's wander even with a single source, once a dozen swings were seen; it is noise, to be
 * averaged over, and not to be followed.
 */
#ifndef CORE_ESTIMATE_WOBBLE_H
#define CORE_ESTIMATE_WOBBLE_H

#include <stdbool.h>

#include "base/units.h"

enum { WOBBLE_POINTS = 128, WOBBLE_SPANS = 6 };

/* Second differences over one span: 1, 2, 4, .. slots. */
struct wobble_span {
    double var_s2; /* of one point, were points independent */
    double span_s; /* mean */
    unsigned count;
};

struct wobble {
    struct mono_time when[WOBBLE_POINTS];
    double offset_s[WOBBLE_POINTS];
    unsigned points;            /* ever; the ring holds the last ones */
    double slot_s;              /* least time between two points */
    struct mono_time best_when; /* the quickest exchange of the present slot */
    double best_offset_s, best_excess_s;
    struct mono_time slot_end;
    bool open; /* there is one */
    struct wobble_span span[WOBBLE_SPANS];
};

/* What was found: a swing of that deviation, over about so long; 0: none. */
struct wobble_found {
    double sd_s;
    double span_s;
};

void wobble_init(struct wobble *wobble);
/*
 * A measurement: its offset, and by how much its delay was above the least.  `interval_s`: mean
 * time between measurements.
 */
void wobble_add(struct wobble *wobble, struct mono_time when, double offset_s, double excess_s,
                double interval_s);
struct wobble_found wobble_find(const struct wobble *wobble);
/* The deviation to add to each measurement's for it, s: neighbours share their part of a swing. */
double wobble_noise_s(const struct wobble_found *found, double interval_s);
/* The frame base moved. */
void wobble_shift(struct wobble *wobble, double offset_s);

#endif
