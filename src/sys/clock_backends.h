/* SPDX-License-Identifier: BSD-2-Clause */
/* clock_backends.h - what the kinds of disciplined clock share behind clock.h. */
#ifndef SYS_CLOCK_BACKENDS_H
#define SYS_CLOCK_BACKENDS_H

#include "sys/clock.h"

extern const struct clock_backend_ops clock_kernel_ops;
extern const struct clock_backend_ops clock_virtual_ops;

/* What timex can hold: `tick` in 100 ppm (at USER_HZ 100), `freq` in 2^-16 ppm. */
struct clock_setting {
    int64_t freq, tick_us;
};

/* Splits a rate; false: beyond the kernel's limit of 10 %. */
bool clock_setting_of(struct freq rate, struct clock_setting *out);

/* The refusals that all kinds have in common, for a clock that reads `now`. */
enum err clock_limits_rate(const struct clock_limits *limits, struct freq rate);
enum err clock_limits_step(const struct clock_limits *limits, struct utc_time now,
                           struct duration by);

#endif
