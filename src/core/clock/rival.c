/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/rival.h"

#include <string.h>

#define MINUTE_NS (60 * NS_PER_S)
#define SAME_NS (10 * NS_PER_S)
#define FAST_NS (10 * MINUTE_NS)
#define SLOW_NS (240 * MINUTE_NS)
#define QUIET_NS (45 * MINUTE_NS)
#define QUIET_MAX_NS (360 * MINUTE_NS)

void rival_init(struct rival *rival)
{
    memset(rival, 0, sizeof *rival);
}

/* The n-th last that counted lies within `span` of now. */
static bool crowded(const struct rival *rival, unsigned n, int64_t span_ns, struct mono_time now)
{
    return rival->count >= n && now.ns - rival->seen[(rival->count - n) % RIVAL_SLOW].ns <= span_ns;
}

bool rival_seen(struct rival *rival, struct mono_time now)
{
    rival->last = now;
    if (rival->count > 0 && now.ns - rival->seen[(rival->count - 1) % RIVAL_SLOW].ns < SAME_NS) {
        return false;
    }
    rival->seen[rival->count % RIVAL_SLOW] = now;
    rival->count++;
    if (rival->backed_off ||
        !(crowded(rival, RIVAL_FAST, FAST_NS, now) || crowded(rival, RIVAL_SLOW, SLOW_NS, now))) {
        return false;
    }
    rival->backed_off = true;
    rival->relapses++;
    return true;
}

static int64_t quiet_ns(const struct rival *rival)
{
    int64_t quiet = QUIET_NS;

    for (unsigned i = 1; i < rival->relapses && quiet < QUIET_MAX_NS; i++) {
        quiet *= 2;
    }
    return quiet < QUIET_MAX_NS ? quiet : QUIET_MAX_NS;
}

bool rival_gone(struct rival *rival, struct mono_time now)
{
    if (!rival->backed_off || now.ns < rival_deadline(rival).ns) {
        return false;
    }
    rival->backed_off = false;
    rival->count = 0;
    return true;
}

struct mono_time rival_deadline(const struct rival *rival)
{
    if (!rival->backed_off) {
        return (struct mono_time){INT64_MAX};
    }
    return (struct mono_time){rival->last.ns + quiet_ns(rival)};
}

bool rival_forgive(struct rival *rival)
{
    bool backed_off = rival->backed_off;

    rival_init(rival);
    return backed_off;
}
