/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/schedule.h"

#include <math.h>

#include "base/fmath.h"

enum {
    RAMP_QUICK_PRIVATE = 4, /* requests at the shortest distance */
    RAMP_QUICK_PUBLIC = 8,
    SUSPECT_REQUESTS = 3,
    SUSPECT_CREDIT = 3,
    OPTION_BURST = 4,  /* requests at most for one poll with the option `burst` */
    VERDICTS = 3,      /* in a row, before the interval changes */
    QUARTERS = 4,      /* steps to twice the interval */
    ADDED_MEMORY = 16, /* samples over which what an interval adds is averaged */
    POLLTARGET_DEFAULT = 8,
    SILENT_FASTER = 3, /* losses in a row: the path may be back any moment */
    SILENT_STEPS = 2,  /* by so much */
    SILENT_SLOWER = 8, /* nobody is there */
    UNREACHABLE_STEPS = 2,
    PUBLIC_MINPOLL = 1,
    HURRIED_MAX = 16, /* requests in a row that come before their interval */
};

/* Guards of 2 s are measured at the server: an eighth is left for the network's jitter. */
static const int64_t public_spacing_ns = 2125000000;
static const int64_t private_spacing_ns = 1000000000;
static const int64_t ramp_private_ns = 250000000;
static const int64_t ramp_private_least_ns = 500000000;
static const int64_t ramp_public_least_ns = 8000000000;
static const int64_t ramp_dense_ns = 64 * NS_PER_S;
static const int64_t ramp_silent_least_ns = 16000000000;

/*
 * What is added to the estimate's uncertainty until the next request, by a frequency that is not
 * known better and by its wander, in standard deviations of the estimate.  A longer interval by a
 * quarter adds about 1.2 times as much; so the two lie far enough apart for it to come to rest.
 * Where they lie decides how often is asked: about as often as chronyd does.
 */
static const double grow_below = 1.7;
static const double shrink_above = 2.1;
/* So far from either, twice the interval, or half of it, is on the safe side as well. */
static const double far_off = 1.75;
/* What is added grows with the interval to the power of this, near there. */
static const double added_exponent = 0.82;
/* So much is a matter of this one request, not of the interval. */
static const double hurry_above = 5;

/* Within which the first request comes: quick enough not to be noticed, wide enough for a fleet. */
static const double spread_private_s = 0.2;
static const double spread_public_s = 2.0;
static const double spread_plain_s = 4.0;

static int64_t poll_ns(int poll)
{
    return poll >= 0 ? NS_PER_S << poll : NS_PER_S >> -poll;
}

static int64_t interval_ns(const struct schedule *schedule)
{
    return poll_ns(schedule->poll) / QUARTERS * (QUARTERS + schedule->quarters);
}

static int8_t larger(int8_t a, int8_t b)
{
    return a > b ? a : b;
}

static int8_t smaller(int8_t a, int8_t b)
{
    return a < b ? a : b;
}

static int8_t lowest_poll(const struct schedule *schedule)
{
    int8_t lowest = larger(schedule->options->minpoll, schedule->rate_floor);

    return schedule->private_path ? lowest : larger(lowest, PUBLIC_MINPOLL);
}

static int8_t highest_poll(const struct schedule *schedule)
{
    return larger(smaller(schedule->options->maxpoll, schedule->ceiling), lowest_poll(schedule));
}

static void clamp_poll(struct schedule *schedule)
{
    int8_t lowest = lowest_poll(schedule), highest = highest_poll(schedule);

    if (schedule->poll < lowest || schedule->poll >= highest) {
        schedule->poll = schedule->poll < lowest ? lowest : highest;
        schedule->quarters = 0;
    }
}

static int64_t spacing_ns(const struct schedule *schedule)
{
    int64_t spacing = schedule->private_path ? private_spacing_ns : public_spacing_ns;
    int64_t interval = interval_ns(schedule);

    return spacing < interval || !schedule->private_path ? spacing : interval;
}

static struct mono_time start_at(const struct schedule *schedule, struct mono_time now,
                                 uint64_t random)
{
    double spread_s = spread_plain_s;

    if (schedule->options->iburst) {
        spread_s = schedule->private_path ? spread_private_s : spread_public_s;
    }
    return mono_add(now, duration_from_s((double)(random >> 11) * 0x1p-53 * spread_s));
}

void schedule_init(struct schedule *schedule, const struct schedule_start *start)
{
    *schedule = (struct schedule){
        .options = start->options,
        .phase_ns = start->phase_ns,
        .private_path = start->private_path,
        .rate_floor = SCHEDULE_NO_FLOOR,
        .ceiling = SCHEDULE_POLL_MAX,
        .quick_credit = SUSPECT_CREDIT,
    };
    schedule_restart(schedule, start->now, start->random);
}

void schedule_restart(struct schedule *schedule, struct mono_time now, uint64_t random)
{
    schedule->poll = lowest_poll(schedule);
    schedule->quarters = 0;
    schedule->next = start_at(schedule, now, random);
    schedule->ramp_from = schedule->next;
    schedule->ramp_sent = 0;
    schedule->ramping = schedule->rate_floor == SCHEDULE_NO_FLOOR;
    schedule->quick_left = 0;
    schedule->presented = false;
    schedule->grow = 0;
    schedule->shrink = 0;
    if (schedule->asked && schedule->next.ns < schedule->last.ns + spacing_ns(schedule)) {
        schedule->next.ns = schedule->last.ns + spacing_ns(schedule);
    }
}

void schedule_options(struct schedule *schedule, const struct source_options *options)
{
    schedule->options = options;
    clamp_poll(schedule);
}

void schedule_limit(struct schedule *schedule, double longest_s)
{
    schedule->ceiling = SCHEDULE_POLL_MAX;
    while (longest_s > 0 && schedule->ceiling > 0 && fmath_exp2i(schedule->ceiling) > longest_s) {
        schedule->ceiling--;
    }
    clamp_poll(schedule);
}

bool schedule_presends(const struct schedule *schedule)
{
    return !schedule->presented && !schedule->ramping && schedule->quick_left == 0 &&
           schedule->poll >= schedule->options->presend_minpoll;
}

/* The interval after the present request of the start, ns. */
static int64_t ramp_ns(const struct schedule *schedule, struct mono_time now, unsigned silent)
{
    int64_t since = now.ns - schedule->ramp_from.ns;
    int64_t least = schedule->private_path ? ramp_private_least_ns : ramp_public_least_ns;

    if (!schedule->options->iburst) {
        return since / 4 > ramp_public_least_ns ? since / 4 : ramp_public_least_ns;
    }
    if (schedule->private_path && schedule->ramp_sent < RAMP_QUICK_PRIVATE) {
        return ramp_private_ns;
    }
    if (!schedule->private_path && schedule->ramp_sent < RAMP_QUICK_PUBLIC) {
        return public_spacing_ns;
    }
    if (!schedule->private_path && silent >= SILENT_SLOWER) {
        least = ramp_silent_least_ns;
    }
    int64_t age_share = since < ramp_dense_ns ? since / 6 : since / 4;

    return age_share > least ? age_share : least;
}

/*
 * The next point of the grid, at most one interval from now.  When that is less than half of it
 * away, since the interval has changed, half an interval more is waited, and the next time as well.
 */
static struct mono_time grid_at(const struct schedule *schedule, struct mono_time now,
                                int64_t interval)
{
    int64_t into = (now.ns - schedule->phase_ns) % interval;
    int64_t wait = interval - (into < 0 ? into + interval : into);

    return (struct mono_time){now.ns + (wait < interval / 2 ? wait + interval / 2 : wait)};
}

static struct mono_time grid_after(const struct schedule *schedule, struct mono_time now)
{
    return grid_at(schedule, now, interval_ns(schedule));
}

/*
 * The interval after losses: first shorter, since the path may be back any moment, then long, since
 * nobody is there.  `poll` stays as it was, so that a lossy path is not asked more often for ever.
 */
static int64_t silent_ns(const struct schedule *schedule, unsigned silent)
{
    int8_t lowest = lowest_poll(schedule);
    int64_t interval = interval_ns(schedule);

    if (silent >= SILENT_SLOWER) {
        int8_t slow = smaller((int8_t)(lowest + UNREACHABLE_STEPS), highest_poll(schedule));

        return interval > poll_ns(slow) ? interval : poll_ns(slow);
    }
    if (silent >= SILENT_FASTER) {
        return poll_ns(larger((int8_t)(schedule->poll - SILENT_STEPS), lowest));
    }
    return interval;
}

/* With the option `burst`, as many requests as the interval leaves room for above minpoll. */
static void start_option_burst(struct schedule *schedule)
{
    int steps = schedule->poll - lowest_poll(schedule);

    if (schedule->options->burst && steps > 0 && schedule->rate_floor == SCHEDULE_NO_FLOOR) {
        schedule->quick_left = (uint8_t)((steps > 1 ? OPTION_BURST : 2) - 1);
        schedule->quick_good = 1;
    }
}

void schedule_sent(struct schedule *schedule, struct mono_time now, unsigned silent)
{
    bool presend = schedule_presends(schedule);

    schedule->last = now;
    schedule->asked = true;
    if (presend) {
        schedule->presented = true;
        schedule->next.ns = now.ns + spacing_ns(schedule);
        return;
    }
    schedule->presented = false;
    if (schedule->ramping) {
        schedule->ramp_sent++;
        int64_t interval = ramp_ns(schedule, now, silent);
        if (interval < poll_ns(schedule->poll)) {
            schedule->next.ns = now.ns + interval;
            return;
        }
        schedule->ramping = false;
    } else if (schedule->quick_left > 0) {
        schedule->quick_left--;
    } else {
        if (schedule->quick_credit < SUSPECT_CREDIT) {
            schedule->quick_credit++;
        }
        start_option_burst(schedule);
    }
    schedule->next = schedule->quick_left > 0
                         ? mono_add(now, (struct duration){spacing_ns(schedule)})
                         : grid_at(schedule, now, silent_ns(schedule, silent));
}

void schedule_good(struct schedule *schedule)
{
    if (schedule->quick_left == 0) {
        return;
    }
    if (schedule->quick_good > 0) {
        schedule->quick_good--;
    }
    if (schedule->quick_good == 0) {
        schedule->quick_left = 0;
        schedule->next = grid_after(schedule, schedule->last);
    }
}

/* What is added to the estimate's uncertainty within an interval, s. */
static double added_s(const struct estimate *estimate, int64_t interval)
{
    struct mono_time then = {estimate->when.ns + interval};

    return sqrt(fmax(estimate_variance_at(estimate, then) - estimate->var_offset_s2, 0));
}

/* The longest interval after which the estimate is still as sure as asked for. */
static int8_t poll_for_accuracy(const struct schedule *schedule, const struct estimate *estimate,
                                double target_s)
{
    int8_t poll = lowest_poll(schedule);

    while (poll < highest_poll(schedule)) {
        struct mono_time then = {estimate->when.ns + poll_ns(poll + 1)};

        if (estimate_variance_at(estimate, then) > target_s * target_s) {
            break;
        }
        poll++;
    }
    return poll;
}

/*
 * How much an interval adds varies with each sample, since a good one leaves little to be doubted:
 * the geometric mean of the last few decides.
 */
static void note_added(struct schedule *schedule, double ratio)
{
    double most = shrink_above * far_off * far_off, least = grow_below / far_off / far_off;
    double log_ratio = fmath_log(fmax(least, fmin(ratio, most)));

    if (schedule->added_count < ADDED_MEMORY) {
        schedule->added_count++;
    }
    schedule->log_added += (log_ratio - schedule->log_added) / (double)schedule->added_count;
}

/* By a quarter of the power of two, or all of it. */
static void lengthen(struct schedule *schedule, bool far)
{
    schedule->quarters = far ? 0 : (uint8_t)((schedule->quarters + 1) % QUARTERS);
    if (far || schedule->quarters == 0) {
        schedule->poll = (int8_t)(schedule->poll + 1);
    }
}

static void shorten(struct schedule *schedule, bool far)
{
    if (far || schedule->quarters == 0) {
        schedule->poll = (int8_t)(schedule->poll - 1);
    }
    if (!far) {
        schedule->quarters = (uint8_t)((schedule->quarters + QUARTERS - 1) % QUARTERS);
    }
}

/*
 * After a jump, whose cause may be the frequency, all that is known would be lost long before the
 * next request: it comes as soon as the usual doubt has been added.  Whether that is so is a matter
 * of this one request, so that the interval stays as it is; but not for ever.
 */
static bool hurry(struct schedule *schedule, const struct estimate *estimate)
{
    double sd_s = sqrt(estimate->var_offset_s2);
    double usual_s2 = estimate->var_offset_s2 + shrink_above * shrink_above * sd_s * sd_s;
    int64_t least = poll_ns(lowest_poll(schedule)), interval = interval_ns(schedule);

    if (added_s(estimate, interval) <= hurry_above * sd_s || schedule->hurried >= HURRIED_MAX) {
        schedule->hurried = (uint8_t)(schedule->hurried - (schedule->hurried > 0));
        return false;
    }
    while (interval / 2 >= least &&
           estimate_variance_at(estimate, (struct mono_time){estimate->when.ns + interval}) >
               usual_s2) {
        interval /= 2;
    }
    schedule->hurried++;
    schedule->next =
        mono_min(schedule->next, mono_add(schedule->last, (struct duration){interval}));
    return true;
}

/* Takes the interval that is due, if one is. */
static void change_interval(struct schedule *schedule, bool far)
{
    double before_s = schedule_interval_s(schedule);

    if (schedule->grow < VERDICTS && schedule->shrink < VERDICTS) {
        return;
    }
    if (schedule->grow > 0) {
        lengthen(schedule, far);
    } else {
        shorten(schedule, far);
    }
    clamp_poll(schedule);
    /* What the last samples told was of the interval before. */
    schedule->log_added += added_exponent * fmath_log(schedule_interval_s(schedule) / before_s);
    schedule->grow = 0;
    schedule->shrink = 0;
    schedule->next = grid_after(schedule, schedule->last);
}

void schedule_adapt(struct schedule *schedule, const struct estimate *estimate,
                    double accuracy_target_s)
{
    double target = schedule->options->polltarget;
    double scale = POLLTARGET_DEFAULT / (target > 0 ? target : POLLTARGET_DEFAULT);
    double sd_s = sqrt(estimate->var_offset_s2) * scale;
    double ratio = added_s(estimate, interval_ns(schedule)) / sd_s;
    int8_t wanted = schedule->poll;

    if (schedule->ramping || schedule->quick_left > 0) {
        return;
    }
    if (accuracy_target_s > 0) {
        wanted = poll_for_accuracy(schedule, estimate, accuracy_target_s);
    } else if (hurry(schedule, estimate)) {
        return;
    }
    note_added(schedule, ratio);
    bool grow = schedule->log_added < fmath_log(grow_below);
    bool shrink = schedule->log_added > fmath_log(shrink_above);
    bool far = ratio * far_off < grow_below || ratio > far_off * shrink_above;
    if (accuracy_target_s > 0) {
        far |= wanted > schedule->poll;
        grow = grow || wanted > schedule->poll;
        shrink = shrink && wanted < schedule->poll;
    }
    schedule->grow = grow ? (uint8_t)(schedule->grow + 1) : 0;
    schedule->shrink = shrink ? (uint8_t)(schedule->shrink + 1) : 0;
    change_interval(schedule, far);
}

double schedule_interval_s(const struct schedule *schedule)
{
    return (double)interval_ns(schedule) * 1e-9;
}

static void ask_soon(struct schedule *schedule, struct mono_time now)
{
    struct mono_time soon = now;

    if (schedule->asked && soon.ns < schedule->last.ns + spacing_ns(schedule)) {
        soon.ns = schedule->last.ns + spacing_ns(schedule);
    }
    schedule->next = mono_min(schedule->next, soon);
}

void schedule_suspect(struct schedule *schedule, struct mono_time now)
{
    if (schedule->ramping || schedule->quick_left > 0 || schedule->quick_credit == 0 ||
        schedule->rate_floor != SCHEDULE_NO_FLOOR) {
        return;
    }
    schedule->quick_left =
        schedule->quick_credit < SUSPECT_REQUESTS ? schedule->quick_credit : SUSPECT_REQUESTS;
    schedule->quick_credit = (uint8_t)(schedule->quick_credit - schedule->quick_left);
    schedule->quick_good = 1;
    ask_soon(schedule, now);
}

void schedule_burst(struct schedule *schedule, struct mono_time now, uint8_t good, uint8_t requests)
{
    if (schedule->ramping || schedule->rate_floor != SCHEDULE_NO_FLOOR || requests == 0) {
        return;
    }
    schedule->quick_left = requests;
    schedule->quick_good = good;
    ask_soon(schedule, now);
}

void schedule_soon(struct schedule *schedule, struct mono_time now)
{
    if (schedule->rate_floor == SCHEDULE_NO_FLOOR || !schedule->asked) {
        ask_soon(schedule, now);
    }
}

void schedule_rate_limited(struct schedule *schedule, struct mono_time now)
{
    int8_t doubled = (int8_t)(schedule->poll + 1);

    schedule->rate_floor = smaller(doubled, SCHEDULE_POLL_MAX);
    schedule->ramping = false;
    schedule->quick_left = 0;
    schedule->presented = false;
    clamp_poll(schedule);
    schedule->next.ns = now.ns + interval_ns(schedule);
}

void schedule_restore_floor(struct schedule *schedule, int8_t poll_floor)
{
    schedule->rate_floor = smaller(poll_floor, SCHEDULE_POLL_MAX);
    schedule->ramping = false;
    clamp_poll(schedule);
}
