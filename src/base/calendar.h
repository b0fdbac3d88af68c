/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar.h - UTC instants as dates of the Gregorian calendar and back. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

enum { CALENDAR_YEAR_MIN = 1900, CALENDAR_YEAR_MAX = 2200 };

/* A date and time of day, UTC. */
struct civil {
    int year, month, day;     /* month and day from 1 */
    int hour, minute, second; /* second 60 is understood as the leap second */
    int32_t ns;
};

struct civil civil_from_utc(struct utc_time t);

/*
 * The instant of a date; hour 24 and other impossible dates, and years outside 1900..2200, are
 * refused.  A second of 60 gives the following second, as POSIX counts.
 */
bool utc_from_civil(struct utc_time *t, const struct civil *civil);

bool calendar_leap_year(int year);
/* Days of a month (1..12). */
int calendar_month_days(int year, int month);
/* 1 for the first of January. */
int calendar_day_of_year(const struct civil *civil);
/* Whether the day is its month's last one: the only day that can end in a leap second. */
bool calendar_last_of_month(const struct civil *civil);
/* The first instant of the month after the one of `t`. */
struct utc_time calendar_next_month(struct utc_time t);
/* Days since 1970-01-01, rounded down. */
int64_t calendar_day_number(struct utc_time t);

#endif
