/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/constraint.h"

#include <math.h>
#include <string.h>

enum {
    AGAIN_S = 900, /* after an answer */
    RETRY_S = 2,   /* after a failure, and twice as long after the next ... */
    RETRY_MOST_S = 512,
    TIME_OUT_S = 60,    /* of a question: noon-helper is gone */
    PATIENCE_S = 10,    /* with slow servers, from the start on */
    DOUBT_S = 60,       /* a doubt is no reason to ask more often */
    STALE_S = 2 * 3600, /* a vote that much older than the newest one no longer counts */
};

static const double drift_s_per_s = 5e-4; /* of the free-running clock, at most */

static struct mono_time later(struct mono_time now, int64_t s)
{
    return mono_add(now, (struct duration){s * NS_PER_S});
}

void constraints_init(struct constraints *constraints, size_t count, struct mono_time now)
{
    memset(constraints, 0, sizeof *constraints);
    constraints->started = now;
    constraints->count = count < CONSTRAINTS_MAX ? count : CONSTRAINTS_MAX;
    for (size_t i = 0; i < constraints->count; i++) {
        constraints->lines[i].due = now;
    }
}

static void fail(struct constraints *constraints, struct constraint_line *line,
                 enum date_result result, struct mono_time now)
{
    int64_t wait_s = RETRY_MOST_S;

    line->waits = false;
    line->told = true;
    line->result = (uint8_t)result;
    line->failures++;
    constraints->failures++;
    if (line->failures < 9) {
        wait_s = (int64_t)RETRY_S << (line->failures - 1);
    }
    line->due = later(now, wait_s);
}

size_t constraints_due(struct constraints *constraints, struct mono_time now)
{
    for (size_t i = 0; i < constraints->count; i++) {
        struct constraint_line *line = &constraints->lines[i];

        if (line->waits && line->due.ns <= now.ns) {
            fail(constraints, line, DATE_SLOW, now);
        }
        if (line->due.ns <= now.ns) {
            return i;
        }
    }
    return constraints->count;
}

void constraints_asked(struct constraints *constraints, size_t index, uint32_t query,
                       struct mono_time now)
{
    struct constraint_line *line = &constraints->lines[index];

    line->query = query;
    line->waits = true;
    line->asked = now;
    line->due = later(now, TIME_OUT_S);
}

struct mono_time constraints_deadline(const struct constraints *constraints)
{
    struct mono_time deadline = {INT64_MAX};

    for (size_t i = 0; i < constraints->count; i++) {
        deadline = mono_min(deadline, constraints->lines[i].due);
    }
    if (!constraints->known && constraints->vote_count > 0) {
        deadline = mono_min(deadline, later(constraints->started, PATIENCE_S));
    }
    return deadline;
}

/* By what numbers of votes are sorted. */
static void insert(int64_t *sorted, unsigned count, int64_t value)
{
    for (; count > 0 && sorted[count - 1] > value; count--) {
        sorted[count] = sorted[count - 1];
    }
    sorted[count] = value;
}

static void count_votes(struct constraints *constraints)
{
    int64_t sorted[CONSTRAINT_VOTES] = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < constraints->vote_count; i++) {
        const struct constraint_vote *vote = &constraints->votes[i];

        if (constraints->newest.ns - vote->when.ns <= STALE_S * NS_PER_S) {
            insert(sorted, count++, vote->ahead_ns);
        }
    }
    constraints->voting = count;
    if (count > 0) {
        int64_t low = sorted[(count - 1) / 2], high = sorted[count / 2];

        constraints->median_ns = low + (high - low) / 2;
    }
}

/* The place of this server's vote: its former one, a free one, or the oldest. */
static struct constraint_vote *place(struct constraints *constraints, size_t line,
                                     const struct address *server)
{
    struct constraint_vote *oldest = &constraints->votes[0];

    for (unsigned i = 0; i < constraints->vote_count; i++) {
        struct constraint_vote *vote = &constraints->votes[i];

        if (vote->line == line && address_equal(&vote->server, server)) {
            return vote;
        }
        oldest = vote->when.ns < oldest->when.ns ? vote : oldest;
    }
    return constraints->vote_count < CONSTRAINT_VOTES
               ? &constraints->votes[constraints->vote_count++]
               : oldest;
}

size_t constraints_take(struct constraints *constraints, const struct date_answer *answer,
                        struct mono_time now)
{
    size_t index = 0;

    while (index < constraints->count &&
           (answer->query == 0 || constraints->lines[index].query != answer->query)) {
        index++;
    }
    if (index == constraints->count) {
        return index;
    }
    struct constraint_line *line = &constraints->lines[index];
    if (answer->result != DATE_OK) {
        /* Of several addresses one that answers is enough; the first one decides. */
        if (line->waits) {
            fail(constraints, line, answer->result, now);
        }
        return index;
    }
    /* The date is that of a second somewhere between request and answer. */
    int64_t middle_ns = now.ns - (int64_t)answer->took_us * 1000 / 2;
    *place(constraints, index, &answer->server) = (struct constraint_vote){
        .line = (uint8_t)index,
        .server = answer->server,
        .ahead_ns = answer->date.ns + NS_PER_S / 2 - middle_ns,
        .when = now,
    };
    line->waits = false;
    line->told = true;
    line->failures = 0;
    line->result = DATE_OK;
    line->due = later(now, AGAIN_S);
    constraints->newest = now;
    count_votes(constraints);
    return index;
}

bool constraints_known(struct constraints *constraints, struct mono_time now)
{
    bool all = true;

    if (constraints->known || constraints->vote_count == 0) {
        return constraints->known;
    }
    for (size_t i = 0; i < constraints->count; i++) {
        all = all && constraints->lines[i].told;
    }
    constraints->known = all || now.ns - constraints->started.ns >= PATIENCE_S * NS_PER_S;
    return constraints->known;
}

double constraints_distance_s(const struct constraints *constraints, struct utc_time time,
                              struct mono_time now)
{
    return utc_diff_s(time, (struct utc_time){constraints->median_ns + now.ns});
}

double constraints_margin_s(const struct constraints *constraints, struct mono_time now)
{
    return CONSTRAINT_MARGIN_S + drift_s_per_s * fmax(0, mono_diff_s(now, constraints->newest));
}

void constraints_doubt(struct constraints *constraints, struct mono_time now)
{
    for (size_t i = 0; i < constraints->count; i++) {
        struct constraint_line *line = &constraints->lines[i];

        if (now.ns - line->asked.ns >= DOUBT_S * NS_PER_S && line->result == DATE_OK) {
            line->due = now;
        }
    }
}

void constraints_slept(struct constraints *constraints, struct duration by)
{
    for (unsigned i = 0; i < constraints->vote_count; i++) {
        constraints->votes[i].ahead_ns += by.ns;
    }
    constraints->median_ns += by.ns;
}
