/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator.h - from the samples of one source to its offset and frequency, with uncertainties.
 *
 * Everything is on the free-running timescale, so that corrections of the clock never disturb it.
 * Offsets are relative to the node's frame base (sample.h).  One struct a source, no heap; a
 * sample costs some ten microseconds.
 */
#ifndef CORE_ESTIMATE_ESTIMATOR_H
#define CORE_ESTIMATE_ESTIMATOR_H

#include <stdbool.h>

#include "base/units.h"
#include "core/estimate/bank.h"
#include "core/estimate/floor.h"
#include "core/estimate/gap.h"
#include "core/estimate/jump.h"
#include "core/estimate/likeness.h"
#include "core/estimate/noise.h"
#include "core/estimate/path.h"
#include "core/estimate/sample.h"

struct estimator_options {
    double freq_s_per_s;    /* expected d offset / d raw: the drift file's, or 0 */
    double freq_sd_s_per_s; /* of it; 0: 100 ppm, an oscillator that nobody knows */
    double min_delay_s;     /* known floor of the path; 0: learnt */
    double asymmetry;       /* of the jitter, chrony's -0.5 .. 0.5; NaN: estimated */
    int min_samples;        /* the memory is not shorter; up to 6: no limit */
    int max_samples;        /* older ones fade out of the memory; 0: no limit */
};

enum estimator_verdict {
    ESTIMATOR_USED,
    ESTIMATOR_FIRST,    /* taken, but one sample is no estimate */
    ESTIMATOR_WITHHELD, /* the source seems to have jumped: ask again at once */
    ESTIMATOR_JUMPED,   /* confirmed: the estimate starts again from here, see jump_s */
    ESTIMATOR_DROPPED   /* unusable */
};

enum estimator_disturbance {
    ESTIMATOR_SUSPENDED, /* the raw clock stood still for a known time */
    ESTIMATOR_PAUSED     /* the machine stood still for an unknown time */
};

/* Largest root distance announced lately: two buckets, each some memories long. */
struct root_distance {
    double bucket_s[2];
    struct mono_time opened;
};

/* A sample over the first regime's path, and what was expected of it. */
struct measurement {
    struct mono_time when;
    double offset_s;
    double delay_s;
    double precision_s;
    double excess_s;  /* of one way above the long floor */
    double ahead_s;   /* predicted offset */
    double var_ahead; /* of it, s^2 */
    struct floor_view floor[BANK_FLOORS];
};

struct estimator {
    struct estimator_options options;
    struct bank bank;
    struct path path;
    struct floor_track floor;
    struct gap gap;
    struct noise noise;
    struct jump jump;
    struct likeness likeness;
    struct measurement withheld[JUMP_CONFIRMATIONS - 1];
    struct root_distance distance;
    struct mono_time when; /* of the last sample that was used */
    unsigned count;        /* samples used since the start or the last jump */
    unsigned total;        /* samples used ever */
    double interval_s;     /* mean time between used samples, lately */
    double mean_excess_s;  /* of one way */
    double mean_lean_s;    /* of measured - predicted, within +- the excess */
    double jump_s;         /* amount of the last confirmed jump: new offset - predicted */
    unsigned jumps;        /* confirmed */
};

void estimator_init(struct estimator *estimator, const struct estimator_options *options);
/*
 * Take a sample.  One that is older than the last, or holds a number that is not finite or absurd,
 * is dropped and changes nothing.
 */
enum estimator_verdict estimator_add(struct estimator *estimator, const struct sample *sample);
/* The present estimate, at the time of the last used sample; false before two samples. */
bool estimator_get(const struct estimator *estimator, struct estimate *estimate);
/*
 * Whether the last used sample was more likely wrong than right: a spike that its delay does not
 * show, or the beginning of something new.  Another sample would tell.
 */
bool estimator_doubts_last(const struct estimator *estimator);
/* The frame base moved: add this to every offset that is kept. */
void estimator_shift(struct estimator *estimator, double offset_s);
/* Rule of the three disturbances: amount_s is how far UTC - raw grew, 0 when unknown. */
void estimator_disturbed(struct estimator *estimator, enum estimator_disturbance kind,
                         double amount_s);

#endif
