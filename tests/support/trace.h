/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - what one source would measure: an oscillator whose frequency walks at random, and a
 * path with a floor and queueing.  For tests and benches of the estimator alone.
 */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/estimate/sample.h"
#include "support/prng.h"

enum trace_jitter {
    TRACE_EXPONENTIAL,
    TRACE_GAMMA_2,     /* two queues each way */
    TRACE_LOGNORMAL,   /* sigma 1 */
    TRACE_HALF_NORMAL, /* |Gaussian| */
    TRACE_GAUSSIAN     /* no queueing: Gaussian noise of the offset that no delay shows */
};

struct trace_setup {
    double poll_s;
    double floor_s;         /* one way */
    double jitter_s;        /* mean, way to the source */
    double jitter_back_s;   /* mean, way back; negative: the same */
    double wander;          /* s/s per sqrt(s) */
    double freq_sd_s_per_s; /* of the frequency at the start */
    double stamp_noise_s;   /* Gaussian, on the offset and on the delay */
    double server_unit_s;   /* of its stamps, whose smaller part is random (chrony's are) */
    double batch_s;         /* replies are stamped at multiples of this (loaded host) */
    double sine_s_per_s;    /* amplitude of a temperature cycle in the frequency */
    double sine_period_s;
    double ramp_s_per_s2; /* drift of the frequency */
    double white_freq;    /* white frequency noise, s/s over one second */
    double correlation;   /* of successive queueing delays of one way, 0..1 */
    double flicker;       /* 1/f frequency noise, s/s: a sum of slow and fast relaxations */
    double wobble_s;      /* Gaussian, of the server's own time */
    double freq_jump;     /* s/s, once */
    double freq_jump_s;   /* when */
    double spike_share;   /* each way has a spike this often */
    double spike_s;       /* mean of a spike */
    double asymmetry_s;   /* by which the way there is longer than floor_s, the way back shorter */
    enum trace_jitter law;
    uint64_t path; /* several paths under one clock: the same seed, different numbers */
    uint64_t seed;
};

struct trace {
    struct trace_setup setup;
    struct prng clock, path;
    int64_t second;  /* of true time */
    double offset_s; /* UTC - raw */
    double freq_s_per_s;
    double relax[6];       /* states of the flicker noise */
    double queue_state[2]; /* of correlated queueing */
};

static inline void trace_init(struct trace *trace, const struct trace_setup *setup)
{
    *trace =
        (struct trace){.setup = *setup,
                       .clock = {setup->seed},
                       .path = {setup->seed ^ UINT64_C(0x5555555555555555) ^ setup->path << 32}};
    trace->freq_s_per_s = setup->freq_sd_s_per_s * prng_normal(&trace->clock);
    if (setup->jitter_back_s < 0) {
        trace->setup.jitter_back_s = setup->jitter_s;
    }
}

/* One second passes. */
static inline void trace_tick(struct trace *trace)
{
    const struct trace_setup *s = &trace->setup;

    trace->offset_s += trace->freq_s_per_s;
    if (s->sine_s_per_s != 0) {
        trace->offset_s +=
            s->sine_s_per_s * sin(6.283185307179586 * (double)trace->second / s->sine_period_s);
    }
    if (s->white_freq != 0) {
        trace->offset_s += s->white_freq * prng_normal(&trace->clock);
    }
    if (s->flicker != 0) {
        double rate = 0.5; /* of the relaxations: each 8 times slower than the last */

        for (int i = 0; i < 6; i++, rate /= 8) {
            trace->relax[i] +=
                -rate * trace->relax[i] + s->flicker * sqrt(2 * rate) * prng_normal(&trace->clock);
            trace->offset_s += trace->relax[i];
        }
    }
    trace->freq_s_per_s += s->wander * prng_normal(&trace->clock) + s->ramp_s_per_s2;
    if (s->freq_jump != 0 && trace->second == (int64_t)s->freq_jump_s) {
        trace->freq_s_per_s += s->freq_jump;
    }
    trace->second++;
}

static inline double trace_queue(struct trace *trace, int way)
{
    struct prng *p = &trace->path;
    double q = 0;

    switch (trace->setup.law) {
    case TRACE_EXPONENTIAL:
        q = prng_exponential(p);
        break;
    case TRACE_GAMMA_2:
        q = (prng_exponential(p) + prng_exponential(p)) / 2;
        break;
    case TRACE_LOGNORMAL:
        q = exp(prng_normal(p) - 0.5);
        break;
    case TRACE_HALF_NORMAL:
        q = fabs(prng_normal(p));
        break;
    case TRACE_GAUSSIAN:
        break;
    }
    if (trace->setup.correlation > 0) {
        /* The same exponential law, by way of a Gaussian that remembers. */
        double rho = trace->setup.correlation;
        double *state = &trace->queue_state[way];

        *state = rho * *state + sqrt(1 - rho * rho) * prng_normal(p);
        q = -log(0.5 * erfc(*state / sqrt(2)));
    }
    if (trace->setup.spike_share > 0 && prng_unit(p) < trace->setup.spike_share) {
        double mean = way == 0 ? trace->setup.jitter_s : trace->setup.jitter_back_s;

        q += trace->setup.spike_s * prng_exponential(p) / fmax(mean, 1e-12);
    }
    return q;
}

/* An exchange now. */
static inline struct sample trace_measure(struct trace *trace)
{
    const struct trace_setup *s = &trace->setup;
    double there = s->floor_s + s->asymmetry_s + s->jitter_s * trace_queue(trace, 0);
    double back = s->floor_s - s->asymmetry_s + s->jitter_back_s * trace_queue(trace, 1);
    double late = s->batch_s > 0 ? s->batch_s * prng_unit(&trace->path) : 0;
    struct sample sample = {
        .when = {trace->second * NS_PER_S},
        .offset_s = trace->offset_s + (there - back - late) / 2,
        .delay_s = there + back + late,
        .precision_s = 1e-9,
        .kind = SAMPLE_TWO_WAY,
    };

    if (s->law == TRACE_GAUSSIAN) {
        sample.offset_s += s->jitter_s * prng_normal(&trace->path);
    }
    if (s->wobble_s > 0) {
        sample.offset_s += s->wobble_s * prng_normal(&trace->path);
    }
    if (s->server_unit_s > 0) {
        double arrived = s->server_unit_s * (prng_unit(&trace->path) - prng_unit(&trace->path));
        double left = s->server_unit_s * (prng_unit(&trace->path) - prng_unit(&trace->path));

        sample.offset_s += (arrived + left) / 2;
        sample.delay_s += arrived - left;
        sample.precision_s = s->server_unit_s / sqrt(6);
    }
    if (s->stamp_noise_s > 0) {
        sample.offset_s += s->stamp_noise_s * prng_normal(&trace->path);
        sample.delay_s += s->stamp_noise_s * prng_normal(&trace->path);
        sample.delay_s = fmax(sample.delay_s, 0);
    }
    return sample;
}

#endif
