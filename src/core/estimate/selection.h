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
#include "core/estimate/candidate.h"
#include "core/estimate/sample.h"

enum { SELECTION_NONE = -1 };

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
    unsigned most;     /* the largest number of voters that agree, majority or not */
    double lo_s, hi_s; /* UTC is in here, if the majority is right, see selection_run() */
    uint8_t leap;      /* enum ntp_leap, by majority of the selected and combined */
    uint8_t reason;    /* enum node_reason; NODE_REASON_NONE when there is a selection */
};

void selection_init(struct selection *selection);
/*
 * Sort candidates into states and name the reference.  Pass every configured source, also those
 * that are not usable: a missing `require` is seen only so.  At most SELECTION_SOURCES_MAX.
 *
 * [lo_s, hi_s] is the intersection of those who agree when one of them lies within all others: so
 * nothing speaks against him.  Where intervals overlap in part only, one of three and more may be
 * wrong without being found out, and the interval is what all but one allow.
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
