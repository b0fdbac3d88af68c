/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unrest.h - how the oscillator's frequency has moved over the last two days.
 *
 * A random walk, the only thing that filters know, says too little about tomorrow: at noon and at
 * midnight an oscillator that follows the temperature hardly moves, and promises more than it will
 * keep.  What it did over the last days it may do again.
 */
#ifndef CORE_CLOCK_UNREST_H
#define CORE_CLOCK_UNREST_H

#include "base/units.h"

enum { UNREST_HOURS = 48 };

struct unrest {
    struct mono_time next; /* when the next value is taken */
    unsigned count;        /* values taken ever */
    double freq_s_per_s[UNREST_HOURS];
    double sd_s_per_s[UNREST_HOURS];
};

/* Nothing is known; zeroed is the same. */
void unrest_init(struct unrest *unrest);
/* The frequency as it is known now, with its deviation; one value an hour is kept. */
void unrest_note(struct unrest *unrest, struct mono_time now, double freq_s_per_s,
                 double sd_s_per_s);

/* What is to be expected by it. */
struct unrest_limits {
    double slope_s_per_s2; /* the fastest change within three hours, less noise */
    double range_s_per_s;  /* between the extremes */
};
struct unrest_limits unrest_limits(const struct unrest *unrest);

#endif
