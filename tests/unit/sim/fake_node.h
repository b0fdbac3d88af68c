/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_node.h - the simplest program that keeps a clock right, for tests of the world around it.
 *
 * It asks each literal source every 16 s, corrects by the last answer alone, and commits the crime
 * that options.min_sources names.
 */
#ifndef FAKE_NODE_H
#define FAKE_NODE_H

#include "sim/machine.h"

enum crime {
    CRIME_NONE,
    CRIME_NARROW_BOUND,   /* promises a nanosecond */
    CRIME_OLD_GENERATION, /* counts publications downwards */
    CRIME_CONTRADICTION,  /* publishes half a second off, with a bound to match, then right again */
    CRIME_HIGH_RATE,      /* steers by 20 % */
    CRIME_LATE_STEP,      /* steps at 400 s */
    CRIME_FLOOD,          /* asks every 1.5 s */
    CRIME_LIVELOCK,       /* its deadline is always in the past */
    CRIME_RECURSION,      /* answers every CLOCK_ADJUSTED with another STEER */
};

enum { FAKE_EVENTS_MAX = 400 };

/* What the tests look at. */
struct fake_node {
    const struct node_options *options;
    struct node_saved saved;
    struct mono_time next_poll;
    struct {
        struct stamp sent;
        uint32_t sequence;
        uint64_t nonce;
        unsigned stamps;
    } asked[8];
    struct time_line line;
    struct clock_reading last; /* of the last event */
    double correction_s;
    uint32_t sequence;
    unsigned polls, answers, refused, failures, resolved;
    bool half_second_off, stepped_late;
    struct event_resolved resolution;
    struct event_clock_adjusted adjusted;
    unsigned event_count;
    enum event_kind events[FAKE_EVENTS_MAX]; /* the first ones, in order */
};

extern const struct machine fake_machine;

#endif
