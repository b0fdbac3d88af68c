/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selection.h - which sources to believe.
 *
 * Each source swears that UTC lies in an interval.  Those that share the intersection of the
 * largest majority are truechimers, the others are falsetickers (Marzullo's algorithm, as in RFC
 * 5905, section 11.2.1).  With no majority nobody is believed.
 */
#ifndef CORE_ESTIMATE_SELECTION_H
#define CORE_ESTIMATE_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "core/estimate/sample.h"

enum { SELECTION_NONE = -1, SELECTION_SOURCES_MAX = 1024 };

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
    double half_width_s; /* sound: UTC is within offset +- this */
    double floor_s;      /* round trip floor */
    double dispersion_s; /* of the server, as announced */
    uint8_t stratum;
    uint8_t leap; /* enum ntp_leap */
    bool prefer, noselect, trust, require;
    bool usable;   /* in: measured, reachable, near enough; when false, `state` stays as it is */
    bool drifts;   /* out: its frequency is not the others' */
    uint8_t state; /* in and out: enum source_state */
    double weight; /* out, by the combination: share, 0..1 */
    struct source_bias *bias; /* borrowed, in and out, by the combination */
};

struct selection_options {
    int min_sources;         /* agreeing ones that it takes */
    double combine_limit;    /* combine what is at most this times as far as the best; 0: none */
    double reselect_dist_s;  /* a challenger must be nearer by this ... */
    double stratum_weight_s; /* distance added per stratum */
};

/* What is kept between rounds. */
struct selection {
    int selected_id; /* SELECTION_NONE: none */
    int challenger_id;
    unsigned challenger_rounds; /* ... this often in a row */
};

struct selection_result {
    int selected;      /* index of the candidate that names the reference; SELECTION_NONE */
    unsigned usable;   /* candidates that took part in the vote */
    unsigned agreeing; /* of these, truechimers */
    double lo_s, hi_s; /* UTC is in here, if the majority is right; the node's frame */
    uint8_t leap;      /* enum ntp_leap, by majority of the selected and combined */
    uint8_t reason;    /* enum node_reason; NODE_REASON_NONE when there is a selection */
};

void selection_init(struct selection *selection);
/*
 * Sort candidates into states and name the reference.  Pass every configured source, also those
 * that are not usable: a missing `require` is seen only so.  At most SELECTION_SOURCES_MAX.
 */
struct selection_result selection_run(struct selection *selection,
                                      const struct selection_options *options,
                                      struct candidate *candidates, size_t count);

/* How fast the bound of a source grows that nobody asks, beyond its statistics. */
struct bound_growth {
    double rate_s_per_s; /* of the oscillator's class, 1 ppm */
    double precision_s;  /* of the timestamps */
};

/*
 * Half-width of the interval around estimate_offset_at(at) that holds UTC whatever the path's
 * asymmetry: largest root distance + floor / 2 + 5 sd + growth since the last sample + precision.
 */
double estimate_half_width(const struct estimate *estimate, struct mono_time at,
                           const struct bound_growth *growth);
/* Fill a candidate's numbers from an estimate carried on to `at`. */
void candidate_fill(struct candidate *candidate, const struct estimate *estimate,
                    struct mono_time at, const struct bound_growth *growth);

#endif
