/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oscillator.h - the crystal of one simulated machine: true time in, CLOCK_MONOTONIC_RAW out.
 *
 * True time is cut into cells of equal length; the frequency is constant within a cell.  What the
 * clock shows at an instant depends on the seed alone, never on when it was looked at before.
 */
#ifndef SIM_OSCILLATOR_H
#define SIM_OSCILLATOR_H

#include "sim/prng.h"
#include "sim/true_time.h"

struct oscillator_options {
    double rate_s_per_s;         /* at the start; positive: the clock runs fast */
    double wander_s_per_s;       /* random walk of the rate: sd of its change in one second */
    double white_s_per_s;        /* white noise of the rate: sd of each cell's */
    double temperature_s_per_s;  /* amplitude of a sine, phase from the seed ... */
    double temperature_period_s; /* ... and its period */
    double ageing_s_per_s_per_s; /* steady change of the rate */
    double cell_s;               /* 0: one second */
    int64_t raw_ns;              /* what it shows when the world begins */
};

struct oscillator {
    struct oscillator_options options;
    struct prng prng;
    struct true_time cell;     /* start of the present cell */
    struct true_time cell_end; /* and its end */
    int64_t raw_ns;            /* shown at `cell` ... */
    double fraction_ns;        /* ... and the part below 1 ns */
    double walk_s_per_s;       /* the rate without noise, temperature and ageing */
    double rate_s_per_s;       /* in this cell */
    double phase;              /* of the temperature, in turns */
    double warmth;             /* in this cell: -1 .. 1, the temperature's swing */
};

void oscillator_init(struct oscillator *oscillator, const struct oscillator_options *options,
                     struct prng prng);
/* CLOCK_MONOTONIC_RAW at `t`, which is never before the start of the present cell. */
struct mono_time oscillator_read(struct oscillator *oscillator, struct true_time t);
/* By how much the rate differs from 1 at the instant last read. */
double oscillator_rate(const struct oscillator *oscillator);
/* How warm it was at that instant, -1 .. 1: temperature_s_per_s is what 1 is worth. */
double oscillator_warmth(const struct oscillator *oscillator);
/* The rate changes by that much from `t` on. */
void oscillator_shift(struct oscillator *oscillator, struct true_time t, double by_s_per_s);
/* The machine stands still: the clock shows the same from `t` to `until`. */
void oscillator_stop(struct oscillator *oscillator, struct true_time t, struct true_time until);

/* sin(2 pi x), without the C library's. */
double sine_of_turns(double x);

#endif
