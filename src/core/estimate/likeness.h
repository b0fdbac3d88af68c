/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * likeness.h - do successive samples err alike?
 *
 * The estimate takes each sample for a new draw.  Where a queue outlives the distance between two
 * samples (bursts, fast polls, a host under load), they repeat each other, and the estimate would
 * claim to know more than they say.  Two correlations of neighbours show it, both zero otherwise:
 * that of the moves which samples make the estimate do (a filter that is right moves without
 * memory), and that of the samples' places within their intervals.
 */
#ifndef CORE_ESTIMATE_LIKENESS_H
#define CORE_ESTIMATE_LIKENESS_H

/* Mean of squares and of products of neighbours. */
struct likeness_of {
    double last;
    double square;
    double product;
};

/* Zeroed at the start. */
struct likeness {
    struct likeness_of moves, places;
    double mean_place; /* asymmetric queueing makes places lean, which is no likeness */
    unsigned count;
};

struct likeness_found {
    double moves;  /* one that is right varies by so much, as a factor of its variance, >= 1 */
    double places; /* so many samples say as much as one, >= 1 */
};

/*
 * A sample: how far it moved the estimate, in standard deviations of what was predicted, and where
 * in its interval the prediction lay, -1 .. 1.
 */
void likeness_add(struct likeness *likeness, double move, double place);
struct likeness_found likeness_find(const struct likeness *likeness);

#endif
