/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * company.h - do the sources stay together over time?
 *
 * All of them measure one oscillator, so those who tell the truth keep their distances from each
 * other, however wide their intervals are.  One who leaves the others slowly stays inside his
 * interval for hours and drags the intersection along: only the history of his phase against the
 * majority's shows it, and long before.
 *
 * What a source has moved against the others, and might have without their seeing it, widens its
 * interval, so that the bound holds while nobody can say yet who moved: a near source is vouched
 * for no better than the others can see it.  Who moved farther than noise and his own announcements
 * explain is a stray.
 */
#ifndef CORE_ESTIMATE_COMPANY_H
#define CORE_ESTIMATE_COMPANY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"
#include "core/estimate/candidate.h"

/* What is kept between rounds; zeroed at the start. */
struct company {
    bool running;
    struct mono_time last;
};

/*
 * One round, before selection_run() over the same candidates with the numbers of `now`: sets
 * moved_s, moved_sd_s, widened_s and strays of each that takes part, and clears those of the rest.
 */
void company_run(struct company *company, struct mono_time now, struct candidate *candidates,
                 size_t count);

#endif
