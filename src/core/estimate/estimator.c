/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/estimator.h"

#include <math.h>
#include <stddef.h>

static const double freq_sd_unknown = 100e-6;
/* What is left of a frequency after the machine was away, and after the source jumped. */
static const double freq_sd_disturbed = 2e-6;
static const double freq_sd_jumped = 1e-6;
/* A jump of so many times what the frequency may be wrong by is no matter of frequency. */
static const double plausible_slopes = 3;
/* Until so many samples came, a jump throws away what was learnt of the frequency. */
static const unsigned young_samples = 64;
/* A measurement beyond these is no measurement. */
static const double offset_max_s = 1e10;
static const double delay_max_s = 1e3;
static const double precision_min_s = 1e-9;
/* No interval is narrower: a point would make its logarithm infinite. */
static const double half_width_min_s = 1e-12;
/* Until that many samples the floor is hardly known. */
static const unsigned floor_settling = 8;
/* Below that many there is nothing that a jump could be told by. */
static const unsigned jump_after = 4;
/* Nor anything that one sample could be called an outlier by. */
static const unsigned doubts_after = 16;
/* The jitter's asymmetry is a mean over 100 samples, trusted after 32, when it is plain. */
static const unsigned lean_memory = 100;
static const unsigned lean_after = 32;
static const double lean_plain = 0.25;
/* No way is ever so quiet that its jitter is a smaller part of the mean. */
static const double lean_rest = 0.03;
/* As many samples as a regression cannot do without (chrony's default) ask for nothing here. */
static const int min_samples_plain = 6;
/* The gap of a floor below what was seen is known to this part of itself. */
static const double gap_doubt = 0.3;
/* Nothing older has any say. */
static const double memory_max_s = 86400;
/* No clock that runs at all is so far off, s/s. */
static const double freq_max = 0.02;
/* Frequency that the jump test allows beyond the estimate's own doubt: 32 ppb. */
static const double jump_freq_sd = 3.2e-8;

/* How far the frequency may be from what is expected of it. */
static double freq_sd_of(const struct estimator_options *options)
{
    return options->freq_sd_s_per_s > 0 ? options->freq_sd_s_per_s : freq_sd_unknown;
}

void estimator_init(struct estimator *estimator, const struct estimator_options *options)
{
    double freq_sd = freq_sd_of(options);

    *estimator = (struct estimator){.options = *options};
    bank_init(&estimator->bank, options->freq_s_per_s, freq_sd);
    estimator->bank.max_memory = options->max_samples;
    path_init(&estimator->path);
    floor_init(&estimator->floor, options->min_delay_s);
    gap_init(&estimator->gap);
    noise_init(&estimator->noise);
    jump_init(&estimator->jump);
}

static bool is_within(double value, double low, double high)
{
    return value >= low && value <= high; /* false for NaN */
}

static bool is_sane(const struct sample *sample)
{
    return is_within(sample->offset_s, -offset_max_s, offset_max_s) &&
           is_within(sample->delay_s, 0, delay_max_s) &&
           is_within(sample->precision_s, 0, delay_max_s) &&
           is_within(sample->root_delay_s, 0, delay_max_s) &&
           is_within(sample->root_dispersion_s, 0, delay_max_s) &&
           (sample->kind != SAMPLE_ONE_WAY || is_within(sample->sd_s, 0, delay_max_s));
}

/* Time over which the present state forgets: until wander has made as much doubt as is left. */
static double memory_s(const struct estimator *estimator)
{
    double w2 = estimator->bank.wander * estimator->bank.wander;
    double cube = 3 * estimator->bank.mean.var_offset_s2 / w2;

    cube = fmax(1, fmin(cube, memory_max_s * memory_max_s * memory_max_s));
    /* Cube root by Newton's method from above: libm's is not the same everywhere. */
    double root = memory_max_s;
    double next = root;
    do {
        root = next;
        next = (2 * root + cube / (root * root)) / 3;
    } while (next < root * (1 - 1e-6));
    return fmax(next, estimator->interval_s);
}

static void note_distance(struct estimator *estimator, const struct sample *sample)
{
    struct root_distance *d = &estimator->distance;
    double distance = sample->root_delay_s / 2 + sample->root_dispersion_s;
    double length = 3 * fmax(memory_s(estimator), 4 * estimator->interval_s);

    if (mono_diff_s(sample->when, d->opened) > length) {
        d->bucket_s[0] = d->bucket_s[1];
        d->bucket_s[1] = 0;
        d->opened = sample->when;
    }
    d->bucket_s[1] = fmax(d->bucket_s[1], distance);
}

static enum estimator_verdict take_first(struct estimator *estimator, const struct sample *sample)
{
    double half = sample->delay_s / 2;
    double var = half * half / 3 + sample->precision_s * sample->precision_s;

    if (sample->kind == SAMPLE_ONE_WAY) {
        var = sample->sd_s * sample->sd_s;
    }
    bank_anchor(&estimator->bank, sample->offset_s, var, 0);
    estimator->when = sample->when;
    estimator->count = 1;
    estimator->total = 1;
    estimator->interval_s = 1;
    estimator->distance.opened = sample->when;
    estimator->distance.bucket_s[1] = sample->root_delay_s / 2 + sample->root_dispersion_s;
    return ESTIMATOR_FIRST;
}

static void normalise(struct estimator *estimator, const struct sample *sample,
                      struct measurement *m)
{
    struct path_exchange exchange = {sample->when, sample->offset_s, sample->delay_s};
    struct path_state before = {estimator->when, estimator->bank.wander, estimator->bank.mean};
    double elapsed = mono_diff_s(sample->when, estimator->when);

    m->when = sample->when;
    m->precision_s = fmax(sample->precision_s, precision_min_s);
    if (sample->kind == SAMPLE_ONE_WAY) {
        m->precision_s = fmax(m->precision_s, sample->sd_s);
    } else if (estimator->options.min_delay_s <= 0) {
        path_normalise(&estimator->path, estimator->total > 0 ? &before : NULL, m->precision_s,
                       &exchange);
    }
    floor_add(&estimator->floor, sample->when, exchange.delay_s);
    m->offset_s = exchange.offset_s;
    m->delay_s = exchange.delay_s;
    m->floor[BANK_FLOOR_LONG] = floor_long(&estimator->floor, m->precision_s);
    m->floor[BANK_FLOOR_SHORT] = floor_short(&estimator->floor, m->precision_s);
    m->floor[BANK_FLOOR_FITTED] = m->floor[BANK_FLOOR_LONG];
    m->excess_s = (exchange.delay_s - m->floor[BANK_FLOOR_LONG].floor_s) / 2;
    m->ahead_s = estimator->bank.mean.offset_s + elapsed * estimator->bank.mean.freq_s_per_s;
    m->var_ahead = line_predict(&estimator->bank.mean, elapsed, 0).var_offset_s2;
}

/*
 * Whether a clock could have got from what is known to this measurement at all.  Before there is
 * enough to test jumps by, a machine that stood still between two samples would else be taken for
 * one whose clock runs at half speed.
 */
static bool is_possible(const struct estimator *estimator, const struct measurement *m)
{
    double limit =
        m->delay_s / 2 + 6 * sqrt(m->var_ahead) + freq_max * mono_diff_s(m->when, estimator->when);

    return fabs(m->offset_s - m->ahead_s) <= limit;
}

static bool can_test_jumps(const struct estimator *estimator)
{
    return estimator->count >= jump_after && estimator->noise.count >= NOISE_MIN;
}

static enum jump_verdict test_jump(struct estimator *estimator, const struct measurement *m)
{
    double freq = jump_freq_sd * mono_diff_s(m->when, estimator->when);
    double limit = m->excess_s + 6 * sqrt(m->var_ahead + freq * freq) +
                   m->floor[BANK_FLOOR_LONG].jitter_s + 6 * estimator->noise.scale_s +
                   10 * m->precision_s;

    if (!can_test_jumps(estimator)) {
        return JUMP_NONE;
    }
    return jump_test(&estimator->jump, m->offset_s - m->ahead_s, limit);
}

/* The tilt that the lean of the measurements, seen over a while or told, stands for. */
static double tilt(struct estimator *estimator, const struct measurement *m)
{
    double miss = fmax(-m->excess_s, fmin(m->excess_s, m->offset_s - m->ahead_s));
    unsigned seen = estimator->total + 1;
    unsigned memory = seen < lean_memory ? seen : lean_memory;
    double lean;
    double excess;

    estimator->mean_excess_s += (m->excess_s - estimator->mean_excess_s) / memory;
    estimator->mean_lean_s += (miss - estimator->mean_lean_s) / memory;
    lean = estimator->mean_lean_s;
    excess = estimator->mean_excess_s;
    if (!isnan(estimator->options.asymmetry)) {
        /* chrony's sign: negative when the way to the source varies more. */
        lean = -2 * estimator->options.asymmetry * excess;
    } else if (seen <= lean_after || fabs(lean) <= lean_plain * excess) {
        return 0;
    }
    if (lean == 0) {
        return 0;
    }
    double rest = lean_rest * excess + 1e-10;

    return 1 / fmax(excess - lean, rest) - 1 / fmax(excess + lean, rest);
}

/*
 * How much lower than the first few round trips the floor may be.  Two round trips may be alike by
 * chance, and then say nothing of the jitter: a part of the delay stands in for it at first.
 */
static double settling_margin(const struct floor_view *floor, double delay_s, unsigned seen)
{
    return floor->jitter_s * (1 + 4.0 / (seen * seen)) + 0.15 * delay_s / (seen * seen);
}

static struct bank_interval interval(const struct estimator *estimator, const struct measurement *m,
                                     enum bank_floor which)
{
    const struct floor_view *floor = &m->floor[which];
    double gap = floor->gap_s;
    double doubt = gap_doubt * gap;
    double half;

    if (which == BANK_FLOOR_FITTED) {
        gap = estimator->gap.mean_s;
        doubt = sqrt(estimator->gap.sd_s * estimator->gap.sd_s + gap_doubt * gap_doubt * gap * gap);
    }
    half = (m->delay_s - floor->floor_s) / 2 + gap + half_width_min_s;
    if (estimator->total + 1 < floor_settling && estimator->options.min_delay_s <= 0) {
        half += settling_margin(floor, m->delay_s, estimator->total + 1);
    }
    return (struct bank_interval){fmax(half, half_width_min_s), doubt,
                                  fmax(floor->jitter_s, estimator->noise.scale_s)};
}

static void learn_gap(struct estimator *estimator, const struct measurement *m)
{
    const struct floor_view *floor = &m->floor[BANK_FLOOR_LONG];
    double mean = fmax(estimator->mean_excess_s, m->precision_s);
    double lean = fmax(-0.97 * mean, fmin(0.97 * mean, estimator->mean_lean_s));
    struct gap_evidence evidence = {
        .half_delay_s = m->delay_s / 2,
        .miss_s = m->offset_s - m->ahead_s,
        .sd_s = sqrt(m->var_ahead + m->precision_s * m->precision_s),
        .rate_per_s = 1 / (mean - lean) + 1 / (mean + lean),
    };

    gap_follow(&estimator->gap, floor->floor_s / 2, floor->gap_s);
    if (estimator->total >= floor_settling && floor->gap_s > 0) {
        gap_add(&estimator->gap, &evidence);
    }
}

/* How the sample moved the estimate, and where in its interval the prediction lay. */
static void compare_with_last(struct estimator *estimator, const struct measurement *m)
{
    double move = estimator->bank.mean.offset_s - m->ahead_s;
    double half = m->excess_s + m->floor[BANK_FLOOR_LONG].gap_s;
    double place = (m->offset_s - m->ahead_s) / fmax(half, half_width_min_s);

    likeness_add(&estimator->likeness, move / sqrt(m->var_ahead), fmax(-1, fmin(1, place)));
}

static double min_memory_s(const struct estimator *estimator)
{
    int samples = estimator->options.min_samples;

    return samples > min_samples_plain ? samples * estimator->interval_s : 0;
}

static void use(struct estimator *estimator, const struct measurement *m)
{
    double elapsed = mono_diff_s(m->when, estimator->when);
    struct bank_sample sample = {
        .elapsed_s = elapsed,
        .offset_s = m->offset_s,
        .precision_s = m->precision_s,
        .memory = memory_s(estimator) / fmax(estimator->interval_s, 1e-3),
        .min_memory_s = min_memory_s(estimator),
        .tilt_per_s = tilt(estimator, m),
    };

    learn_gap(estimator, m);
    for (int i = 0; i < BANK_FLOORS; i++) {
        sample.interval[i] = interval(estimator, m, (enum bank_floor)i);
    }
    bank_update(&estimator->bank, &sample);
    compare_with_last(estimator, m);
    estimator->interval_s += (elapsed - estimator->interval_s) / 8;
    estimator->when = m->when;
    estimator->count++;
    estimator->total++;
}

/*
 * How much of the frequency is in doubt after a jump.  One that a wrong frequency could have made
 * over the time since the last sample is as much its evidence as a jump's; and what was learnt from
 * a handful of samples, perhaps of a server that was itself just starting, is not worth keeping.
 */
static double doubt_of_freq(const struct estimator *estimator, const struct measurement *first)
{
    double prior = freq_sd_of(&estimator->options);
    double slope = fabs(first->offset_s - first->ahead_s) /
                   fmax(mono_diff_s(first->when, estimator->when), 1e-3);

    if (estimator->total < young_samples) {
        return fmax(prior, freq_sd_jumped);
    }
    return slope <= plausible_slopes * prior ? fmax(slope, freq_sd_jumped) : freq_sd_jumped;
}

static void anchor_at(struct estimator *estimator, const struct measurement *m, double freq_sd)
{
    double half = m->excess_s + m->floor[BANK_FLOOR_LONG].jitter_s;

    bank_anchor(&estimator->bank, m->offset_s, half * half, freq_sd * freq_sd);
    estimator->when = m->when;
    estimator->count = 1;
}

/*
 * Anchor at the first of the withheld samples, and let the others follow.  Those of a server that
 * says something else each time follow no clock: the last of them is anchored at.
 */
static void restart(struct estimator *estimator, const struct measurement *last)
{
    double freq_sd = doubt_of_freq(estimator, &estimator->withheld[0]);

    estimator->jump_s = last->offset_s - last->ahead_s;
    estimator->jumps++;
    path_forget_states(&estimator->path);
    anchor_at(estimator, &estimator->withheld[0], freq_sd);
    for (int i = 1; i < JUMP_CONFIRMATIONS; i++) {
        struct measurement m = i < JUMP_CONFIRMATIONS - 1 ? estimator->withheld[i] : *last;
        struct line_state ahead =
            line_predict(&estimator->bank.mean, mono_diff_s(m.when, estimator->when), 0);

        m.ahead_s = ahead.offset_s;
        m.var_ahead = ahead.var_offset_s2;
        if (is_possible(estimator, &m)) {
            use(estimator, &m);
        } else {
            anchor_at(estimator, &m, freq_sd_of(&estimator->options));
        }
    }
}

enum estimator_verdict estimator_add(struct estimator *estimator, const struct sample *sample)
{
    struct measurement m;
    struct noise_point point;
    enum jump_verdict verdict;

    if (!is_sane(sample) || (estimator->total > 0 && sample->when.ns < estimator->floor.last.ns)) {
        return ESTIMATOR_DROPPED;
    }
    normalise(estimator, sample, &m);
    if (estimator->total == 0) {
        return take_first(estimator, sample);
    }
    if (!can_test_jumps(estimator) && !is_possible(estimator, &m)) {
        struct estimator_options options = estimator->options;

        estimator_init(estimator, &options);
        return take_first(estimator, sample);
    }
    note_distance(estimator, sample);
    point = (struct noise_point){m.when, m.offset_s, m.excess_s};
    noise_add(&estimator->noise, &point);
    verdict = test_jump(estimator, &m);
    if (verdict == JUMP_SUSPECTED) {
        estimator->withheld[estimator->jump.count - 1] = m;
        return ESTIMATOR_WITHHELD;
    }
    if (verdict == JUMP_CONFIRMED) {
        restart(estimator, &m);
        return ESTIMATOR_JUMPED;
    }
    use(estimator, &m);
    return ESTIMATOR_USED;
}

static unsigned remembered(const struct estimator *estimator)
{
    double samples = memory_s(estimator) / fmax(estimator->interval_s, 1e-3);
    double limit = estimator->count;

    if (estimator->options.max_samples > 0) {
        limit = fmin(limit, estimator->options.max_samples);
    }
    return (unsigned)fmax(fmin(limit, samples), fmin(limit, 2));
}

bool estimator_get(const struct estimator *estimator, struct estimate *estimate)
{
    const struct line_state *mean = &estimator->bank.mean;
    struct floor_view floor = floor_long(&estimator->floor, precision_min_s);
    double bias_sd = 0;
    double floor_s = floor.floor_s;

    if (estimator->count < 2) {
        return false;
    }
    if (estimator->path.count > 0) {
        floor_s = path_anchor_floor(&estimator->path, &bias_sd);
    }
    struct likeness_found alike = likeness_find(&estimator->likeness);
    /* Fewer samples leave the floor less known, which is the same error in each of them. */
    double unseen = floor.gap_s * (sqrt(alike.places) - 1);

    *estimate = (struct estimate){
        .when = estimator->when,
        .offset_s = mean->offset_s,
        .freq_s_per_s = mean->freq_s_per_s,
        .var_offset_s2 = mean->var_offset_s2 * alike.moves + unseen * unseen,
        .cov_offset_freq = mean->cov_s2_per_s * alike.moves,
        .var_freq = mean->var_freq * alike.moves,
        .wander = estimator->bank.wander,
        .floor_s = floor_s,
        .bias_sd_s = bias_sd,
        .root_distance_s = fmax(estimator->distance.bucket_s[0], estimator->distance.bucket_s[1]),
        .jitter_s = floor.jitter_s,
        .samples = remembered(estimator),
    };
    return true;
}

bool estimator_doubts_last(const struct estimator *estimator)
{
    return estimator->total > doubts_after && estimator->bank.outlier_share > 0.5;
}

void estimator_shift(struct estimator *estimator, double offset_s)
{
    bank_shift(&estimator->bank, offset_s, 0);
    path_shift(&estimator->path, offset_s);
    noise_shift(&estimator->noise, offset_s);
    for (int i = 0; i < JUMP_CONFIRMATIONS - 1; i++) {
        estimator->withheld[i].offset_s += offset_s;
        estimator->withheld[i].ahead_s += offset_s;
    }
}

void estimator_disturbed(struct estimator *estimator, enum estimator_disturbance kind,
                         double amount_s)
{
    double prior = fmax(estimator->options.freq_sd_s_per_s, freq_sd_disturbed);
    double shift = kind == ESTIMATOR_SUSPENDED ? amount_s : 0;
    double doubt = kind == ESTIMATOR_SUSPENDED ? 1 : fmax(1, fabs(amount_s));

    if (estimator->total == 0 || !is_within(amount_s, -offset_max_s, offset_max_s)) {
        return;
    }
    estimator_shift(estimator, shift);
    bank_shift(&estimator->bank, 0, doubt * doubt);
    bank_doubt_freq(&estimator->bank, prior * prior);
    floor_clear_recent(&estimator->floor);
    noise_break(&estimator->noise);
    path_forget_states(&estimator->path);
    jump_init(&estimator->jump);
}
