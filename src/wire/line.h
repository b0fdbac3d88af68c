/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.h - published time: one line on CLOCK_MONOTONIC with a bound that grows along it.
 *
 * Everybody who tells the time reads this line: the server, observers, the library, `noon now`.
 * CLOCK_MONOTONIC is never stepped, so nobody is far off while the system clock is being corrected.
 */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

/* Layout (sys/page.h) of the page RUNDIR/time, whose payload is a struct time_line as it lies in
 * memory.  Changes with every change of the struct. */
enum { TIME_LINE_LAYOUT = 0x6c696e31 };

struct time_line {
    struct steady_time from;       /* M0 */
    struct utc_time utc;           /* U0: UTC at M0 */
    double rate;                   /* g: utc(M) = U0 + (M - M0)(1 + g) */
    double bound_s;                /* |error| at M0 is at most this ... */
    double growth_s_per_s;         /* ... and grows at most by this for each second after */
    double sd_s;                   /* precision (one sigma) at M0: statistics, no promise */
    struct steady_time void_after; /* nothing is promised from here on: leap 3 */
    int64_t real_minus_mono_ns;    /* of the disciplined clock at M0: stamps are moved with it */
    int64_t tolerance_ns;          /* a reader who finds another difference meets a step */
    double root_delay_s;           /* to be announced (RFC 5905) */
    struct utc_time reference;     /* when the estimate was last renewed */
    uint32_t refid;
    uint32_t generation; /* counts publications */
    uint8_t leap;        /* enum ntp_leap; NTP_LEAP_UNSYNC: not synchronised */
    uint8_t stratum;     /* ours */
    int8_t precision_log2;
    bool synchronised;
    bool local; /* serves, but nobody vouches for it: no bound */
};

/* UTC by the line at `at`. */
struct utc_time line_utc(const struct time_line *line, struct steady_time at);
/* Bound on |line_utc - UTC| at `at`, s; infinity (1e9) when void or not synchronised. */
double line_bound_s(const struct time_line *line, struct steady_time at);
/* What to announce at `at` so that root_delay / 2 + root_dispersion covers the bound, s. */
double line_root_dispersion_s(const struct time_line *line, struct steady_time at);

#endif
