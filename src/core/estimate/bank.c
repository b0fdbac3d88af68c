/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/bank.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/fmath.h"
#include "core/estimate/evidence.h"

/* s/s per sqrt(s): from rubidium to a virtual machine on a bad day, two to a decade. */
static const double wanders[BANK_WANDERS] = {
    1e-11, 3.1622776601683795e-11, 1e-10, 3.1622776601683795e-10, 1e-9, 3.1622776601683795e-9,
    1e-8,  3.1622776601683795e-8,  1e-7};
/* What is thought of each wander before anything was measured, as a logarithm: the larger ones are
 * rare, and would let the frequency of the first minute run away. */
static const double wander_priors[BANK_WANDERS] = {0, 0, 0, 0, 0, -0.25, -0.75, -1.5, -2.5};

/* How a model sees an interval: its floor, and the softness of its edges in units of the noise's
 * scale. */
struct kind {
    enum bank_floor floor;
    double edge;
    bool tilts; /* may lean with asymmetric queueing; soft edges would run away with it */
};
static const struct kind kinds[BANK_KINDS] = {
    {BANK_FLOOR_FITTED, 0.003, true}, {BANK_FLOOR_FITTED, 0.02, true},
    {BANK_FLOOR_LONG, 0.02, false},   {BANK_FLOOR_LONG, 0.25, false},
    {BANK_FLOOR_LONG, 1, false},      {BANK_FLOOR_SHORT, 0.25, false},
};

/* A model's past counts a hundred samples, or as many as it takes to tell wanders apart. */
static const double weight_memory_min = 100;
static const double weight_memory_max = 1000;
static const double weight_memories = 2;
/* ln 0.01 and ln 0.99: one sample in a hundred is wrong in a way that its round trip hides. */
static const double log_p_outlier = -4.6051701859880914;
static const double log_p_inlier = -0.010050335853501441;
/* A model less likely than this (1e-6) is given the mixture's state, and starts again. */
static const double log_weight_min = -14;
static const double log_weight_reseed = -13.9;
/* Smallest variances, so that rounding never makes a state certain. */
static const double var_offset_min = 1e-22;
static const double var_freq_min = 1e-26;
/* Of the variance, no more than this is lost to one sample: the rest is rounding. */
static const double curve_share_max = 1 - 1e-10;

void bank_init(struct bank *bank, double freq_s_per_s, double freq_sd_s_per_s)
{
    memset(bank, 0, sizeof *bank);
    bank->mean.freq_s_per_s = freq_s_per_s;
    bank->mean.var_freq = freq_sd_s_per_s * freq_sd_s_per_s;
    bank->wander = wanders[BANK_WANDERS / 2];
    for (int i = 0; i < BANK_MODELS; i++) {
        bank->model[i].state = bank->mean;
        bank->model[i].log_weight = wander_priors[i / BANK_KINDS];
    }
}

static void anchor(struct line_state *state, double offset_s, double var_s2, double var_freq_least)
{
    state->offset_s = offset_s;
    state->var_offset_s2 = fmax(var_s2, var_offset_min);
    state->cov_s2_per_s = 0;
    state->var_freq = fmax(state->var_freq, var_freq_least);
}

void bank_anchor(struct bank *bank, double offset_s, double var_s2, double var_freq_least)
{
    anchor(&bank->mean, offset_s, var_s2, var_freq_least);
    for (int i = 0; i < BANK_MODELS; i++) {
        anchor(&bank->model[i].state, offset_s, var_s2, var_freq_least);
    }
}

void bank_shift(struct bank *bank, double offset_s, double var_s2)
{
    bank->mean.offset_s += offset_s;
    bank->mean.var_offset_s2 += var_s2;
    for (int i = 0; i < BANK_MODELS; i++) {
        bank->model[i].state.offset_s += offset_s;
        bank->model[i].state.var_offset_s2 += var_s2;
    }
}

void bank_doubt_freq(struct bank *bank, double var_freq_least)
{
    bank->mean.var_freq = fmax(bank->mean.var_freq, var_freq_least);
    for (int i = 0; i < BANK_MODELS; i++) {
        struct line_state *state = &bank->model[i].state;

        state->var_freq = fmax(state->var_freq, var_freq_least);
    }
}

struct line_state line_predict(const struct line_state *state, double elapsed_s, double wander)
{
    double tau = elapsed_s;
    double w2 = wander * wander;

    return (struct line_state){
        .offset_s = state->offset_s + tau * state->freq_s_per_s,
        .freq_s_per_s = state->freq_s_per_s,
        .var_offset_s2 = state->var_offset_s2 +
                         tau * (2 * state->cov_s2_per_s + tau * state->var_freq) +
                         w2 * tau * tau * tau / 3,
        .cov_s2_per_s = state->cov_s2_per_s + tau * state->var_freq + w2 * tau * tau / 2,
        .var_freq = state->var_freq + w2 * tau,
    };
}

/* Rounding must leave a covariance matrix. */
static void keep_valid(struct line_state *state)
{
    double limit;

    state->var_offset_s2 = fmax(state->var_offset_s2, var_offset_min);
    state->var_freq = fmax(state->var_freq, var_freq_min);
    limit = sqrt(state->var_offset_s2 * state->var_freq);
    if (fabs(state->cov_s2_per_s) > limit) {
        state->cov_s2_per_s = copysign(limit, state->cov_s2_per_s);
    }
}

static void fade(struct line_state *state, double max_memory)
{
    double growth;

    if (max_memory <= 1) {
        return;
    }
    growth = max_memory / (max_memory - 1);
    state->var_offset_s2 *= growth;
    state->cov_s2_per_s *= growth;
    state->var_freq *= growth;
}

/* What a kind of model makes of the measurement, given its prediction. */
static struct evidence weigh(const struct bank_sample *sample, const struct line_state *ahead,
                             const struct kind *kind, double *outlier_share)
{
    const struct bank_interval *interval = &sample->interval[kind->floor];
    struct belief belief = {ahead->offset_s, ahead->var_offset_s2};
    double soft = kind->edge * interval->scale_s;
    double doubt = interval->doubt_s;
    struct interval_likelihood likelihood = {
        .offset_s = sample->offset_s,
        .half_width_s = interval->half_width_s,
        .var_edge_s2 = soft * soft + doubt * doubt + sample->precision_s * sample->precision_s,
    };
    double outlier_sd = 3 * interval->half_width_s + 10 * interval->scale_s;

    if (kind->tilts) {
        /* A steep tilt over a wide belief would move it by many times its own size. */
        double limit = 4 / sqrt(ahead->var_offset_s2);

        likelihood.tilt_per_s = fmax(-limit, fmin(limit, sample->tilt_per_s));
    }
    struct evidence inlier = evidence_interval(&belief, &likelihood);
    struct evidence outlier = evidence_gaussian(&belief, sample->offset_s, outlier_sd * outlier_sd);

    return evidence_mix(&inlier, log_p_inlier, &outlier, log_p_outlier, outlier_share);
}

/* The belief after the evidence; a line keeps its correlation. */
static void learn(struct line_state *state, const struct line_state *ahead,
                  const struct evidence *evidence)
{
    double var = ahead->var_offset_s2;
    double cov = ahead->cov_s2_per_s;
    double curve = fmin(0, fmax(evidence->curve_per_s2, -curve_share_max / var));

    state->offset_s = ahead->offset_s + var * evidence->slope_per_s;
    state->freq_s_per_s = ahead->freq_s_per_s + cov * evidence->slope_per_s;
    state->var_offset_s2 = var + var * var * curve;
    state->cov_s2_per_s = cov + var * cov * curve;
    state->var_freq = ahead->var_freq + cov * cov * curve;
    keep_valid(state);
}

/*
 * True when a model forgets sooner than is wanted: when its wander has made as much doubt as it has
 * left.  The steadiest model always has a say.
 */
static bool forgets(const struct bank *bank, int model, double min_memory_s)
{
    double wander = wanders[model / BANK_KINDS];

    return min_memory_s > 0 && model >= BANK_KINDS &&
           3 * bank->model[model].state.var_offset_s2 <
               wander * wander * min_memory_s * min_memory_s * min_memory_s;
}

static void average(struct bank *bank, double min_memory_s)
{
    double weight[BANK_MODELS];
    double sum = 0;
    struct line_state mean = {0};

    for (int i = 0; i < BANK_MODELS; i++) {
        weight[i] = forgets(bank, i, min_memory_s) ? 0 : fmath_exp(bank->model[i].log_weight);
        sum += weight[i];
    }
    for (int i = 0; i < BANK_MODELS; i++) {
        weight[i] /= sum;
        mean.offset_s += weight[i] * bank->model[i].state.offset_s;
        mean.freq_s_per_s += weight[i] * bank->model[i].state.freq_s_per_s;
    }
    for (int i = 0; i < BANK_MODELS; i++) {
        const struct line_state *state = &bank->model[i].state;
        double offset = state->offset_s - mean.offset_s;
        double freq = state->freq_s_per_s - mean.freq_s_per_s;

        mean.var_offset_s2 += weight[i] * (state->var_offset_s2 + offset * offset);
        mean.cov_s2_per_s += weight[i] * (state->cov_s2_per_s + offset * freq);
        mean.var_freq += weight[i] * (state->var_freq + freq * freq);
    }
    keep_valid(&mean);
    bank->mean = mean;
}

void bank_update(struct bank *bank, const struct bank_sample *sample)
{
    double best = -1e300;
    double memory =
        fmin(fmax(weight_memories * sample->memory, weight_memory_min), weight_memory_max);
    double discount = 1 - 1 / memory;
    struct bank_model *model = bank->model;

    for (int w = 0; w < BANK_WANDERS; w++) {
        for (int k = 0; k < BANK_KINDS; k++, model++) {
            struct line_state ahead = line_predict(&model->state, sample->elapsed_s, wanders[w]);
            double outlier_share;

            fade(&ahead, bank->max_memory);
            struct evidence evidence = weigh(sample, &ahead, &kinds[k], &outlier_share);
            learn(&model->state, &ahead, &evidence);
            model->log_weight = discount * model->log_weight + evidence.log_density +
                                (1 - discount) * wander_priors[w];
            if (model->log_weight > best) {
                best = model->log_weight;
                bank->wander = wanders[w];
                bank->outlier_share = outlier_share;
            }
        }
    }
    for (int i = 0; i < BANK_MODELS; i++) {
        bank->model[i].log_weight = fmax(bank->model[i].log_weight - best, log_weight_min);
    }
    average(bank, sample->min_memory_s);
    for (int i = 0; i < BANK_MODELS; i++) {
        if (bank->model[i].log_weight <= log_weight_reseed) {
            bank->model[i].state = bank->mean;
        }
    }
}
