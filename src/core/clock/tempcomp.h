/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tempcomp.h - from temperatures to a correction of the oscillator's frequency: by a formula, by a
 * table, or learnt.
 *
 * Learning compares how the frequency and how the temperature changed between one stretch of time
 * and the next: an oscillator's frequency walks at random besides, and differences of a random
 * walk don't depend on each other.  Of several sensors, and of two ways of smoothing each, the one
 * that explains the most is used, and none that does not explain half.
 */
#ifndef CORE_CLOCK_TEMPCOMP_H
#define CORE_CLOCK_TEMPCOMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "core/clock/saved.h"
#include "core/node/options.h"

/* One sensor, smoothed over one time. */
struct tempcomp_trace {
    bool known;
    double smoothed;
    double sum;       /* of `smoothed` times seconds in this stretch */
    double last_mean; /* of the stretch before; NaN: it had none */
    double xx, xy;    /* of changes of temperature, and with those of frequency */
    double used;      /* `smoothed` when the correction was last brought up to date */
};

struct tempcomp {
    struct tempcomp_trace traces[TEMPCOMP_TRACES];
    double yy, weight; /* of changes of frequency; how many, the older ones counting less */
    struct {
        bool begun;
        struct mono_time from;
        int64_t utc_minus_raw_ns;
        double sd_s;
        double corrected_s; /* by the compensation since */
        uint32_t events;
    } stretch;
    bool recalled; /* from an earlier run, and not used yet */
    bool learnt;   /* something, in this run */
    bool have_freq;
    double freq_s_per_s;   /* of the last stretch, uncorrected */
    struct mono_time last; /* the last call; 0: none */
    int chosen;            /* trace; -1: none */
    double slope_s_per_s;  /* by one unit of temperature */
    double explained;      /* part of the frequency's changes: r squared of the best trace */
    double comp_s_per_s;   /* the correction: how much faster the raw clock is to count */
    double temperature;    /* that it was computed from; NaN: none */
    bool out_of_range;     /* a formula asks for more than TEMPCOMP_LIMIT_PPM */
};

/* More is not believed: chrony's limit. */
enum { TEMPCOMP_LIMIT_PPM = 10 };

/* How it is with UTC when temperatures come. */
struct tempcomp_input {
    struct mono_time now; /* of the corrected raw clock */
    const double *value;  /* of each sensor, in the unit of its file; NaN: could not be read */
    unsigned count;
    bool synchronised;
    int64_t utc_minus_raw_ns; /* the estimate's */
    double sd_s;              /* of that */
    double poll_s;            /* between the samples it is made from */
    uint32_t events;          /* changes with every jump of UTC over raw: steps, sleep, leaps */
};

void tempcomp_init(struct tempcomp *tempcomp);
/*
 * What an earlier run had learnt.  It counts a little less, since a machine may have been changed
 * while it was off; the first temperatures bring it into use.
 */
void tempcomp_recall(struct tempcomp *tempcomp, const struct tempcomp_learnt *learnt);
/* What is worth keeping; false: this run has learnt nothing yet. */
bool tempcomp_keep(const struct tempcomp *tempcomp, struct tempcomp_learnt *learnt);
/* New temperatures: the correction from now on is in tempcomp->comp_s_per_s. */
void tempcomp_take(struct tempcomp *tempcomp, const struct tempcomp_options *options,
                   const struct tempcomp_input *input);

#endif
