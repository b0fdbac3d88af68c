/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prng.h - the only randomness in a simulated world: splitmix64 from a seed.
 *
 * Every oscillator, path and server draws from a stream of its own, named by what it is for, so
 * that what one of them draws never depends on how often another was asked.
 */
#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t state;
    double spare; /* second half of a pair of normal draws */
    uint8_t have_spare;
};

/* What a stream is for; together with an index it names the stream. */
enum prng_purpose {
    PRNG_SCENARIO,
    PRNG_OSCILLATOR,
    PRNG_COMPUTER,
    PRNG_NODE,
    PRNG_PATH_THERE,
    PRNG_PATH_BACK,
    PRNG_SERVER,
    PRNG_DNS,
    PRNG_ATTACKER,
};

/* The stream of that purpose and index in the world of that seed. */
struct prng prng_stream(uint64_t seed, enum prng_purpose purpose, uint64_t index);

uint64_t prng_next(struct prng *prng);
/* Uniform in [0, 1). */
double prng_unit(struct prng *prng);
/* Uniform in [low, high). */
double prng_between(struct prng *prng, double low, double high);
/* Uniform in 0 .. count - 1. */
unsigned prng_below(struct prng *prng, unsigned count);
/* True with that probability. */
int prng_chance(struct prng *prng, double probability);
/* Mean 1, standard deviation 1. */
double prng_exponential(struct prng *prng);
/* Mean 0, standard deviation 1. */
double prng_normal(struct prng *prng);
/* Gamma distribution of that shape and scale 1: mean `shape`, variance `shape`. */
double prng_gamma(struct prng *prng, double shape);
/* Pareto's excess over its minimum (Lomax), scaled to mean 1; tail exponent `shape` > 1. */
double prng_pareto(struct prng *prng, double shape);

#endif
