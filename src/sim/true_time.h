/* SPDX-License-Identifier: BSD-2-Clause */
/* true_time.h - the simulated world's own time, which no node in it can see. */
#ifndef SIM_TRUE_TIME_H
#define SIM_TRUE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

/* ns since the world began, uniform: neither leap seconds nor anybody's frequency change it. */
struct true_time {
    int64_t ns;
};

#define TRUE_TIME_NEVER ((struct true_time){INT64_MAX})

static inline struct true_time true_time_from_s(double s)
{
    return (struct true_time){duration_from_s(s).ns};
}

static inline double true_time_to_s(struct true_time t)
{
    return (double)t.ns * 1e-9;
}

/* `t` plus `s` seconds. */
static inline struct true_time true_time_after_s(struct true_time t, double s)
{
    return (struct true_time){t.ns + duration_from_s(s).ns};
}

static inline struct true_time true_time_min(struct true_time a, struct true_time b)
{
    return a.ns < b.ns ? a : b;
}

static inline struct true_time true_time_max(struct true_time a, struct true_time b)
{
    return a.ns > b.ns ? a : b;
}

/* A stretch of true time, `until` not included; all zero: never. */
struct period {
    struct true_time from, until;
};

static inline bool period_has(const struct period *period, struct true_time t)
{
    return period->from.ns <= t.ns && t.ns < period->until.ns;
}

#endif
