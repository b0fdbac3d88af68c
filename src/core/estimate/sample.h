/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.h - one measurement of a source's clock, on the free-running timescale.
 *
 * Offsets are relative to the node's frame: UTC = raw + frame base + offset, where the base is a
 * whole number of ns chosen once, so that a double never has to hold a date.
 */
#ifndef CORE_ESTIMATE_SAMPLE_H
#define CORE_ESTIMATE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

enum sample_kind {
    SAMPLE_TWO_WAY, /* an exchange: the truth lies within offset +- delay / 2 */
    SAMPLE_ONE_WAY, /* a pulse, a receiver: Gaussian with sd_s */
};

enum stamp_class { STAMP_USER, STAMP_KERNEL, STAMP_HARDWARE };

struct sample {
    struct mono_time when;    /* middle of the exchange */
    double offset_s;          /* reference - (raw + frame base) */
    double delay_s;           /* round trip less the server's own part, >= 0; one-way: configured */
    double sd_s;              /* one-way only */
    double precision_s;       /* one sigma of the stamps of both ends together */
    double root_delay_s;      /* as the server announced */
    double root_dispersion_s; /* as the server announced */
    uint8_t stratum;
    uint8_t leap;        /* enum ntp_leap */
    uint8_t kind;        /* enum sample_kind */
    uint8_t stamp_class; /* enum stamp_class: the worse of ours */
    bool authenticated;
};

/*
 * What one source says about UTC, with its uncertainty, at one instant.  Linear in time:
 * offset(t) = offset_s + freq_s_per_s * (t - when).
 */
struct estimate {
    struct mono_time when;
    double offset_s;     /* UTC - (raw + frame base) at `when` */
    double freq_s_per_s; /* d offset / d raw: positive when the raw clock is slow */
    double var_offset_s2;
    double cov_offset_freq; /* s^2/s */
    double var_freq;        /* (s/s)^2 */
    double wander;          /* random walk of the frequency, s/s per sqrt(s) */
    double floor_s;         /* round trip floor of the path that anchored the phase */
    double bias_sd_s;       /* uncertainty of what was subtracted after a path change */
    double root_distance_s; /* largest that the server announced within the estimate's memory */
    double jitter_s;        /* mean queueing delay above the floor, one way */
    unsigned samples;       /* in the estimate's memory; usable from 2 on */
};

/* The offset that the estimate predicts for `at`, s. */
static inline double estimate_offset_at(const struct estimate *e, struct mono_time at)
{
    return e->offset_s + e->freq_s_per_s * mono_diff_s(at, e->when);
}

/* Variance of estimate_offset_at(), s^2: the state's covariance carried on, plus the wander. */
static inline double estimate_variance_at(const struct estimate *e, struct mono_time at)
{
    double t = mono_diff_s(at, e->when);
    double age = t < 0 ? -t : t;

    return e->var_offset_s2 + 2 * t * e->cov_offset_freq + t * t * e->var_freq +
           e->wander * e->wander * age * age * age / 3;
}

#endif
