/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schedule.h - when to ask a server next.
 *
 * Start: the first request comes at random within a moment (a fleet that restarts at once), then
 * intervals grow with the time since the start until they reach the poll interval:
 *
 *   iburst, private address    4 requests 0.25 s apart, then t/6, at least 0.5 s: <= 32 in 64 s;
 * t/4 iburst, public address     8 requests 2.125 s apart, then t/6, at least 8 s; after 64 s, t/4
 *   without iburst             t/4, at least 8 s
 *
 * (Public servers drop what comes within 2 s, or more often than every 8 s on average.)  After that
 * requests fall on a grid that all sources of a node share, so that it wakes once for all of them;
 * the interval is 2^poll s, or by up to three quarters longer, and follows the uncertainty of the
 * estimate.
 */
#ifndef CORE_CLIENT_SCHEDULE_H
#define CORE_CLIENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "core/estimate/sample.h"
#include "core/node/options.h"

enum { SCHEDULE_POLL_MAX = 17, SCHEDULE_NO_FLOOR = INT8_MIN };

struct schedule {
    const struct source_options *options; /* borrowed */
    struct mono_time next;                /* when to ask */
    struct mono_time last;                /* when it was asked */
    struct mono_time ramp_from;
    int64_t phase_ns;     /* of the grid */
    int8_t poll;          /* present interval, log2 s ... */
    uint8_t quarters;     /* ... and by so many quarters of it longer, 0..3 */
    int8_t rate_floor;    /* since the server asked for fewer requests: never below */
    int8_t ceiling;       /* above it nothing is gained: never above, but for the floor */
    bool private_path;    /* nobody's public server: may be asked more often */
    bool asked;           /* `last` is valid */
    bool ramping;         /* start is not over */
    bool presented;       /* the request that opens the path has gone */
    uint16_t ramp_sent;   /* requests since ramp_from */
    uint8_t quick_left;   /* requests of a burst still to come */
    uint8_t quick_good;   /* usable replies that end it early */
    uint8_t quick_credit; /* how many the next suspicion may cost */
    uint8_t hurried;      /* requests in a row that came before their interval */
    uint8_t grow, shrink; /* verdicts in a row for another interval */
    uint8_t added_count;  /* samples that log_added is the mean of */
    double log_added;     /* ln of what an interval adds, in standard deviations */
};

/* How a schedule begins. */
struct schedule_start {
    const struct source_options *options; /* borrowed until schedule_options() */
    struct mono_time now;
    bool private_path; /* see address_is_private() */
    int64_t phase_ns;  /* random, but the same for all sources of a node */
    uint64_t random;
};

void schedule_init(struct schedule *schedule, const struct schedule_start *start);

/* Other options (a reload): limits hold at once, the rest goes on. */
void schedule_options(struct schedule *schedule, const struct source_options *options);

/* The start begins again, for a source that has just become usable for the first time. */
void schedule_restart(struct schedule *schedule, struct mono_time now, uint64_t random);

/* Is the next request one that only opens the path (`presend`), its reply not to be measured? */
bool schedule_presends(const struct schedule *schedule);

/* A request was sent; `silent`: how many before it got no reply, in a row.  Sets `next`. */
void schedule_sent(struct schedule *schedule, struct mono_time now, unsigned silent);

/* A usable sample came: a burst may end. */
void schedule_good(struct schedule *schedule);

/*
 * Choose the interval by what is gained and lost: longer while what frequency and wander add to the
 * doubt over one interval is small beside what filtering leaves (the estimate's standard
 * deviation), shorter when it is plainly larger; a mean over the last samples, scaled by
 * polltarget.  With an accuracy target (s; 0: none) as long as the target allows.  When one
 * interval adds many times the usual, as after a jump, only the next request comes sooner.  Called
 * after each sample.
 */
void schedule_adapt(struct schedule *schedule, const struct estimate *estimate,
                    double accuracy_target_s);

/* No interval longer than that, s, if minpoll allows; 0: as the options say. */
void schedule_limit(struct schedule *schedule, double longest_s);
/* The present interval, s. */
double schedule_interval_s(const struct schedule *schedule);

/* A sample contradicts the estimate: ask up to 3 times at short distance, then as before. */
void schedule_suspect(struct schedule *schedule, struct mono_time now);

/* Ask up to `requests` times at short distance, until `good` usable samples have come. */
void schedule_burst(struct schedule *schedule, struct mono_time now, uint8_t good,
                    uint8_t requests);

/* Ask once, as soon as it is decent (the network has changed, the source is online again). */
void schedule_soon(struct schedule *schedule, struct mono_time now);

/* The server asked for fewer requests: the interval doubles and never becomes shorter again. */
void schedule_rate_limited(struct schedule *schedule, struct mono_time now);
/* It had asked so before a restart of this program: `poll_floor` (log2 s) holds again. */
void schedule_restore_floor(struct schedule *schedule, int8_t poll_floor);

#endif
