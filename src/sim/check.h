/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - what must hold in every world at every step, whatever happens in it. */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/true_time.h"
#include "sim/utc_scale.h"
#include "wire/line.h"

/* X(constant, word, sentence) */
#define INVARIANT_LIST(X)                                                                          \
    X(BOUND, "bound", "the published bound holds the true error")                                  \
    X(SERVED, "served", "half the served root delay plus root dispersion holds the true error")    \
    X(LINE, "line", "the published line is well formed")                                           \
    X(OVERLAP, "overlap", "what is published next agrees with what was published before")          \
    X(RATE, "rate", "the clock is steered within maxslewrate and maxdrift")                        \
    X(STEP, "step", "no step after the start unless the clock was disturbed")                      \
    X(PRIVILEGE, "privilege", "a clock that may not be touched is not touched")                    \
    X(FLOOD, "flood", "at least 2 s between two requests to one public address")                   \
    X(LIVELOCK, "livelock", "the deadline is not in the past for ever")                            \
    X(RECURSION, "recursion", "an answer to an action does not lead to actions without end")       \
    X(OVERFLOW, "overflow", "what is under way at a time is limited")

enum invariant {
#define INVARIANT_ENUM(name, word, sentence) INVARIANT_##name,
    INVARIANT_LIST(INVARIANT_ENUM)
#undef INVARIANT_ENUM
        INVARIANT_COUNT
};

const char *invariant_word(enum invariant invariant);
const char *invariant_sentence(enum invariant invariant);

struct violation {
    enum invariant invariant;
    struct true_time when;
    double value, limit;
};

/* The checks of one node. */
struct check {
    struct period excused;        /* the bound cannot hold: the machine stood still unnoticed */
    struct true_time steps_until; /* the clock may be stepped before */
    uint64_t counts[INVARIANT_COUNT];
    struct violation first; /* when any count is not 0 */
    double worst_ratio;     /* largest |error| / bound published */
    struct time_line line;  /* published last */
    bool have_line;
    struct true_time busy_since; /* wakes in a row without sleeping */
    unsigned busy_wakes;
};

bool check_failed(const struct check *check);
void check_report(struct check *check, const struct violation *violation);

/* The instant of a check, in the clocks that matter. */
struct check_instant {
    struct true_time when;
    const struct utc_scale *utc;
    struct steady_time mono;
};

/*
 * How far `claimed` is from UTC, s.  Around a leap second, when the clocks of the world are a
 * second apart for good reasons, the nearer of the two readings counts.
 */
double check_error_s(const struct check_instant *at, struct utc_time claimed);

/* The line is what the node tells now; returns its error, s. */
double check_line(struct check *check, const struct check_instant *at,
                  const struct time_line *line);
/* The node replaces its published line by this one. */
void check_publish(struct check *check, const struct check_instant *at,
                   const struct time_line *line);
/* A reply with these root values left with this transmit timestamp. */
void check_served(struct check *check, const struct check_instant *at, struct utc_time transmit,
                  double root_distance_s);
/* The clock was steered to this rate against raw. */
void check_rate(struct check *check, struct true_time when, double rate_s_per_s, double limit);
void check_step(struct check *check, struct true_time when, double step_s);
/* A request to an address, `since_s` after the one before. */
void check_request(struct check *check, struct true_time when, double since_s, bool public);
/* The program woke; did it sleep before? */
void check_wake(struct check *check, struct true_time when, bool slept);

#endif
