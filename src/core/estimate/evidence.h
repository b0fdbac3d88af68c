/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence.h - what one measurement says about a Gaussian belief: the logarithm of its
 * probability, and the two derivatives that move the belief's mean and variance.
 *
 * Queueing only ever lengthens a packet's way.  When both ways have exponential delays, the
 * offsets that an exchange allows are uniform over an interval whose half-width is half of what
 * the round trip exceeds its floor: the size of the delays cancels.  The edges are softened by the
 * noise of the timestamps.
 */
#ifndef CORE_ESTIMATE_EVIDENCE_H
#define CORE_ESTIMATE_EVIDENCE_H

/* Gaussian belief about the offset before the measurement. */
struct belief {
    double mean_s;
    double var_s2; /* > 0 */
};

struct interval_likelihood {
    double offset_s;     /* middle: the measured offset */
    double half_width_s; /* >= 0 */
    double var_edge_s2;  /* softness of the edges, >= 0 */
    /* The likelihood within is proportional to exp(tilt * (measured - true)): 0 when both ways
     * queue alike, else the difference of the inverse mean delays. */
    double tilt_per_s;
};

struct evidence {
    double log_density;  /* ln p(measurement), per second */
    double slope_per_s;  /* its derivative by the belief's mean */
    double curve_per_s2; /* its second derivative; <= 0 keeps the variance from growing */
};

/*
 * Evidence of an interval; exact for a Gaussian belief.  Far outside of the interval, where the
 * probability underflows, the slope and curve of the nearer edge's Gaussian are given.
 */
struct evidence evidence_interval(const struct belief *belief,
                                  const struct interval_likelihood *likelihood);

/* Evidence of a point with Gaussian noise of that variance. */
struct evidence evidence_gaussian(const struct belief *belief, double offset_s, double var_s2);

/*
 * Evidence of a mixture: `inlier` with probability 1 - p, `outlier` with p, given as logarithms.
 * *outlier_share, if not NULL, is the probability afterwards that it was the outlier.
 */
struct evidence evidence_mix(const struct evidence *inlier, double log_p_inlier,
                             const struct evidence *outlier, double log_p_outlier,
                             double *outlier_share);

#endif
