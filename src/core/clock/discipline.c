/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/discipline.h"

#include <math.h>
#include <string.h>

#include "base/must.h"

/*
 * How long a slew takes with chrony's default corrtimeratio: this share of the poll interval, and
 * no less than this share of the time over which the estimate remembers (the offset's standard
 * deviation by the frequency's).  To follow an estimate that averages over hours within minutes
 * wins almost nothing of its error, and a rare good exchange would shake the clock's frequency:
 * with 10 ms of jitter at long polls this makes the noise half, and the error 2 % larger; a share
 * of 0.5 a third, and 6 %.
 */
#define RATIO_DEFAULT 3.0
#define POLL_SHARE 0.35
#define MEMORY_SHARE 0.25
#define SLEW_POLLS_MAX 4.0
#define SLEW_TIME_MIN_S 1.0
#define SLEW_TIME_MAX_S 1e8
/* Errors up to this many standard deviations, as they were claimed before the update or after it,
 * are noise, and not hurried after. */
#define HURRY_SD 3.0
/* Below this part of a standard deviation a slew may as well last until the next wake-up. */
#define STRETCH_SD (1.0 / 3)
#define STRETCH_MAX 8.0
/* Half of the kernel's frequency unit (2^-16 ppm). */
#define RATE_STEP_S_PER_S 8e-12
#define NOTHING_S 1e-9
/* Left over when a slew ends: not worth another. */
#define REST_S 1e-7
/* Of a disturbed clock without makestep. */
#define DISTURBED_STEP_S 0.1
/* A leap second counts as slewed when this little of it is left. */
#define SLEWED_S 1e-3

#define NEVER ((struct mono_time){INT64_MAX})

void discipline_init(struct discipline *discipline, struct freq rate, double max_rate_s_per_s)
{
    must(max_rate_s_per_s > 0);
    memset(discipline, 0, sizeof *discipline);
    discipline->base_s_per_s = rate.s_per_s;
    discipline->rate_s_per_s = rate.s_per_s;
    discipline->rate_known = true;
    discipline->max_rate_s_per_s = max_rate_s_per_s;
}

static double clamp(double value, double limit)
{
    return fmin(fmax(value, -limit), limit);
}

static double freq_limit(const struct discipline *discipline, const struct node_options *options)
{
    return fmin(discipline->max_rate_s_per_s, options->max_drift_s_per_s);
}

/* Two standard deviations are the bound that maxupdateskew speaks of. */
static void set_base(struct discipline *discipline, const struct node_options *options,
                     const struct discipline_input *input)
{
    if (2 * input->freq_sd_s_per_s <= options->max_update_skew_s_per_s) {
        discipline->base_s_per_s = clamp(input->freq_s_per_s, freq_limit(discipline, options));
    }
}

/* A decision to run at this rate, if that is any change. */
static struct decision steer(const struct discipline *discipline, double rate_s_per_s)
{
    struct decision decision = {.rate = {rate_s_per_s}};

    decision.steer = !discipline->rate_known ||
                     fabs(rate_s_per_s - discipline->rate_s_per_s) >= RATE_STEP_S_PER_S;
    decision.kind = decision.steer ? DECISION_STEER : DECISION_NONE;
    return decision;
}

struct decision discipline_set_freq(struct discipline *discipline,
                                    const struct node_options *options, struct freq freq)
{
    discipline->base_s_per_s = clamp(freq.s_per_s, freq_limit(discipline, options));
    discipline->slew.active = false;
    return steer(discipline, discipline->base_s_per_s);
}

/* `seconds` later; slews of years (a clock decades wrong that must not be stepped) are cut. */
static struct mono_time after(struct mono_time at, double seconds)
{
    return mono_add(at, duration_from_s(fmin(seconds, SLEW_TIME_MAX_S)));
}

static double slew_time_s(const struct discipline *discipline, const struct node_options *options,
                          const struct discipline_input *input)
{
    double ratio = options->corr_time_ratio > 0 ? options->corr_time_ratio : RATIO_DEFAULT;
    double memory_s = input->freq_sd_s_per_s > 0 ? input->sd_s / input->freq_sd_s_per_s : 0;
    double error_s = fabs(input->clock_error_s);
    double time_s = fmax(POLL_SHARE * input->poll_s,
                         fmin(MEMORY_SHARE * memory_s, SLEW_POLLS_MAX * input->poll_s));
    double usual_s = HURRY_SD * fmax(input->sd_s, discipline->expected_sd_s);

    time_s = fmax(time_s * ratio / RATIO_DEFAULT, SLEW_TIME_MIN_S);
    if (error_s > usual_s) {
        time_s = fmax(time_s * usual_s / error_s, SLEW_TIME_MIN_S);
    }
    return time_s;
}

static double until_next_wake_s(const struct discipline_input *input)
{
    /* Far deadlines ("never") must not overflow. */
    return input->next_wake.ns > input->now.ns && input->next_wake.ns < INT64_MAX / 2
               ? mono_diff_s(input->next_wake, input->now)
               : 0;
}

static struct decision slew(struct discipline *discipline, const struct node_options *options,
                            const struct discipline_input *input)
{
    double error_s = input->clock_error_s;
    double limit = fmin(options->max_slew_s_per_s,
                        discipline->max_rate_s_per_s - fabs(discipline->base_s_per_s));
    double time_s = slew_time_s(discipline, options, input);
    double wake_s = until_next_wake_s(input);
    struct decision decision;

    must(isfinite(error_s) && isfinite(input->freq_s_per_s));
    discipline->slew.active = false;
    if (fabs(error_s) < NOTHING_S || limit < RATE_STEP_S_PER_S) {
        return steer(discipline, discipline->base_s_per_s);
    }
    time_s = fmax(time_s, fabs(error_s) / limit);
    if (fabs(error_s) <= STRETCH_SD * input->sd_s && wake_s > time_s &&
        wake_s <= STRETCH_MAX * time_s) {
        time_s = wake_s;
    }
    discipline->slew.active = true;
    discipline->slew.from = input->now;
    discipline->slew.error_s = error_s;
    discipline->slew.end = after(input->now, time_s);
    decision = steer(discipline, discipline->base_s_per_s + error_s / time_s);
    decision.slew_time_s = time_s;
    return decision;
}

/* How far the new estimate is from UTC as accepted so far; at first, from the clock. */
static double change_s(const struct discipline *discipline, const struct discipline_input *input)
{
    double elapsed_s = mono_diff_s(input->now, discipline->accepted.when);

    if (!discipline->accepted.known) {
        return input->clock_error_s;
    }
    return input->utc_offset_s -
           (discipline->accepted.offset_s + discipline->accepted.freq_s_per_s * elapsed_s);
}

static bool is_refused(struct discipline *discipline, const struct change_options *options,
                       double change_s)
{
    discipline->refused = false;
    discipline->change_refused = false;
    if (!(options->offset_s > 0) || options->start < 0 ||
        discipline->updates < (unsigned)options->start || fabs(change_s) <= options->offset_s) {
        return false;
    }
    discipline->refusals++;
    discipline->refused = true;
    discipline->change_refused =
        options->ignore >= 0 && discipline->refusals > (unsigned)options->ignore;
    return true;
}

/* What was claimed of UTC before this update. */
static double expected_sd_s(const struct discipline *discipline, struct mono_time now)
{
    double elapsed_s = mono_diff_s(now, discipline->accepted.when);
    double sd_s = discipline->accepted.sd_s;
    double drifted_s = discipline->accepted.freq_sd_s_per_s * elapsed_s;

    return discipline->accepted.known ? sqrt(sd_s * sd_s + drifted_s * drifted_s) : 0;
}

static void accept(struct discipline *discipline, const struct node_options *options,
                   const struct discipline_input *input)
{
    discipline->expected_sd_s = expected_sd_s(discipline, input->now);
    set_base(discipline, options, input);
    discipline->accepted.known = true;
    discipline->accepted.sd_s = input->sd_s;
    discipline->accepted.freq_sd_s_per_s = input->freq_sd_s_per_s;
    discipline->accepted.when = input->now;
    discipline->accepted.offset_s = input->utc_offset_s;
    discipline->accepted.freq_s_per_s = input->freq_s_per_s;
    discipline->updates++;
}

static bool may_step(const struct discipline *discipline, const struct step_options *options,
                     double error_s)
{
    double threshold_s = options->threshold_s;
    bool allowed = options->limit < 0 || discipline->updates < (unsigned)options->limit;

    if (discipline->extra_steps > 0) {
        allowed = true;
        threshold_s = threshold_s > 0 ? threshold_s : DISTURBED_STEP_S;
    }
    return allowed && !discipline->slew_only && threshold_s > 0 && fabs(error_s) > threshold_s;
}

static struct decision step(struct discipline *discipline, const struct discipline_input *input)
{
    struct decision decision = steer(discipline, discipline->base_s_per_s);

    discipline->slew.active = false;
    discipline->extra_steps = 0;
    decision.kind = DECISION_STEP;
    decision.step = duration_from_s(input->clock_error_s);
    return decision;
}

struct decision discipline_update(struct discipline *discipline, const struct node_options *options,
                                  const struct discipline_input *input)
{
    double change = change_s(discipline, input);
    bool wants_step = may_step(discipline, &options->step, input->clock_error_s);
    struct decision decision;

    if (is_refused(discipline, &options->change, change)) {
        return (struct decision){.kind = DECISION_REFUSED, .change_s = change};
    }
    accept(discipline, options, input);
    if (fabs(input->clock_error_s) < SLEWED_S) {
        discipline->slew_only = false;
    }
    if (wants_step) {
        decision = step(discipline, input);
    } else {
        discipline->extra_steps -= discipline->extra_steps > 0;
        decision = slew(discipline, options, input);
    }
    decision.change_s = change;
    return decision;
}

struct decision discipline_step_now(struct discipline *discipline,
                                    const struct node_options *options,
                                    const struct discipline_input *input)
{
    double change = change_s(discipline, input);
    struct decision decision;

    discipline->refused = false;
    discipline->change_refused = false;
    accept(discipline, options, input);
    decision = step(discipline, input);
    decision.change_s = change;
    return decision;
}

struct decision discipline_slew_now(struct discipline *discipline,
                                    const struct node_options *options,
                                    const struct discipline_input *input)
{
    discipline->slew_only = true;
    return slew(discipline, options, input);
}

struct decision discipline_wake(struct discipline *discipline, const struct node_options *options,
                                const struct discipline_input *input)
{
    if (!discipline->slew.active || input->now.ns < discipline->slew.end.ns) {
        return (struct decision){.kind = DECISION_NONE};
    }
    if (!discipline->refused && fabs(input->clock_error_s) > fmax(input->sd_s, REST_S)) {
        return slew(discipline, options, input);
    }
    discipline->slew.active = false;
    return steer(discipline, discipline->base_s_per_s);
}

struct mono_time discipline_deadline(const struct discipline *discipline)
{
    return discipline->slew.active ? discipline->slew.end : NEVER;
}

void discipline_adjusted(struct discipline *discipline, const struct event_clock_adjusted *adjusted)
{
    struct mono_time at = {adjusted->before.ns + (adjusted->after.ns - adjusted->before.ns) / 2};
    double closing, error_s;

    if (adjusted->error != ERR_NONE) {
        /* Nothing was changed; the next update decides afresh. */
        discipline->slew.active = false;
        return;
    }
    if (adjusted->kind != ADJUST_RATE) {
        return;
    }
    error_s = discipline->slew.error_s + (discipline->base_s_per_s - discipline->rate_s_per_s) *
                                             mono_diff_s(at, discipline->slew.from);
    discipline->rate_s_per_s = adjusted->rate.s_per_s;
    discipline->rate_known = true;
    if (!discipline->slew.active) {
        return;
    }
    closing = discipline->rate_s_per_s - discipline->base_s_per_s;
    discipline->slew.from = at;
    discipline->slew.error_s = error_s;
    if (error_s * closing <= 0) {
        /* There already, or the backend can't be made to go there: look again, not at once. */
        discipline->slew.end = after(at, SLEW_TIME_MIN_S);
        return;
    }
    discipline->slew.end = after(at, error_s / closing);
}

void discipline_disturbed(struct discipline *discipline, unsigned updates)
{
    discipline->rate_known = false;
    if (updates > 0) {
        discipline->slew_only = false;
    }
    if (updates > discipline->extra_steps) {
        discipline->extra_steps = updates;
    }
}

void discipline_utc_moved(struct discipline *discipline, double by_s)
{
    discipline->accepted.offset_s += by_s;
}

double discipline_slew_rate(const struct discipline *discipline)
{
    return discipline->slew.active ? discipline->rate_s_per_s - discipline->base_s_per_s : 0;
}
