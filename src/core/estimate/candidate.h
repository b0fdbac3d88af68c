/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * candidate.h - one source in a round of judgement: what is known of it goes in, what becomes of it
 * comes out.  company.h, selection.h and combine.h fill it in turn.
 */
#ifndef CORE_ESTIMATE_CANDIDATE_H
#define CORE_ESTIMATE_CANDIDATE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

enum { SELECTION_SOURCES_MAX = 1024 };

/* What company_run() remembers of one source; the owner keeps it, zeroed for a new source. */
struct source_company {
    bool known;
    double place_s;      /* its offset against the others' when it joined */
    double var_place_s2; /* doubt of that */
    double floor_s;      /* of its path, then */
    double level_s;      /* as a stray: where it was last found to move ... */
    double calm_s;       /* ... and for how long it has not since */
    double forgiven_s;   /* what it moved as a stray that came to rest: still in its interval */
};

/* What the combination remembers of one source; the owner keeps it, zeroed for a new source. */
struct source_bias {
    double bias_s; /* source - combined, as far as it was learnt */
    double var_s2; /* doubt of it */
    bool member;   /* took part in the last round */
};

/* One source in a round of selection and combination; all offsets in the node's frame. */
struct candidate {
    uint16_t id; /* the same source has the same id in every round */
    /* From the estimate: candidate_fill(). */
    double offset_s; /* UTC - (raw + frame base), now */
    double freq_s_per_s;
    double sd_s;         /* of the offset, statistical only */
    double cov_s2_per_s; /* of offset and frequency, now */
    double var_freq;
    double wander;
    double half_width_s;    /* sound: UTC is within offset +- this */
    double floor_s;         /* round trip floor */
    double jitter_s;        /* mean queueing delay, one way */
    double root_distance_s; /* largest that the server announced lately */
    double dispersion_s;    /* of the server, as announced */
    /* From its history, company_run(): */
    double moved_s;    /* against the others, since it joined them ... */
    double moved_sd_s; /* ... with this deviation */
    double widened_s;  /* by this much its interval is wider for it */
    bool strays;       /* farther than an honest source does */
    uint8_t stratum;
    uint8_t leap; /* enum ntp_leap */
    bool prefer, noselect, trust, require;
    bool usable;   /* in: measured, reachable, near enough; when false, `state` stays as it is */
    bool drifts;   /* out: it leaves the others: by its frequency, or it strays */
    uint8_t state; /* in and out: enum source_state */
    double weight; /* out, by the combination: share, 0..1 */
    struct source_bias *bias;       /* borrowed, in and out, by the combination */
    struct source_company *company; /* likewise, by company_run(); NULL: has no history */
};

/* Do its numbers make sense? */
static inline bool candidate_is_sound(const struct candidate *c)
{
    return isfinite(c->offset_s) && isfinite(c->half_width_s) && c->half_width_s >= 0;
}

/* Measured, to be followed, and sound. */
static inline bool candidate_takes_part(const struct candidate *c)
{
    return c->usable && !c->noselect && candidate_is_sound(c);
}

#endif
