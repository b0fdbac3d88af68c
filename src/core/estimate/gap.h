/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gap.h - how far the true floor lies below the shortest round trip that was seen.
 *
 * Of n round trips the shortest exceeds the floor by about J / sqrt(n), since both ways must be
 * quick at once.  But each way alone is quick far more often, and shows it by where the measured
 * offsets lie in their intervals: with the estimate known, the floor follows to about J / n.  The
 * belief is a grid; each exchange says that a lower floor is less likely, unless it is needed to
 * make room for the estimated offset.
 */
#ifndef CORE_ESTIMATE_GAP_H
#define CORE_ESTIMATE_GAP_H

enum { GAP_POINTS = 24 };

struct gap {
    double half_floor_s; /* half of the shortest round trip: the upper end of the grid */
    double width_s;      /* of the grid */
    double log_weight[GAP_POINTS];
    double mean_s; /* half-floor below the upper end, expected */
    double sd_s;
    unsigned count;
};

/* An exchange against what was predicted. */
struct gap_evidence {
    double half_delay_s;
    double miss_s;     /* measured - predicted offset */
    double sd_s;       /* of the prediction, and of the stamps */
    double rate_per_s; /* sum of the inverse mean delays of both ways */
};

void gap_init(struct gap *gap);
/* The shortest round trip and the usual gap for as many samples; moves the grid when needed. */
void gap_follow(struct gap *gap, double half_floor_s, double usual_s);
void gap_add(struct gap *gap, const struct gap_evidence *evidence);

#endif
