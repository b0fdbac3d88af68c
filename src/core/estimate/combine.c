/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/combine.h"

#include <math.h>

#include "wire/status.h"

/* Usual asymmetry of a path: uniform within 0.3 of its delay. */
static const double asymmetry_share = 0.3;
/* Held-back changes are released over this, or over the age of the combination while it is young:
 * what was held then was hardly known. */
static const double release_s = 6 * 3600.0;
static const double young_min_s = 16;
/* A source's error stays the same for about so long, or for the age of the combination while it is
 * young: its bias is learnt no faster ... */
static const double learn_s = 3600;
/* ... and is as good as unknown again after this, if nothing is learnt. */
static const double walk_s = 86400;
/* Time outside the intersection returns into it over this, or over the age likewise. */
static const double return_s = 600;

void combiner_init(struct combiner *combiner)
{
    *combiner = (struct combiner){0};
}

void combiner_shift(struct combiner *combiner, double offset_s)
{
    combiner->result.offset_s += offset_s;
    combiner->result.lo_s += offset_s;
    combiner->result.hi_s += offset_s;
}

static double clip(double value, double limit)
{
    return fmax(-limit, fmin(limit, value));
}

static bool is_followed(const struct candidate *c)
{
    return c->usable && (c->state == SOURCE_SELECTED || c->state == SOURCE_COMBINED);
}

/* Variance of what the source's path and its server may be off, before anything is learnt. */
static double prior_var(const struct candidate *c)
{
    double asymmetry = asymmetry_share * c->floor_s / 2;

    return asymmetry * asymmetry / 3 + c->dispersion_s * c->dispersion_s + 1e-20;
}

static double square(double x)
{
    return x * x;
}

/* The last result carried on to now. */
struct expected {
    double elapsed_s;
    double offset_s;
    double freq_s_per_s;
    double var_s2;
    double var_freq;
    double release;        /* share of what is held back that is released now */
    double learn;          /* largest share of a difference that is learnt now */
    double back;           /* share of what is outside the intersection that is given up now */
    double anchor_floor_s; /* least floor among those who stay */
};

static struct expected expect(const struct combiner *combiner, struct mono_time now,
                              const struct candidate *candidates, size_t count)
{
    const struct combined *last = &combiner->result;
    double t = combiner->running ? fmax(mono_diff_s(now, last->when), 0) : 0;
    double age = combiner->running ? mono_diff_s(now, combiner->since) : 0;
    struct expected e = {
        .elapsed_s = t,
        .offset_s = last->offset_s + t * last->freq_s_per_s,
        .freq_s_per_s = last->freq_s_per_s,
        .var_s2 = last->var_offset_s2 + t * (2 * last->cov_s2_per_s + t * last->var_freq),
        .var_freq = last->var_freq,
        .anchor_floor_s = (double)INFINITY,
    };

    e.release = t / (t + fmax(young_min_s, fmin(age / 4, release_s)));
    e.learn = t / (t + fmax(young_min_s, fmin(age / 4, learn_s)));
    e.back = combiner->running ? t / (t + fmax(young_min_s, fmin(age / 4, return_s))) : 1;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].bias->member && is_followed(&candidates[i])) {
            e.anchor_floor_s = fmin(e.anchor_floor_s, candidates[i].floor_s);
        }
    }
    return e;
}

static void join(struct candidate *c, const struct expected *e, bool running)
{
    double prior = prior_var(c);
    double noise = square(c->sd_s) + fmax(e->var_s2, 0);

    c->bias->member = true;
    c->bias->bias_s = 0;
    c->bias->var_s2 = prior;
    /* A short path must not inherit what a long one does not know. */
    if (!running || (isfinite(e->anchor_floor_s) && c->floor_s < e->anchor_floor_s / 2)) {
        return;
    }
    /* Of the difference, the part that asymmetry rather than noise explains. */
    double share = prior / (prior + noise);

    c->bias->bias_s = clip((c->offset_s - e->offset_s) * share, c->floor_s / 2 + c->dispersion_s);
    c->bias->var_s2 = noise * share;
}

/* Let sources come and go; true when any did. */
static bool update_members(const struct combiner *combiner, const struct expected *e,
                           struct candidate *candidates, size_t count)
{
    bool changed = false;

    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        if (is_followed(c) && !c->bias->member) {
            join(c, e, combiner->running);
            changed = true;
        } else if (!is_followed(c) && c->bias->member) {
            *c->bias = (struct source_bias){0};
            changed = true;
        }
    }
    return changed;
}

/* Weights by what is known of noise and bias; the combined offset. */
static double weigh(struct candidate *candidates, size_t count)
{
    double sum = 0;
    double mean = 0;

    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        c->weight = is_followed(c) ? 1 / (square(c->sd_s) + c->bias->var_s2) : 0;
        sum += c->weight;
    }
    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];

        c->weight /= sum;
        if (c->weight > 0) {
            mean += c->weight * (c->offset_s - c->bias->bias_s);
        }
    }
    return mean;
}

/* Biases follow the differences from the mean, slowly, and their own mean goes to zero. */
static void learn_biases(struct candidate *candidates, size_t count, double mean_s,
                         const struct expected *e)
{
    double sum = 0;
    double bias = 0;

    for (size_t i = 0; i < count; i++) {
        struct candidate *c = &candidates[i];
        double prior = prior_var(c);

        if (!is_followed(c)) {
            continue;
        }
        double noise = square(c->sd_s);
        double gain = e->learn * c->bias->var_s2 / (c->bias->var_s2 + noise);

        c->bias->bias_s += gain * (c->offset_s - mean_s - c->bias->bias_s);
        c->bias->bias_s = clip(c->bias->bias_s, c->floor_s / 2 + c->dispersion_s);
        c->bias->var_s2 = fmin(prior, (1 - gain) * c->bias->var_s2 + prior * e->elapsed_s / walk_s);
        sum += 1 / (noise + prior);
        bias += c->bias->bias_s / (noise + prior);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_followed(&candidates[i])) {
            candidates[i].bias->bias_s -= e->release * bias / sum;
        }
    }
}

/* Frequency by its own variances, and the uncertainties of the whole. */
static void sum_up(const struct candidate *candidates, size_t count, struct combined *combined)
{
    double freq_weights = 0;
    double independent = 0;
    double together = 0;
    double bias_var = 0;
    const struct candidate *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct candidate *c = &candidates[i];

        if (c->weight <= 0) {
            continue;
        }
        double freq_weight = 1 / fmax(c->var_freq, 1e-26);

        combined->sources++;
        freq_weights += freq_weight;
        combined->freq_s_per_s += freq_weight * c->freq_s_per_s;
        independent += square(c->weight * c->sd_s);
        together += c->weight * c->sd_s;
        bias_var += square(c->weight) * prior_var(c);
        if (best == NULL || c->sd_s < best->sd_s) {
            best = c;
        }
    }
    combined->freq_s_per_s /= freq_weights;
    /* The noise of the paths is independent, the wander of our own oscillator is not. */
    combined->var_offset_s2 = fmin(0.5 * (independent + square(together)), square(together));
    combined->var_freq = best->var_freq;
    combined->cov_s2_per_s =
        best->cov_s2_per_s * sqrt(combined->var_offset_s2) / fmax(best->sd_s, 1e-11);
    combined->wander = best->wander;
    combined->sd_s = sqrt(combined->var_offset_s2);
    combined->asymmetry_sd_s = sqrt(bias_var);
}

/* Hold back what a change of sources moves beyond one standard deviation. */
static void hold_back(struct combiner *combiner, const struct expected *e, double largest_bias_s,
                      const struct combined *combined)
{
    double moved = combined->offset_s + combiner->carry_s - e->offset_s;
    double freq_moved = combined->freq_s_per_s + combiner->carry_s_per_s - e->freq_s_per_s;
    double freq_sd = sqrt(e->var_freq);

    combiner->carry_s -= moved - clip(moved, sqrt(fmax(e->var_s2, 0)));
    /* Only an asymmetry is worth holding: what is more is a source whose time jumped. */
    combiner->carry_s = clip(combiner->carry_s, largest_bias_s);
    combiner->carry_s_per_s -= freq_moved - clip(freq_moved, freq_sd);
    combiner->carry_s_per_s = clip(combiner->carry_s_per_s, 2 * freq_sd);
}

/* What is outside the intersection is wrong, but that is no reason to jump: the bound knows. */
static void stay_inside(struct combiner *combiner, const struct expected *e,
                        struct combined *combined)
{
    double inside = fmax(combined->lo_s, fmin(combined->hi_s, combined->offset_s));
    double pull = e->back * (inside - combined->offset_s);

    combined->offset_s += pull;
    combiner->carry_s += pull;
}

static double largest_bias(const struct candidate *candidates, size_t count)
{
    double largest = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_followed(&candidates[i])) {
            largest = fmax(largest, candidates[i].floor_s / 2 + candidates[i].dispersion_s);
        }
    }
    return largest;
}

bool combiner_run(struct combiner *combiner, const struct selection_result *selection,
                  struct mono_time now, struct candidate *candidates, size_t count)
{
    struct expected e = expect(combiner, now, candidates, count);
    bool changed = update_members(combiner, &e, candidates, count);
    struct combined combined = {.when = now, .lo_s = selection->lo_s, .hi_s = selection->hi_s};

    if (selection->selected < 0) {
        return false;
    }
    learn_biases(candidates, count, weigh(candidates, count), &e);
    combined.offset_s = weigh(candidates, count);
    sum_up(candidates, count, &combined);
    combiner->carry_s *= 1 - e.release;
    combiner->carry_s_per_s *= 1 - e.release;
    if (changed && combiner->running) {
        hold_back(combiner, &e, largest_bias(candidates, count), &combined);
    }
    combined.offset_s += combiner->carry_s;
    combined.freq_s_per_s += combiner->carry_s_per_s;
    stay_inside(combiner, &e, &combined);
    combined.bound_s = fmax(combined.hi_s - combined.offset_s, combined.offset_s - combined.lo_s);
    if (!combiner->running) {
        combiner->since = now;
    }
    combiner->running = true;
    combiner->result = combined;
    return true;
}
