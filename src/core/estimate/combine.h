/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * combine.h - one time and frequency from the sources that agree.
 *
 * Every path has an asymmetry that nobody can see; what can be seen is how far the sources differ.
 * So each source has a bias, learnt slowly against the others, and its weight grows as its bias
 * becomes known.  Losing or gaining a source then leaves time where it was: it may move by one
 * standard deviation at once, the rest follows over hours.
 *
 * The mean of all biases cannot be learnt: weighted by what the asymmetries may be, it is held at
 * zero, and time always inside the sources' intersection.
 */
#ifndef CORE_ESTIMATE_COMBINE_H
#define CORE_ESTIMATE_COMBINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"
#include "core/estimate/selection.h"

/* Linear in time like struct estimate; offsets in the node's frame. */
struct combined {
    struct mono_time when;
    double offset_s; /* UTC - (raw + frame base) at `when` */
    double freq_s_per_s;
    double var_offset_s2; /* statistical: what repeating the measurements would vary */
    double cov_s2_per_s;
    double var_freq;
    double wander;
    double sd_s;           /* root of var_offset_s2 */
    double asymmetry_sd_s; /* what unseen asymmetries may add, by their usual size */
    double lo_s, hi_s;     /* UTC is in here */
    double bound_s;        /* the farther of lo_s and hi_s from offset_s */
    unsigned sources;
};

/* What is kept between rounds. */
struct combiner {
    bool running;
    struct mono_time since; /* the first round */
    struct combined result; /* of the last round; nothing before the first */
    double carry_s;         /* what is still held back of a change of sources */
    double carry_s_per_s;   /* likewise of the frequency */
};

void combiner_init(struct combiner *combiner);
/*
 * One round, after selection_run() over the same candidates with the numbers of `now`: combines
 * those that it left SOURCE_SELECTED or SOURCE_COMBINED into combiner->result, and sets every
 * weight and bias.  False, with nothing changed but the biases of those who left, when there are
 * none.
 */
bool combiner_run(struct combiner *combiner, const struct selection_result *selection,
                  struct mono_time now, struct candidate *candidates, size_t count);
/* The frame base moved, or UTC - raw was disturbed: add this to what is kept. */
void combiner_shift(struct combiner *combiner, double offset_s);

#endif
