/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/check.h"

#include <math.h>

#include "wire/ntp_packet.h"

#define PUBLIC_SPACING_S 2.0
#define PRIVATE_SPACING_S 0.24
#define SPACING_TOLERANCE_S 2e-3 /* the clock by which the node spaces them is up to 0.1 % fast */
#define LEAP_WINDOW_NS (3 * NS_PER_S)

enum { BUSY_WAKES_MAX = 5000 };

static const struct {
    const char *word, *sentence;
} invariants[INVARIANT_COUNT] = {
#define INVARIANT_ROW(name, word, sentence) [INVARIANT_##name] = {word, sentence},
    INVARIANT_LIST(INVARIANT_ROW)
#undef INVARIANT_ROW
};

const char *invariant_word(enum invariant invariant)
{
    return invariants[invariant].word;
}

const char *invariant_sentence(enum invariant invariant)
{
    return invariants[invariant].sentence;
}

bool check_failed(const struct check *check)
{
    for (unsigned i = 0; i < INVARIANT_COUNT; i++) {
        if (check->counts[i] > 0) {
            return true;
        }
    }
    return false;
}

void check_report(struct check *check, const struct violation *violation)
{
    if (!check_failed(check)) {
        check->first = *violation;
    }
    check->counts[violation->invariant]++;
}

double check_error_s(const struct check_instant *at, struct utc_time claimed)
{
    const struct utc_scale *utc = at->utc;
    double error_s = utc_diff_s(claimed, utc_scale_at(utc, at->when));
    int64_t from_leap_ns = at->when.ns - utc_scale_leap_at(utc).ns;

    if (utc->leap == 0 || from_leap_ns > LEAP_WINDOW_NS || from_leap_ns < -LEAP_WINDOW_NS) {
        return error_s;
    }
    double other_s = error_s + (from_leap_ns >= 0 ? -utc->leap : utc->leap);
    return fabs(other_s) < fabs(error_s) ? other_s : error_s;
}

double check_line(struct check *check, const struct check_instant *at, const struct time_line *line)
{
    double error_s = check_error_s(at, line_utc(line, at->mono));
    double bound_s = line_bound_s(line, at->mono);

    if (!line->synchronised || at->mono.ns >= line->void_after.ns ||
        period_has(&check->excused, at->when)) {
        return error_s;
    }
    if (fabs(error_s) > check->worst_ratio * bound_s) {
        check->worst_ratio = bound_s > 0 ? fabs(error_s) / bound_s : 1e9;
    }
    if (!(fabs(error_s) <= bound_s)) {
        check_report(check, &(struct violation){INVARIANT_BOUND, at->when, error_s, bound_s});
    }
    return error_s;
}

static bool well_formed(const struct time_line *line, const struct time_line *before)
{
    if (!(fabs(line->rate) < 0.2) || !(line->bound_s >= 0) || !(line->growth_s_per_s >= 0) ||
        !(line->sd_s >= 0) || !(line->root_delay_s >= 0)) {
        return false;
    }
    /* The same again when one batch publishes twice. */
    if (before && (int32_t)(line->generation - before->generation) < 0) {
        return false;
    }
    if (!line->synchronised) {
        return true;
    }
    return line->bound_s < 1e6 && line->leap != NTP_LEAP_UNSYNC && line->stratum >= 1 &&
           line->stratum <= 15 && line->void_after.ns > line->from.ns;
}

void check_publish(struct check *check, const struct check_instant *at,
                   const struct time_line *line)
{
    const struct time_line *before = check->have_line ? &check->line : NULL;

    if (!well_formed(line, before)) {
        check_report(check, &(struct violation){INVARIANT_LINE, at->when, line->bound_s, 0});
    }
    check_line(check, at, line);
    if (before && before->synchronised && line->synchronised &&
        at->mono.ns < before->void_after.ns && !period_has(&check->excused, at->when)) {
        double apart_s = check_error_s(at, line_utc(line, at->mono)) -
                         check_error_s(at, line_utc(before, at->mono));
        double limit_s = line_bound_s(line, at->mono) + line_bound_s(before, at->mono);
        if (!(fabs(apart_s) <= limit_s)) {
            check_report(check, &(struct violation){INVARIANT_OVERLAP, at->when, apart_s, limit_s});
        }
    }
    check->line = *line;
    check->have_line = true;
}

void check_served(struct check *check, const struct check_instant *at, struct utc_time transmit,
                  double root_distance_s)
{
    double error_s = check_error_s(at, transmit);

    if (!(fabs(error_s) <= root_distance_s) && !period_has(&check->excused, at->when)) {
        check_report(check,
                     &(struct violation){INVARIANT_SERVED, at->when, error_s, root_distance_s});
    }
}

void check_rate(struct check *check, struct true_time when, double rate_s_per_s, double limit)
{
    if (!(fabs(rate_s_per_s) <= limit)) {
        check_report(check, &(struct violation){INVARIANT_RATE, when, rate_s_per_s, limit});
    }
}

void check_step(struct check *check, struct true_time when, double step_s)
{
    if (when.ns >= check->steps_until.ns) {
        check_report(check, &(struct violation){INVARIANT_STEP, when, step_s, 0});
    }
}

void check_request(struct check *check, struct true_time when, double since_s, bool public)
{
    double limit_s = (public ? PUBLIC_SPACING_S : PRIVATE_SPACING_S) - SPACING_TOLERANCE_S;

    if (since_s < limit_s) {
        check_report(check, &(struct violation){INVARIANT_FLOOD, when, since_s, limit_s});
    }
}

void check_wake(struct check *check, struct true_time when, bool slept)
{
    if (slept) {
        check->busy_wakes = 0;
        check->busy_since = when;
        return;
    }
    if (++check->busy_wakes == BUSY_WAKES_MAX) {
        double busy_s = true_time_to_s(when) - true_time_to_s(check->busy_since);
        check_report(check, &(struct violation){INVARIANT_LIVELOCK, when, BUSY_WAKES_MAX, busy_s});
    }
}
