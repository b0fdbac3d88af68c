/* SPDX-License-Identifier: BSD-2-Clause */
/* utc_scale.h - true time as UTC, with at most one leap second, as POSIX counts it. */
#ifndef SIM_UTC_SCALE_H
#define SIM_UTC_SCALE_H

#include <stdbool.h>

#include "sim/true_time.h"

struct utc_scale {
    struct utc_time epoch;   /* UTC when the world begins */
    int leap;                /* +1: a second is inserted, -1: deleted, 0: none */
    struct utc_time day_end; /* the midnight at which it happens */
};

/* True time of the leap: when POSIX time jumps (inserted: at midnight; deleted: 1 s before). */
static inline struct true_time utc_scale_leap_at(const struct utc_scale *scale)
{
    int64_t reached_ns = scale->day_end.ns - scale->epoch.ns;

    return (struct true_time){scale->leap < 0 ? reached_ns - NS_PER_S : reached_ns};
}

static inline struct utc_time utc_scale_at(const struct utc_scale *scale, struct true_time t)
{
    bool leapt = scale->leap != 0 && t.ns >= utc_scale_leap_at(scale).ns;

    return (struct utc_time){scale->epoch.ns + t.ns - (leapt ? scale->leap * NS_PER_S : 0)};
}

#endif
