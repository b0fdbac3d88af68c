/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/evidence.h"

#include <math.h>
#include <stddef.h>

#include "base/fmath.h"

#define LN_TWO_PI 1.8378770664093453
#define INV_SQRT_TWO_PI 0.39894228040143268
#define SQRT_HALF 0.70710678118654752

/* Below this many standard deviations an interval cannot be told from a point. */
static const double point_like = 0.02;
/* Tails beyond this many are below the rounding of 1. */
static const double negligible = 8.5;
/* Of the belief's mass; less than this is lost to underflow in differences of erfc. */
static const double mass_min = 1e-280;

static double normal_density(double x)
{
    if (fabs(x) > 38) {
        return 0;
    }
    return INV_SQRT_TWO_PI * fmath_exp(-0.5 * x * x);
}

/* 1 - Phi(x) for x >= 0 where 1 is added to it. */
static double upper_tail(double x)
{
    return x > negligible ? 0 : 0.5 * fmath_erfc(x * SQRT_HALF);
}

/* Phi(upper) - Phi(lower), each tail taken from the side where erfc is small. */
static double normal_mass(double lower, double upper)
{
    if (lower > 0) {
        return 0.5 * (fmath_erfc(lower * SQRT_HALF) - fmath_erfc(upper * SQRT_HALF));
    }
    if (upper < 0) {
        return 0.5 * (fmath_erfc(-upper * SQRT_HALF) - fmath_erfc(-lower * SQRT_HALF));
    }
    return 1 - upper_tail(upper) - upper_tail(-lower);
}

/* ln of the integral of exp(tilt * e) over -half..half. */
static double log_tilt_norm(double tilt, double half)
{
    double product = fabs(tilt * half);

    if (product < 1e-3) {
        return fmath_log(2 * half);
    }
    return product - fmath_log(fabs(tilt)) + fmath_log1p(-fmath_exp(-2 * product));
}

struct evidence evidence_gaussian(const struct belief *belief, double offset_s, double var_s2)
{
    double var = belief->var_s2 + var_s2;
    double residual = offset_s - belief->mean_s;

    return (struct evidence){
        .log_density = -0.5 * (LN_TWO_PI + fmath_log(var)) - 0.5 * residual * residual / var,
        .slope_per_s = residual / var,
        .curve_per_s2 = -1 / var,
    };
}

/* The uniform interval over the belief widened by the softness of the edges. */
static struct evidence evidence_box(double residual, double half, double var)
{
    double sd = sqrt(var);
    double upper = (residual + half) / sd;
    double lower = (residual - half) / sd;
    double mass = normal_mass(lower, upper);

    if (mass < mass_min) {
        double edge = lower > 0 ? lower : upper;

        return (struct evidence){
            .log_density = -0.5 * edge * edge - fmath_log(fabs(edge) + 1),
            .slope_per_s = edge / sd,
            .curve_per_s2 = -1 / var,
        };
    }
    if (mass >= 1) {
        return (struct evidence){0}; /* the belief lies well inside: nothing was learnt */
    }
    double at_upper = normal_density(upper);
    double at_lower = normal_density(lower);
    double slope = (at_lower - at_upper) / (mass * sd);
    double curve = (lower * at_lower - upper * at_upper) / (mass * var) - slope * slope;

    return (struct evidence){fmath_log(mass), slope, curve < 0 ? curve : 0};
}

struct evidence evidence_interval(const struct belief *belief,
                                  const struct interval_likelihood *likelihood)
{
    double half = likelihood->half_width_s;
    double tilt = likelihood->tilt_per_s;
    double var = belief->var_s2 + likelihood->var_edge_s2;
    double residual = likelihood->offset_s - belief->mean_s;
    struct evidence evidence;

    if (half < point_like * sqrt(var)) {
        return evidence_gaussian(belief, likelihood->offset_s,
                                 likelihood->var_edge_s2 + half * half / 3);
    }
    if (tilt == 0) {
        evidence = evidence_box(residual, half, var);
        evidence.log_density -= fmath_log(2 * half);
        return evidence;
    }
    /* A Gaussian times an exponential is the same Gaussian, moved by tilt times its variance. */
    evidence = evidence_box(residual + tilt * var, half, var);
    evidence.log_density += tilt * residual + 0.5 * tilt * tilt * var - log_tilt_norm(tilt, half);
    evidence.slope_per_s -= tilt;
    return evidence;
}

/* e^x, or 0 where that added to 1 is 1. */
static double small_exp(double x)
{
    return x < -40 ? 0 : fmath_exp(x);
}

struct evidence evidence_mix(const struct evidence *inlier, double log_p_inlier,
                             const struct evidence *outlier, double log_p_outlier,
                             double *outlier_share)
{
    double log_in = inlier->log_density + log_p_inlier;
    double log_out = outlier->log_density + log_p_outlier;
    double log_max = log_in > log_out ? log_in : log_out;
    double in = log_in < log_out ? small_exp(log_in - log_out) : 1;
    double out = log_in < log_out ? 1 : small_exp(log_out - log_in);
    double q = in / (in + out);
    double log_sum = fmin(in, out) > 0 ? fmath_log(in + out) : 0;
    double slope = q * inlier->slope_per_s + (1 - q) * outlier->slope_per_s;
    double in_moment = inlier->curve_per_s2 + inlier->slope_per_s * inlier->slope_per_s;
    double out_moment = outlier->curve_per_s2 + outlier->slope_per_s * outlier->slope_per_s;

    if (outlier_share != NULL) {
        *outlier_share = 1 - q;
    }
    return (struct evidence){
        .log_density = log_max + log_sum,
        .slope_per_s = slope,
        .curve_per_s2 = q * in_moment + (1 - q) * out_moment - slope * slope,
    };
}
