/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.h - what the disciplined clock (REAL) did over the free-running one (RAW), as straight
 * pieces: REAL(R) = C + (R - from)(1 + rate), each valid until the next begins.
 *
 * Pieces are open-ended, so nothing is ever assumed about when a correction ends.  Instants are
 * kept to a fraction of a ns: a hundred thousand rate changes do not add up to a rounding error.
 */
#ifndef CORE_CLOCK_SEGMENT_H
#define CORE_CLOCK_SEGMENT_H

#include <stdbool.h>

#include "base/units.h"

enum { SEGMENTS_MAX = 64 };

enum segment_kind {
    SEGMENT_START,   /* measured; nothing is known about the time before */
    SEGMENT_RATE,    /* continues the one before at another rate */
    SEGMENT_ANCHOR,  /* the same, with a few ns of accumulated error taken out */
    SEGMENT_STEP,    /* stepped by us: both ends map exactly */
    SEGMENT_FOREIGN, /* moved by somebody else, or by a leap second or a suspend: measured */
};

/* An instant of the disciplined clock, finer than a ns: ns + fraction_ns, 0 <= fraction_ns < 1. */
struct fine_time {
    int64_t ns;
    double fraction_ns;
};

struct segment {
    struct mono_time from;             /* begins here ... */
    struct fine_time real;             /* ... with the disciplined clock at this */
    double rate_s_per_s;               /* gained per second of RAW */
    struct mono_time earliest, latest; /* when the change was really made lies between */
    enum segment_kind kind;
};

struct segments {
    struct segment ring[SEGMENTS_MAX];
    unsigned oldest, count;
};

enum candidate_count { CANDIDATE_NONE, CANDIDATE_ONE, CANDIDATE_SEVERAL };

/* Forget everything and begin with `first`. */
void segments_start(struct segments *segments, const struct segment *first);
/*
 * Append a piece; it must not begin before the newest.  One that begins with the newest replaces
 * what that says from there on, so that a clock that stands still between two calls (a simulator)
 * does no harm.
 */
void segments_append(struct segments *segments, const struct segment *next);
/* The newest piece; there is always one. */
const struct segment *segments_newest(const struct segments *segments);
struct segment *segments_newest_mutable(struct segments *segments);
/* The i-th piece, 0 being the oldest kept. */
const struct segment *segments_at(const struct segments *segments, unsigned i);
/* The piece in force at `raw`: the oldest one for all times before it. */
const struct segment *segments_in_force(const struct segments *segments, struct mono_time raw);

/* The disciplined clock at `raw`, by this piece alone. */
struct fine_time segment_real(const struct segment *segment, struct mono_time raw);
/* The inverse. */
struct mono_time segment_raw(const struct segment *segment, struct fine_time real);
/* a + b ns. */
struct fine_time fine_add(struct fine_time a, double b_ns);
/* a - b, ns. */
double fine_sub_ns(struct fine_time a, struct fine_time b);

/*
 * When the disciplined clock showed `real`, between `first` and `last`.  Around a step several
 * instants can have shown it, or none; where it can't be told whether the stamp was taken before
 * or after the step, the answer is CANDIDATE_SEVERAL.
 */
enum candidate_count segments_find(const struct segments *segments, struct utc_time real,
                                   struct mono_time first, struct mono_time last,
                                   struct mono_time *raw);

#endif
