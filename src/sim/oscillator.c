/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/oscillator.h"

#include <math.h>

#include "base/must.h"

double sine_of_turns(double x)
{
    /* Reduced to a quarter turn on either side of 0, where the series needs few terms. */
    double turn = x - floor(x + 0.5);
    if (turn > 0.25) {
        turn = 0.5 - turn;
    } else if (turn < -0.25) {
        turn = -0.5 - turn;
    }
    double angle = turn * 6.283185307179586;
    double square = angle * angle;
    double sum = 0;

    for (int k = 19; k >= 3; k -= 2) {
        sum = (1 + sum) * -square / (k * (k - 1));
    }
    return angle * (1 + sum);
}

/* Begin the cell that starts at the end of the present one. */
static void next_cell(struct oscillator *o)
{
    const struct oscillator_options *options = &o->options;
    double now_s = true_time_to_s(o->cell);
    double rate = o->walk_s_per_s + options->ageing_s_per_s_per_s * now_s;

    if (options->temperature_s_per_s != 0) {
        o->warmth = sine_of_turns(now_s / options->temperature_period_s + o->phase);
        rate += options->temperature_s_per_s * o->warmth;
    }
    if (options->white_s_per_s > 0) {
        rate += options->white_s_per_s * prng_normal(&o->prng);
    }
    if (options->wander_s_per_s > 0) {
        o->walk_s_per_s += options->wander_s_per_s * sqrt(options->cell_s) * prng_normal(&o->prng);
    }
    o->rate_s_per_s = rate;
}

/* Move the present cell's start to `t`, which lies in it. */
static void settle(struct oscillator *o, struct true_time t)
{
    int64_t passed_ns = t.ns - o->cell.ns;
    double exact_ns = o->fraction_ns + (double)passed_ns * o->rate_s_per_s;
    double whole_ns = floor(exact_ns);

    o->raw_ns += passed_ns + (int64_t)whole_ns;
    o->fraction_ns = exact_ns - whole_ns;
    o->cell = t;
}

static void advance(struct oscillator *o, struct true_time t)
{
    while (t.ns >= o->cell_end.ns) {
        settle(o, o->cell_end);
        o->cell_end = true_time_after_s(o->cell, o->options.cell_s);
        next_cell(o);
    }
}

void oscillator_init(struct oscillator *oscillator, const struct oscillator_options *options,
                     struct prng prng)
{
    *oscillator = (struct oscillator){.options = *options, .prng = prng};
    if (options->cell_s <= 0) {
        oscillator->options.cell_s = 1;
    }
    oscillator->raw_ns = options->raw_ns;
    oscillator->walk_s_per_s = options->rate_s_per_s;
    oscillator->phase = prng_unit(&oscillator->prng);
    oscillator->cell_end = true_time_from_s(oscillator->options.cell_s);
    next_cell(oscillator);
}

struct mono_time oscillator_read(struct oscillator *oscillator, struct true_time t)
{
    advance(oscillator, t);
    if (t.ns <= oscillator->cell.ns) {
        return (struct mono_time){oscillator->raw_ns}; /* stopped */
    }
    int64_t passed_ns = t.ns - oscillator->cell.ns;
    double extra_ns = oscillator->fraction_ns + (double)passed_ns * oscillator->rate_s_per_s;
    return (struct mono_time){oscillator->raw_ns + passed_ns + (int64_t)floor(extra_ns)};
}

double oscillator_rate(const struct oscillator *oscillator)
{
    return oscillator->rate_s_per_s;
}

double oscillator_warmth(const struct oscillator *oscillator)
{
    return oscillator->warmth;
}

void oscillator_shift(struct oscillator *oscillator, struct true_time t, double by_s_per_s)
{
    advance(oscillator, t);
    if (t.ns > oscillator->cell.ns) {
        settle(oscillator, t);
    }
    oscillator->walk_s_per_s += by_s_per_s;
    oscillator->rate_s_per_s += by_s_per_s;
}

void oscillator_stop(struct oscillator *oscillator, struct true_time t, struct true_time until)
{
    must(until.ns >= t.ns);
    advance(oscillator, t);
    if (t.ns > oscillator->cell.ns) {
        settle(oscillator, t);
    }
    oscillator->cell = until;
    oscillator->cell_end = true_time_after_s(until, oscillator->options.cell_s);
    next_cell(oscillator);
}
