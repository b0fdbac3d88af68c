/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units.h - time and frequency quantities as distinct types.
 *
 * Whatever can be confused with another quantity has its own struct, so that the
 * compiler refuses a wall-clock time where a free-running one is wanted.  Each
 * struct has one member, named after its unit.
 *
 * Sign, everywhere: offset = reference - local.  A positive offset means that the
 * local clock is slow; adding it to the local time gives the reference time
 * (RFC 5905, section 8).
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S INT64_C(1000000000)

/* Instant on the local free-running timescale (CLOCK_MONOTONIC_RAW); nobody steers or steps it. */
struct mono_time {
    int64_t ns;
};

/* Instant on CLOCK_MONOTONIC: steered in rate, never stepped; the axis of published time. */
struct steady_time {
    int64_t ns;
};

/* Instant on CLOCK_BOOTTIME: CLOCK_MONOTONIC plus the time spent suspended. */
struct boot_time {
    int64_t ns;
};

/* Instant on the UTC timescale, or what a clock claims it is: ns since 1970, leap seconds not
 * counted. */
struct utc_time {
    int64_t ns;
};

/* Signed length of time. */
struct duration {
    int64_t ns;
};

/* Fractional frequency: seconds gained per second.  ppm exists only in text. */
struct freq {
    double s_per_s;
};

/* NTP timestamp format: 32.32 seconds within an era (RFC 5905, section 6). */
struct ntp_ts {
    uint64_t raw;
};

/* NTP short format: 16.16 seconds (RFC 5905, section 6). */
struct ntp_short {
    uint32_t raw;
};

static inline struct duration mono_sub(struct mono_time a, struct mono_time b)
{
    return (struct duration){.ns = a.ns - b.ns};
}

static inline struct mono_time mono_add(struct mono_time t, struct duration d)
{
    return (struct mono_time){.ns = t.ns + d.ns};
}

static inline struct mono_time mono_min(struct mono_time a, struct mono_time b)
{
    return a.ns < b.ns ? a : b;
}

static inline double duration_to_s(struct duration d)
{
    return (double)d.ns * 1e-9;
}

/* Rounds to the nearest ns; values beyond +-292 years saturate, NaN becomes 0. */
static inline struct duration duration_from_s(double s)
{
    double ns = s * 1e9;

    if (ns >= 9.2e18) {
        return (struct duration){INT64_MAX};
    }
    if (ns <= -9.2e18) {
        return (struct duration){INT64_MIN};
    }
    if (!(ns == ns)) {
        return (struct duration){0};
    }
    return (struct duration){(int64_t)(ns < 0 ? ns - 0.5 : ns + 0.5)};
}

/* Seconds from b to a on the free-running timescale. */
static inline double mono_diff_s(struct mono_time a, struct mono_time b)
{
    return (double)(a.ns - b.ns) * 1e-9;
}

static inline double utc_diff_s(struct utc_time a, struct utc_time b)
{
    return (double)(a.ns - b.ns) * 1e-9;
}

/* Difference of two timestamps of unknown but nearby eras, in seconds. */
static inline double ntp_ts_diff_s(struct ntp_ts a, struct ntp_ts b)
{
    /* Subtract as integers first: a double holds only 53 of the 64 bits. */
    return (double)(int64_t)(a.raw - b.raw) * 0x1p-32;
}

/* Seconds from 1900 to 1970: the distance between the epochs of NTP and of utc_time. */
#define NTP_UNIX_EPOCH_S INT64_C(2208988800)

/* UTC as an NTP timestamp; the era is lost (RFC 5905, section 6). */
static inline struct ntp_ts ntp_ts_from_utc(struct utc_time t)
{
    int64_t s = t.ns / NS_PER_S;
    int64_t ns = t.ns % NS_PER_S;

    if (ns < 0) {
        ns += NS_PER_S;
        s--;
    }
    /* ns << 32 fits 62 bits; half a unit is added so that the conversion rounds. */
    return (struct ntp_ts){(uint64_t)(s + NTP_UNIX_EPOCH_S) << 32 |
                           (((uint64_t)ns << 32) + NS_PER_S / 2) / (uint64_t)NS_PER_S};
}

/* The instant nearest to `near` (within 68 years) that has this NTP timestamp. */
static inline struct utc_time utc_from_ntp_ts(struct ntp_ts t, struct utc_time near)
{
    int64_t diff = (int64_t)(t.raw - ntp_ts_from_utc(near).raw);
    int64_t s = diff >> 32; /* rounds towards minus infinity */
    uint64_t fraction = (uint64_t)diff & UINT32_MAX;

    return (struct utc_time){
        near.ns + s * NS_PER_S +
        (int64_t)((fraction * (uint64_t)NS_PER_S + (UINT64_C(1) << 31)) >> 32)};
}

static inline double ntp_short_to_s(struct ntp_short t)
{
    return (double)t.raw * 0x1p-16;
}

/* Rounds up, so that a bound stays a bound; saturates at both ends, NaN is the largest value. */
static inline struct ntp_short ntp_short_from_s_up(double s)
{
    double units = s * 0x1p16;

    if (units <= 0) {
        return (struct ntp_short){0};
    }
    if (!(units < 4294967295.0)) {
        return (struct ntp_short){UINT32_MAX};
    }
    uint32_t whole = (uint32_t)units;
    return (struct ntp_short){whole + ((double)whole < units)};
}

#endif
