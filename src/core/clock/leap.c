/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/leap.h"

#include <string.h>

#include "base/calendar.h"

#define NEAR_NS (2 * NS_PER_S)
/* Announcements just before are not acted upon: the first servers are through already. */
#define FROZEN_NS (5 * NS_PER_S)
#define REARM_NS (3 * NS_PER_S / 2)
#define DAY_NS (86400 * NS_PER_S)
#define NEVER ((struct mono_time){INT64_MAX})

void leap_init(struct leap *leap, enum leap_mode mode, bool kernel_leaps)
{
    memset(leap, 0, sizeof *leap);
    leap_set_mode(leap, mode, kernel_leaps);
}

void leap_set_mode(struct leap *leap, enum leap_mode mode, bool kernel_leaps)
{
    leap->mode = mode == LEAP_SYSTEM && !kernel_leaps ? LEAP_STEP : mode;
    leap->kernel_leaps = kernel_leaps;
}

/* The first instant after the day of `utc`. */
static struct utc_time end_of_day(struct utc_time utc)
{
    return (struct utc_time){(calendar_day_number(utc) + 1) * DAY_NS};
}

/* Leap seconds could end any month; none ever ended another than these, and chrony believes no
 * other either. */
static bool may_end_in_leap(struct utc_time utc)
{
    struct civil civil = civil_from_utc(utc);

    return (civil.month == 6 || civil.month == 12) && calendar_last_of_month(&civil);
}

static int direction_of(uint8_t announced)
{
    switch (announced) {
    case NTP_LEAP_INSERT:
        return 1;
    case NTP_LEAP_DELETE:
        return -1;
    default:
        return 0;
    }
}

/* When the count jumps: at midnight, or a second before for one that is deleted. */
static struct mono_time instant(const struct leap *leap, struct mono_time now, struct utc_time utc)
{
    int64_t jump_ns = leap->midnight.ns - (leap->direction < 0 ? NS_PER_S : 0);

    return (struct mono_time){now.ns + (jump_ns - utc.ns)};
}

static bool frozen(const struct leap *leap, struct mono_time now)
{
    return leap->phase == LEAP_PAST ||
           (leap->phase == LEAP_ARMED && now.ns >= leap->at.ns - FROZEN_NS);
}

bool leap_announced(struct leap *leap, uint8_t announced, struct mono_time now, struct utc_time utc)
{
    struct utc_time midnight = end_of_day(utc);
    int direction = may_end_in_leap(utc) ? direction_of(announced) : 0;

    if (announced == NTP_LEAP_UNSYNC || frozen(leap, now)) {
        return false;
    }
    /* After an inserted second it is the same day once more, for a second. */
    if (leap->have_last && midnight.ns == leap->last_midnight.ns) {
        direction = 0;
    }
    if (direction == leap->direction && (direction == 0 || midnight.ns == leap->midnight.ns)) {
        return false;
    }
    leap->direction = direction;
    leap->phase = direction ? LEAP_ARMED : LEAP_IDLE;
    leap->midnight = midnight;
    leap->clock_done = leap->rearming = false;
    leap->at = instant(leap, now, utc);
    return true;
}

static struct leap_outcome jump(struct leap *leap)
{
    struct leap_outcome outcome = {.utc_shift = {-leap->direction * NS_PER_S}, .status = true};

    leap->phase = LEAP_PAST;
    leap->have_last = true;
    leap->last_midnight = leap->midnight;
    if (leap->clock_done) {
        return outcome;
    }
    if (leap->mode == LEAP_STEP) {
        outcome.step = outcome.utc_shift;
    }
    outcome.slew = leap->mode == LEAP_SLEW;
    leap->clock_done = leap->mode != LEAP_SYSTEM;
    return outcome;
}

struct leap_outcome leap_pass(struct leap *leap, struct mono_time now, struct utc_time utc)
{
    struct leap_outcome outcome = {.utc_shift = {0}};
    bool rearmed = leap->rearming && now.ns >= leap->rearm.ns;

    if (leap->phase == LEAP_ARMED) {
        leap->at = instant(leap, now, utc);
        if (now.ns >= leap->at.ns) {
            outcome = jump(leap);
            /* Found late (the machine slept): the kernel still has its two seconds. */
            leap->at = now;
        }
    } else if (leap->phase == LEAP_PAST && now.ns >= leap->at.ns + NEAR_NS) {
        if (!leap->clock_done) {
            outcome.step.ns = -leap->direction * NS_PER_S;
        }
        outcome.status = true;
        leap->phase = LEAP_IDLE;
        leap->direction = 0;
    }
    if (rearmed) {
        leap->rearming = false;
        outcome.status = true;
    }
    return outcome;
}

void leap_clock_stepped(struct leap *leap, struct mono_time now)
{
    if (leap->phase == LEAP_ARMED && leap->mode == LEAP_SYSTEM) {
        leap->rearming = true;
        leap->rearm.ns = now.ns + REARM_NS;
    }
}

void leap_clock_leapt(struct leap *leap)
{
    leap->clock_done = true;
}

struct mono_time leap_deadline(const struct leap *leap)
{
    switch (leap->phase) {
    case LEAP_ARMED:
        return leap->rearming ? mono_min(leap->at, leap->rearm) : leap->at;
    case LEAP_PAST:
        return (struct mono_time){leap->at.ns + NEAR_NS};
    case LEAP_IDLE:
        break;
    }
    return NEVER;
}

bool leap_is_near(const struct leap *leap, struct mono_time at)
{
    return leap->phase != LEAP_IDLE && at.ns >= leap->at.ns - NEAR_NS &&
           at.ns <= leap->at.ns + NEAR_NS;
}

uint8_t leap_served(const struct leap *leap)
{
    if (leap->phase != LEAP_ARMED) {
        return NTP_LEAP_NONE;
    }
    return leap->direction > 0 ? NTP_LEAP_INSERT : NTP_LEAP_DELETE;
}

uint8_t leap_kernel(const struct leap *leap)
{
    if (leap->mode != LEAP_SYSTEM || leap->phase == LEAP_IDLE || leap->rearming) {
        return NTP_LEAP_NONE;
    }
    return leap->direction > 0 ? NTP_LEAP_INSERT : NTP_LEAP_DELETE;
}

int leap_expected(const struct leap *leap)
{
    return leap->mode == LEAP_SYSTEM && leap->phase != LEAP_IDLE && !leap->clock_done
               ? leap->direction
               : 0;
}
