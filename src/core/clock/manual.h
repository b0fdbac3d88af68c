/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manual.h - times that a person has typed in (`manual`, chronyc's settime): for machines that no
 * server can reach.
 *
 * A typed time is a point on the free-running timescale with the UTC that somebody read from a
 * watch: nobody hits the second better than by half of it.  Several of them, far enough apart, also
 * tell the frequency.
 */
#ifndef CORE_CLOCK_MANUAL_H
#define CORE_CLOCK_MANUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "core/clock/reading.h"

enum { MANUAL_SAMPLES_MAX = 16 };

struct manual_sample {
    struct mono_time raw;
    struct utc_time typed;
    double first_s; /* typed - the disciplined clock, then */
};

/* The oldest first; a seventeenth takes the place of the first. */
struct manual {
    unsigned count;
    struct manual_sample at[MANUAL_SAMPLES_MAX];
};

/* For who lists them. */
struct manual_report {
    unsigned count;
    double freq_s_per_s; /* that they tell; 0: nothing */
    double base_s_per_s; /* at which the clock runs against raw, corrections apart */
    struct {
        struct utc_time when; /* by the clock as it goes now */
        double left_s;        /* typed - that */
        double first_s, residual_s;
    } at[MANUAL_SAMPLES_MAX];
};

/* A straight line through them. */
struct manual_fit {
    double freq_s_per_s; /* of UTC against raw; 0: fewer than two */
    double freq_sd_s_per_s;
    double residual_s[MANUAL_SAMPLES_MAX];
};

void manual_add(struct manual *manual, const struct clock_reading *now, struct utc_time typed);
/* False: there is no such one. */
bool manual_delete(struct manual *manual, int32_t index);
struct manual_fit manual_fit(const struct manual *manual);
/* A sample against the disciplined clock as it goes now, typed - clock, s. */
double manual_left_s(const struct manual_sample *sample, const struct clock_reading *now,
                     struct freq rate);

#endif
