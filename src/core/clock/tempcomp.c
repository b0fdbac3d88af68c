/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/tempcomp.h"

#include <math.h>
#include <string.h>

static const double limit_s_per_s = TEMPCOMP_LIMIT_PPM * 1e-6;

/* A crystal follows the air in a minute; through a case and a board in ten. */
static const double smoothing_s[TEMPCOMP_SPEEDS] = {60, 600};
/* A stretch is long enough when its frequency is known to this, or after an hour. */
static const double freq_sd_s_per_s = 1e-8;
static const double stretch_least_s = 900;
static const double stretch_most_s = 3600;
/* Of the samples behind the estimate several have to lie in a stretch. */
static const double stretch_polls = 2;
/* A change of frequency beyond this is no temperature. */
static const double change_max_s_per_s = 20e-6;
/* What a stretch counts when a later one has come: a memory of about a hundred. */
static const double fading = 0.99;
/* What is left of what was learnt before a restart. */
static const double recalled_share = 0.8;
/* A trace is used when it explains so much of so many changes, so surely; and until much less. */
static const double stretches_least = 8;
static const double explains_least = 0.5;
static const double explains_still = 0.3;
static const double sure_sd = 5;

void tempcomp_init(struct tempcomp *tempcomp)
{
    memset(tempcomp, 0, sizeof *tempcomp);
    tempcomp->chosen = -1;
    tempcomp->temperature = (double)NAN;
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        tempcomp->traces[i].last_mean = (double)NAN;
    }
}

void tempcomp_recall(struct tempcomp *tempcomp, const struct tempcomp_learnt *learnt)
{
    tempcomp->weight = recalled_share * learnt->weight;
    tempcomp->yy = recalled_share * learnt->yy;
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        tempcomp->traces[i].xx = recalled_share * learnt->traces[i].xx;
        tempcomp->traces[i].xy = recalled_share * learnt->traces[i].xy;
    }
    tempcomp->recalled = learnt->weight > 0;
}

bool tempcomp_keep(const struct tempcomp *tempcomp, struct tempcomp_learnt *learnt)
{
    if (!tempcomp->learnt) {
        return false;
    }
    *learnt = (struct tempcomp_learnt){.weight = tempcomp->weight, .yy = tempcomp->yy};
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        learnt->traces[i].xx = tempcomp->traces[i].xx;
        learnt->traces[i].xy = tempcomp->traces[i].xy;
    }
    return true;
}

/* The table's value, between or beyond its two nearest points. */
static double by_points(const struct tempcomp_options *options, double temperature)
{
    const struct tempcomp_point *at = options->points;
    unsigned i = 1;

    while (at[i].temperature < temperature && i + 1U < options->point_count) {
        i++;
    }
    return at[i - 1].comp_s_per_s + (temperature - at[i - 1].temperature) /
                                        (at[i].temperature - at[i - 1].temperature) *
                                        (at[i].comp_s_per_s - at[i - 1].comp_s_per_s);
}

static double by_formula(const struct tempcomp_options *options, double temperature)
{
    double t = temperature - options->reference;

    return options->k0 + t * (options->k1 + t * options->k2);
}

static void compute(struct tempcomp *tempcomp, const struct tempcomp_options *options,
                    double temperature)
{
    double comp;

    if (isnan(temperature)) {
        return;
    }
    comp = options->kind == TEMPCOMP_POINTS ? by_points(options, temperature)
                                            : by_formula(options, temperature);
    tempcomp->temperature = temperature;
    tempcomp->out_of_range = !(fabs(comp) <= limit_s_per_s);
    if (!tempcomp->out_of_range) {
        tempcomp->comp_s_per_s = comp;
    }
}

/* Learning */

static void smooth(struct tempcomp *tempcomp, const struct tempcomp_input *input, double passed_s)
{
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        struct tempcomp_trace *trace = &tempcomp->traces[i];
        unsigned sensor = i / TEMPCOMP_SPEEDS;
        double value = sensor < input->count ? input->value[sensor] : (double)NAN;

        if (isnan(value)) {
            trace->known = false;
            continue;
        }
        if (!trace->known) {
            /* Seen for the first time, or again: what it was meanwhile is not known. */
            trace->smoothed = trace->used = value;
            trace->sum = trace->last_mean = (double)NAN;
            trace->known = true;
            continue;
        }
        trace->sum += trace->smoothed * passed_s;
        trace->smoothed +=
            (value - trace->smoothed) * passed_s / (smoothing_s[i % TEMPCOMP_SPEEDS] + passed_s);
    }
}

static void begin_stretch(struct tempcomp *tempcomp, const struct tempcomp_input *input)
{
    tempcomp->stretch.begun = input->synchronised;
    tempcomp->stretch.from = input->now;
    tempcomp->stretch.utc_minus_raw_ns = input->utc_minus_raw_ns;
    tempcomp->stretch.sd_s = input->sd_s;
    tempcomp->stretch.corrected_s = 0;
    tempcomp->stretch.events = input->events;
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        tempcomp->traces[i].sum = 0;
    }
}

/* The stretch is of no use; nor is the next one for a comparison with the one before. */
static void give_up_stretch(struct tempcomp *tempcomp, const struct tempcomp_input *input)
{
    tempcomp->have_freq = false;
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        tempcomp->traces[i].last_mean = (double)NAN;
    }
    begin_stretch(tempcomp, input);
}

static bool long_enough(const struct tempcomp *tempcomp, const struct tempcomp_input *input,
                        double elapsed_s)
{
    double sd_s = tempcomp->stretch.sd_s + input->sd_s;

    return elapsed_s >= fmax(stretch_least_s, stretch_polls * input->poll_s) &&
           (elapsed_s >= stretch_most_s || sd_s <= freq_sd_s_per_s * elapsed_s);
}

/* The slope of a trace, and how far it may be believed; r squared. */
static double explains(const struct tempcomp *tempcomp, const struct tempcomp_trace *trace)
{
    double product = trace->xx * tempcomp->yy;

    return product > 0 ? fmin(trace->xy * trace->xy / product, 1) : 0;
}

static bool is_sure(const struct tempcomp *tempcomp, double explained)
{
    double left = fmax(1 - explained, 1e-6);

    return tempcomp->weight >= stretches_least &&
           (tempcomp->weight - 1) * explained / left >= sure_sd * sure_sd;
}

static void choose(struct tempcomp *tempcomp)
{
    int best = -1;
    double most = 0;

    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        double explained = explains(tempcomp, &tempcomp->traces[i]);

        if (tempcomp->traces[i].known && explained > most) {
            most = explained;
            best = (int)i;
        }
    }
    tempcomp->explained = most;
    if (best < 0 || most < (tempcomp->chosen >= 0 ? explains_still : explains_least) ||
        !is_sure(tempcomp, most)) {
        tempcomp->chosen = -1;
        tempcomp->slope_s_per_s = 0;
        return;
    }
    tempcomp->chosen = best;
    tempcomp->slope_s_per_s = tempcomp->traces[best].xy / tempcomp->traces[best].xx;
}

/* A stretch is over: compare it with the one before. */
static void learn(struct tempcomp *tempcomp, const struct tempcomp_input *input, double elapsed_s)
{
    int64_t moved_ns = input->utc_minus_raw_ns - tempcomp->stretch.utc_minus_raw_ns;
    double freq = ((double)moved_ns * 1e-9 + tempcomp->stretch.corrected_s) / elapsed_s;
    double y = freq - tempcomp->freq_s_per_s;
    bool compare = tempcomp->have_freq && fabs(y) <= change_max_s_per_s;

    tempcomp->have_freq = true;
    tempcomp->freq_s_per_s = freq;
    if (compare) {
        tempcomp->learnt = true;
        tempcomp->yy = tempcomp->yy * fading + y * y;
        tempcomp->weight = tempcomp->weight * fading + 1;
    }
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        struct tempcomp_trace *trace = &tempcomp->traces[i];
        double mean = trace->known ? trace->sum / elapsed_s : (double)NAN;
        double x = mean - trace->last_mean;

        trace->last_mean = mean;
        if (compare) {
            trace->xx *= fading;
            trace->xy *= fading;
        }
        if (compare && !isnan(x)) {
            trace->xx += x * x;
            trace->xy += x * y;
        }
    }
    if (compare) {
        choose(tempcomp);
    }
}

/* What the chosen trace says, by how it moved since the last time: no jump when another is. */
static void follow(struct tempcomp *tempcomp)
{
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        struct tempcomp_trace *trace = &tempcomp->traces[i];

        if ((int)i == tempcomp->chosen && trace->known) {
            double comp =
                tempcomp->comp_s_per_s + tempcomp->slope_s_per_s * (trace->smoothed - trace->used);

            tempcomp->comp_s_per_s = fmin(fmax(comp, -limit_s_per_s), limit_s_per_s);
            tempcomp->temperature = trace->smoothed;
        }
        trace->used = trace->smoothed;
    }
}

static void learn_and_follow(struct tempcomp *tempcomp, const struct tempcomp_input *input,
                             double passed_s)
{
    double elapsed_s = mono_diff_s(input->now, tempcomp->stretch.from);

    smooth(tempcomp, input, passed_s);
    if (tempcomp->recalled) {
        tempcomp->recalled = false;
        choose(tempcomp);
    }
    tempcomp->stretch.corrected_s += tempcomp->comp_s_per_s * passed_s;
    if (!tempcomp->stretch.begun || !input->synchronised ||
        input->events != tempcomp->stretch.events) {
        give_up_stretch(tempcomp, input);
    } else if (long_enough(tempcomp, input, elapsed_s)) {
        learn(tempcomp, input, elapsed_s);
        begin_stretch(tempcomp, input);
    }
    follow(tempcomp);
}

void tempcomp_take(struct tempcomp *tempcomp, const struct tempcomp_options *options,
                   const struct tempcomp_input *input)
{
    double passed_s = tempcomp->last.ns != 0 ? mono_diff_s(input->now, tempcomp->last) : 0;

    tempcomp->last = input->now;
    if (options->kind == TEMPCOMP_AUTO) {
        learn_and_follow(tempcomp, input, fmax(passed_s, 0));
    } else if (options->kind != TEMPCOMP_OFF && input->count > 0) {
        compute(tempcomp, options, input->value[0]);
    }
}
