/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/segment.h"

#include <math.h>
#include <stddef.h>

#include "base/must.h"

struct fine_time fine_add(struct fine_time a, double b_ns)
{
    double sum = a.fraction_ns + b_ns;
    double whole = floor(sum);
    double fraction = sum - whole;

    /* floor() of a tiny negative number leaves exactly 1. */
    if (fraction >= 1) {
        fraction = 0;
        whole += 1;
    }
    return (struct fine_time){a.ns + (int64_t)whole, fraction};
}

double fine_sub_ns(struct fine_time a, struct fine_time b)
{
    return (double)(a.ns - b.ns) + (a.fraction_ns - b.fraction_ns);
}

struct fine_time segment_real(const struct segment *segment, struct mono_time raw)
{
    int64_t elapsed = raw.ns - segment->from.ns;
    struct fine_time t = {segment->real.ns + elapsed, segment->real.fraction_ns};

    /* Only the small product is a double: whole seconds stay integers. */
    return fine_add(t, (double)elapsed * segment->rate_s_per_s);
}

struct mono_time segment_raw(const struct segment *segment, struct fine_time real)
{
    int64_t elapsed = real.ns - segment->real.ns;
    double fraction = real.fraction_ns - segment->real.fraction_ns;
    /* (elapsed + fraction) / (1 + rate), less the integer part that is already there. */
    double less =
        ((double)elapsed * segment->rate_s_per_s - fraction) / (1 + segment->rate_s_per_s);

    return (struct mono_time){segment->from.ns + elapsed - (int64_t)floor(less + 0.5)};
}

static unsigned slot(const struct segments *segments, unsigned i)
{
    return (segments->oldest + i) % SEGMENTS_MAX;
}

void segments_start(struct segments *segments, const struct segment *first)
{
    must(first->rate_s_per_s > -0.5 && first->rate_s_per_s < 0.5);
    segments->oldest = 0;
    segments->count = 1;
    segments->ring[0] = *first;
}

const struct segment *segments_at(const struct segments *segments, unsigned i)
{
    must(i < segments->count);
    return &segments->ring[slot(segments, i)];
}

const struct segment *segments_newest(const struct segments *segments)
{
    must(segments->count > 0);
    return segments_at(segments, segments->count - 1);
}

struct segment *segments_newest_mutable(struct segments *segments)
{
    must(segments->count > 0);
    return &segments->ring[slot(segments, segments->count - 1)];
}

static bool is_jump(const struct segment *segment)
{
    return segment->kind == SEGMENT_STEP || segment->kind == SEGMENT_FOREIGN;
}

/* A piece of no length is never in force; what was said about its beginning stays true. */
static void replace_newest(struct segment *newest, const struct segment *next)
{
    newest->real = next->real;
    newest->rate_s_per_s = next->rate_s_per_s;
    if (!is_jump(next)) {
        return;
    }
    if (!is_jump(newest)) {
        newest->earliest = next->earliest;
        newest->latest = next->latest;
    }
    newest->kind = next->kind;
    newest->earliest = mono_min(newest->earliest, next->earliest);
    if (next->latest.ns > newest->latest.ns) {
        newest->latest = next->latest;
    }
}

void segments_append(struct segments *segments, const struct segment *next)
{
    struct segment *newest = segments_newest_mutable(segments);

    must(next->rate_s_per_s > -0.5 && next->rate_s_per_s < 0.5);
    must(next->from.ns >= newest->from.ns);
    if (next->from.ns == newest->from.ns) {
        replace_newest(newest, next);
        return;
    }
    if (segments->count == SEGMENTS_MAX) {
        segments->oldest = (segments->oldest + 1) % SEGMENTS_MAX;
        segments->count--;
    }
    segments->ring[slot(segments, segments->count)] = *next;
    segments->count++;
}

const struct segment *segments_in_force(const struct segments *segments, struct mono_time raw)
{
    unsigned i = segments->count - 1;

    while (i > 0 && segments_at(segments, i)->from.ns > raw.ns) {
        i--;
    }
    return segments_at(segments, i);
}

/*
 * Where a piece may have been in force.  Beyond a jump at either end, it is carried on over the
 * time in which the jump was made: a stamp from there belongs to the one side or to the other.
 */
struct reach {
    struct mono_time first, last;
};

static struct reach reach_of(const struct segment *segment, const struct segment *next,
                             struct mono_time last)
{
    struct reach reach = {segment->from, last};

    if (is_jump(segment)) {
        reach.first = mono_min(segment->from, segment->earliest);
    }
    if (next) {
        reach.last = next->from;
        if (is_jump(next) && next->latest.ns > next->from.ns) {
            reach.last = next->latest;
        }
    }
    return reach;
}

/* Does the piece show `real` within its reach?  Between continuous pieces the value decides, not
 * the rounded instant, so that exactly one of the two answers. */
static bool shows(const struct segment *segment, const struct segment *next, struct fine_time real,
                  struct mono_time last, struct mono_time *raw)
{
    struct reach reach = reach_of(segment, next, last);
    bool continues = !is_jump(segment) && segment->kind != SEGMENT_START;

    *raw = segment_raw(segment, real);
    if (continues ? fine_sub_ns(real, segment->real) < 0 : raw->ns < reach.first.ns) {
        return false;
    }
    if (next && !is_jump(next)) {
        if (fine_sub_ns(real, next->real) >= 0) {
            return false;
        }
        *raw = mono_min(*raw, next->from);
        return true;
    }
    return raw->ns <= reach.last.ns;
}

static bool near_jump(const struct segment *segment, struct mono_time raw)
{
    return segment && is_jump(segment) && raw.ns >= segment->earliest.ns &&
           raw.ns <= segment->latest.ns;
}

enum candidate_count segments_find(const struct segments *segments, struct utc_time real,
                                   struct mono_time first, struct mono_time last,
                                   struct mono_time *raw)
{
    enum candidate_count found = CANDIDATE_NONE;
    struct fine_time fine = {real.ns, 0};

    for (unsigned i = 0; i < segments->count; i++) {
        const struct segment *segment = segments_at(segments, i);
        const struct segment *next = i + 1 < segments->count ? segments_at(segments, i + 1) : NULL;
        struct mono_time candidate;

        if (!shows(segment, next, fine, last, &candidate) || candidate.ns < first.ns ||
            candidate.ns > last.ns) {
            continue;
        }
        if (found != CANDIDATE_NONE || near_jump(segment, candidate) ||
            near_jump(next, candidate)) {
            return CANDIDATE_SEVERAL;
        }
        found = CANDIDATE_ONE;
        *raw = candidate;
    }
    return found;
}
