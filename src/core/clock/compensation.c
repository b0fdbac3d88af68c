/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/compensation.h"

#include <math.h>

/* What the corrected clock has gained since `from`, ns. */
static double gained_ns(const struct compensation *compensation, int64_t elapsed_ns)
{
    return compensation->fraction_ns + (double)elapsed_ns * compensation->rate_s_per_s;
}

void compensation_set(struct compensation *compensation, struct mono_time raw, struct freq rate)
{
    int64_t elapsed_ns = raw.ns - compensation->from.ns;
    double gained = gained_ns(compensation, elapsed_ns);
    double whole = floor(gained);

    compensation->then.ns += elapsed_ns + (int64_t)whole;
    compensation->fraction_ns = gained - whole;
    compensation->from = raw;
    compensation->rate_s_per_s = rate.s_per_s;
}

struct mono_time compensation_apply(const struct compensation *compensation, struct mono_time raw)
{
    int64_t elapsed_ns = raw.ns - compensation->from.ns;

    return (struct mono_time){compensation->then.ns + elapsed_ns +
                              (int64_t)floor(gained_ns(compensation, elapsed_ns))};
}

struct freq compensation_to_raw(const struct compensation *compensation, struct freq rate)
{
    double c = compensation->rate_s_per_s;

    return (struct freq){rate.s_per_s + c + rate.s_per_s * c};
}

struct freq compensation_from_raw(const struct compensation *compensation, struct freq rate)
{
    double c = compensation->rate_s_per_s;

    return (struct freq){(rate.s_per_s - c) / (1 + c)};
}
