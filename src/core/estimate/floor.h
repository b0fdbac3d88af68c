/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor.h - the shortest round trip of a path, over hours and over the last exchanges, and how
 * much the others exceed it.
 *
 * Times are round trips in seconds.  A floor is the least of what was seen, so the true one lies a
 * little below it: `gap_s` says how far on average.
 */
#ifndef CORE_ESTIMATE_FLOOR_H
#define CORE_ESTIMATE_FLOOR_H

#include <stdbool.h>

#include "base/units.h"

enum { FLOOR_RECENT = 32, FLOOR_HISTORY = 64 };

struct floor_track {
    double known_s;     /* told by the operator; 0: learnt */
    double bucket_s[2]; /* least of the previous and of the present bucket */
    unsigned in_bucket[2];
    struct mono_time bucket_opened;
    double history_s[FLOOR_HISTORY]; /* the latest round trips, as a ring */
    unsigned count;                  /* in the ring since it was last emptied, no limit */
    struct mono_time last;
    double interval_s; /* mean time between samples, lately */
    bool started;
};

struct floor_view {
    double floor_s;
    double jitter_s; /* mean excess of one way */
    double gap_s;    /* expected distance of the true floor below, one way */
};

/* known_s: configured floor, or 0. */
void floor_init(struct floor_track *track, double known_s);
/* The round trip of an accepted exchange; `when` must not go back. */
void floor_add(struct floor_track *track, struct mono_time when, double delay_s);
/* Over the last 2000 samples or more, 4 h or more; after floor_add(). */
struct floor_view floor_long(const struct floor_track *track, double precision_s);
/* Over the last 32 samples. */
struct floor_view floor_short(const struct floor_track *track, double precision_s);
/* Forget the latest round trips: they are of another time. */
void floor_clear_recent(struct floor_track *track);

#endif
