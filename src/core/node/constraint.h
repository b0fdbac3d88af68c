/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * constraint.h - when HTTPS servers are asked for the date, and what their answers say: the median
 * of all is right to within minutes, and no source is believed that says otherwise.
 *
 * TLS says who tells the time, which NTP without keys does not; a date is too coarse to follow, but
 * whoever answers in a server's place can lie by no more than the margin.
 */
#ifndef CORE_NODE_CONSTRAINT_H
#define CORE_NODE_CONSTRAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "core/node/options.h"
#include "wire/date.h"

enum { CONSTRAINT_VOTES = 64, CONSTRAINT_MARGIN_S = 120 };

/* One line. */
struct constraint_line {
    uint32_t query; /* the last one; 0: none */
    bool waits;     /* nothing has come back for it */
    bool told;      /* it has answered, or failed, since the start */
    unsigned failures;
    uint8_t result; /* enum date_result of the last answer */
    struct mono_time asked, due;
};

/* What one server said. */
struct constraint_vote {
    uint8_t line;
    struct address server;
    int64_t ahead_ns; /* UTC - raw */
    struct mono_time when;
};

struct constraints {
    struct mono_time started;
    size_t count; /* lines */
    struct constraint_line lines[CONSTRAINTS_MAX];
    unsigned vote_count;
    struct constraint_vote votes[CONSTRAINT_VOTES];
    bool known;
    int64_t median_ns; /* UTC - raw */
    struct mono_time newest;
    unsigned voting; /* votes behind the median */
    uint32_t failures, rejections;
    bool told_known;
};

void constraints_init(struct constraints *constraints, size_t count, struct mono_time now);

/* The next line that is due; its number, or `count` when none is. */
size_t constraints_due(struct constraints *constraints, struct mono_time now);
void constraints_asked(struct constraints *constraints, size_t line, uint32_t query,
                       struct mono_time now);
struct mono_time constraints_deadline(const struct constraints *constraints);

/* Takes an answer.  Returns its line, or `count` when nobody has asked. */
size_t constraints_take(struct constraints *constraints, const struct date_answer *answer,
                        struct mono_time now);

/* Is it time to judge by them?  Slow servers are waited for, but not for long. */
bool constraints_known(struct constraints *constraints, struct mono_time now);
/* How far a time is from what they say now, s; the margin is larger the older they are. */
double constraints_distance_s(const struct constraints *constraints, struct utc_time time,
                              struct mono_time now);
double constraints_margin_s(const struct constraints *constraints, struct mono_time now);

/* A source contradicts them: ask again, unless that has just been done. */
void constraints_doubt(struct constraints *constraints, struct mono_time now);
/* The free-running clock stood still. */
void constraints_slept(struct constraints *constraints, struct duration by);

#endif
