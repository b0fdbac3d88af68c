/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/prng.h"

#include <math.h>

#include "base/fmath.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct prng prng_stream(uint64_t seed, enum prng_purpose purpose, uint64_t index)
{
    uint64_t name = mix((uint64_t)purpose << 32 ^ index) + UINT64_C(0x632be59bd9b4e019);

    return (struct prng){.state = mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ name)};
}

uint64_t prng_next(struct prng *prng)
{
    prng->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(prng->state);
}

double prng_unit(struct prng *prng)
{
    return (double)(prng_next(prng) >> 11) * 0x1p-53;
}

double prng_between(struct prng *prng, double low, double high)
{
    return low + (high - low) * prng_unit(prng);
}

unsigned prng_below(struct prng *prng, unsigned count)
{
    return (unsigned)((prng_next(prng) >> 32) * count >> 32);
}

int prng_chance(struct prng *prng, double probability)
{
    return probability > 0 && prng_unit(prng) < probability;
}

double prng_exponential(struct prng *prng)
{
    return -fmath_log(1 - prng_unit(prng));
}

/* Marsaglia's polar method: needs neither sine nor cosine. */
double prng_normal(struct prng *prng)
{
    double x, y, square, scale;

    if (prng->have_spare) {
        prng->have_spare = 0;
        return prng->spare;
    }
    do {
        x = 2 * prng_unit(prng) - 1;
        y = 2 * prng_unit(prng) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    scale = sqrt(-2 * fmath_log(square) / square);
    prng->spare = y * scale;
    prng->have_spare = 1;
    return x * scale;
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables" (2000). */
double prng_gamma(struct prng *prng, double shape)
{
    double boost = 1;

    if (shape < 1) {
        boost = fmath_exp(fmath_log(1 - prng_unit(prng)) / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3;
    double c = 1 / sqrt(9 * d);
    for (;;) {
        double x = prng_normal(prng);
        double v = 1 + c * x;
        if (v <= 0) {
            continue;
        }
        v = v * v * v;
        if (fmath_log(1 - prng_unit(prng)) < x * x / 2 + d - d * v + d * fmath_log(v)) {
            return boost * d * v;
        }
    }
}

double prng_pareto(struct prng *prng, double shape)
{
    double excess = fmath_exp(-fmath_log(1 - prng_unit(prng)) / shape) - 1;

    return excess * (shape - 1);
}
