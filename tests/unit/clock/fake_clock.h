/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_clock.h - the kernel's clocks for tests, exact to 2^-16 ppm and less than a millionth of a
 * ns: REAL = RAW + origin + gained, where `gained` counts units of 1 / 65536e6 ns, as the kernel's
 * own frequency unit makes them.
 */
#ifndef TESTS_UNIT_CLOCK_FAKE_CLOCK_H
#define TESTS_UNIT_CLOCK_FAKE_CLOCK_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/clock/reading.h"

__extension__ typedef __int128 fake_wide;

#define FAKE_UNITS_PER_NS INT64_C(65536000000)
#define FAKE_EPOCH_NS INT64_C(1790000000000000000)

struct fake_clock {
    int64_t raw_ns;
    int64_t origin_ns;     /* REAL - RAW but for what was gained */
    fake_wide gained;      /* by rate, in units */
    int64_t rate_units;    /* of REAL against RAW, 2^-16 ppm */
    fake_wide mono_gained; /* MONO is steered, and never stepped */
    int64_t slept_ns;      /* BOOT - MONO */
    int64_t window_ns;
    bool mono_free; /* a simulator that does not steer MONO */
    uint64_t random;
};

static inline void fake_init(struct fake_clock *clock, int64_t raw_ns, int64_t window_ns)
{
    *clock = (struct fake_clock){.raw_ns = raw_ns,
                                 .origin_ns = FAKE_EPOCH_NS - raw_ns,
                                 .window_ns = window_ns,
                                 .random = 0x9e3779b97f4a7c15u};
}

/* Uniform in 0..below-1. */
static inline int64_t fake_random(struct fake_clock *clock, int64_t below)
{
    clock->random ^= clock->random << 13;
    clock->random ^= clock->random >> 7;
    clock->random ^= clock->random << 17;
    return (int64_t)(clock->random >> 1) % below;
}

static inline void fake_advance(struct fake_clock *clock, int64_t ns)
{
    clock->raw_ns += ns;
    clock->gained += (fake_wide)ns * clock->rate_units;
    clock->mono_gained += clock->mono_free ? 0 : (fake_wide)ns * clock->rate_units;
}

/* As clock_adjtime(): quantised; returns what is really in force. */
static inline struct freq fake_set_rate(struct fake_clock *clock, double s_per_s)
{
    clock->rate_units = llround(s_per_s * 65536e6);
    return (struct freq){(double)clock->rate_units / 65536e6};
}

static inline int64_t fake_units_to_ns(fake_wide units)
{
    fake_wide ns = units / FAKE_UNITS_PER_NS;

    return (int64_t)(units % FAKE_UNITS_PER_NS < 0 ? ns - 1 : ns);
}

/* REAL now, rounded down as the kernel does. */
static inline int64_t fake_real_ns(const struct fake_clock *clock)
{
    return clock->raw_ns + clock->origin_ns + fake_units_to_ns(clock->gained);
}

/* All clocks now; REAL is read somewhere within the window around RAW. */
static inline struct clock_reading fake_read(struct fake_clock *clock)
{
    int64_t w = clock->window_ns;
    int64_t read_at = w ? fake_random(clock, w + 1) : 0;
    struct clock_reading reading = {.window = {w}, .boot_known = true};

    reading.raw.ns = clock->raw_ns + w / 2;
    fake_advance(clock, read_at);
    reading.real.ns = fake_real_ns(clock);
    fake_advance(clock, w - read_at);
    reading.mono.ns = clock->raw_ns + fake_units_to_ns(clock->mono_gained);
    reading.boot.ns = reading.mono.ns + clock->slept_ns;
    return reading;
}

/* REAL and BOOT go on while RAW and MONO stand. */
static inline void fake_suspend(struct fake_clock *clock, int64_t ns)
{
    clock->origin_ns += ns;
    clock->slept_ns += ns;
}

#endif
