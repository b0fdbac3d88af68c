/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/calendar.h"

#include "base/must.h"

#define DAY_S INT64_C(86400)

bool calendar_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int calendar_month_days(int year, int month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    must(month >= 1 && month <= 12);
    return month == 2 && calendar_leap_year(year) ? 29 : days[month - 1];
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to the first of January of a year. */
static int64_t year_start(int year)
{
    int64_t y = year - 1;

    return 365 * ((int64_t)year - 1970) + (floor_divide(y, 4) - 492) - (floor_divide(y, 100) - 19) +
           (floor_divide(y, 400) - 4);
}

int64_t calendar_day_number(struct utc_time t)
{
    return floor_divide(floor_divide(t.ns, NS_PER_S), DAY_S);
}

struct civil civil_from_utc(struct utc_time t)
{
    int64_t day = calendar_day_number(t);
    int64_t s = floor_divide(t.ns, NS_PER_S) - day * DAY_S;
    struct civil civil = {
        /* May be one too high or too low near New Year; the loops below settle it. */
        .year = 1970 + (int)floor_divide(day * 400, 146097),
        .month = 1,
        .hour = (int)(s / 3600),
        .minute = (int)(s / 60 % 60),
        .second = (int)(s % 60),
        .ns = (int32_t)(t.ns - floor_divide(t.ns, NS_PER_S) * NS_PER_S),
    };

    while (year_start(civil.year) > day) {
        civil.year--;
    }
    while (year_start(civil.year + 1) <= day) {
        civil.year++;
    }
    day -= year_start(civil.year);
    while (day >= calendar_month_days(civil.year, civil.month)) {
        day -= calendar_month_days(civil.year, civil.month);
        civil.month++;
    }
    civil.day = (int)day + 1;
    return civil;
}

int calendar_day_of_year(const struct civil *civil)
{
    int day = civil->day;

    for (int month = 1; month < civil->month; month++) {
        day += calendar_month_days(civil->year, month);
    }
    return day;
}

bool utc_from_civil(struct utc_time *t, const struct civil *civil)
{
    int64_t s;

    if (civil->year < CALENDAR_YEAR_MIN || civil->year > CALENDAR_YEAR_MAX || civil->month < 1 ||
        civil->month > 12 || civil->day < 1 ||
        civil->day > calendar_month_days(civil->year, civil->month)) {
        return false;
    }
    if (civil->hour < 0 || civil->hour > 23 || civil->minute < 0 || civil->minute > 59 ||
        civil->second < 0 || civil->second > 60 || civil->ns < 0 || civil->ns >= NS_PER_S) {
        return false;
    }
    s = (year_start(civil->year) + calendar_day_of_year(civil) - 1) * DAY_S +
        civil->hour * INT64_C(3600) + civil->minute * INT64_C(60) + civil->second;
    t->ns = s * NS_PER_S + civil->ns;
    return true;
}

bool calendar_last_of_month(const struct civil *civil)
{
    return civil->day == calendar_month_days(civil->year, civil->month);
}

struct utc_time calendar_next_month(struct utc_time t)
{
    struct civil civil = civil_from_utc(t);
    int64_t day = year_start(civil.year) + calendar_day_of_year(&civil) - civil.day +
                  calendar_month_days(civil.year, civil.month);

    return (struct utc_time){day * DAY_S * NS_PER_S};
}
