/* SPDX-License-Identifier: BSD-2-Clause */
/* prng.h - randomness of tests and benches: splitmix64 from a seed, and the laws built on it. */
#ifndef SUPPORT_PRNG_H
#define SUPPORT_PRNG_H

#include <math.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
    uint64_t z = prng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform in (0, 1). */
static inline double prng_unit(struct prng *prng)
{
    return ((double)(prng_next(prng) >> 11) + 0.5) * 0x1p-53;
}

/* Exponential with mean 1. */
static inline double prng_exponential(struct prng *prng)
{
    return -log(prng_unit(prng));
}

/* Gaussian with standard deviation 1 (Box and Muller; the second value is not kept). */
static inline double prng_normal(struct prng *prng)
{
    double radius = sqrt(2 * prng_exponential(prng));

    return radius * cos(6.283185307179586 * prng_unit(prng));
}

#endif
