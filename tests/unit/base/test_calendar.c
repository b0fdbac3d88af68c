/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void known_instants_have_their_dates(void **state)
{
    static const struct {
        int64_t s;
        struct civil civil;
        int day_of_year;
    } rows[] = {
        {0, {1970, 1, 1, 0, 0, 0, 0}, 1},
        {-1, {1969, 12, 31, 23, 59, 59, 0}, 365},
        {951782400, {2000, 2, 29, 0, 0, 0, 0}, 60},
        {1483228799, {2016, 12, 31, 23, 59, 59, 0}, 366},
        {1609459200, {2021, 1, 1, 0, 0, 0, 0}, 1},
        {2085978496, {2036, 2, 7, 6, 28, 16, 0}, 38}, /* NTP's era 1 begins */
        {4107542400, {2100, 3, 1, 0, 0, 0, 0}, 60},   /* no leap year */
        {-2208988800, {1900, 1, 1, 0, 0, 0, 0}, 1},
        {7289654399, {2200, 12, 31, 23, 59, 59, 0}, 365},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct civil civil = civil_from_utc((struct utc_time){rows[i].s * NS_PER_S});
        struct utc_time back;

        assert_memory_equal(&civil, &rows[i].civil, sizeof civil);
        assert_int_equal(calendar_day_of_year(&civil), rows[i].day_of_year);
        assert_true(utc_from_civil(&back, &civil));
        assert_int_equal(back.ns, rows[i].s * NS_PER_S);
    }
}

static void every_day_follows_the_one_before_and_comes_back(void **state)
{
    struct civil before = {1899, 12, 31, 0, 0, 0, 0};
    int64_t first = -25567;

    (void)state;
    for (int64_t day = first; day <= 84370; day++) {
        struct utc_time t = {day * 86400 * NS_PER_S + 12345678901234};
        struct civil civil = civil_from_utc(t);
        struct utc_time back;
        bool next_month = civil.day == 1;

        assert_int_equal(calendar_day_number(t), day);
        assert_true(next_month ? before.day >= 28 : civil.day == before.day + 1);
        assert_true(!next_month || calendar_last_of_month(&before));
        assert_true(next_month || !calendar_last_of_month(&before));
        assert_true(utc_from_civil(&back, &civil));
        assert_int_equal(back.ns, t.ns);
        before = civil;
    }
    assert_int_equal(before.year, CALENDAR_YEAR_MAX);
    assert_int_equal(before.month, 12);
}

static void parts_of_a_second_round_down_before_1970_too(void **state)
{
    struct civil civil = civil_from_utc((struct utc_time){-1});

    (void)state;
    assert_int_equal(civil.year, 1969);
    assert_int_equal(civil.second, 59);
    assert_int_equal(civil.ns, 999999999);
}

static void impossible_dates_are_refused(void **state)
{
    static const struct civil rows[] = {
        {1899, 12, 31, 0, 0, 0, 0}, {2201, 1, 1, 0, 0, 0, 0},          {2001, 0, 1, 0, 0, 0, 0},
        {2001, 13, 1, 0, 0, 0, 0},  {2001, 2, 29, 0, 0, 0, 0},         {2100, 2, 29, 0, 0, 0, 0},
        {2001, 4, 31, 0, 0, 0, 0},  {2001, 1, 0, 0, 0, 0, 0},          {2001, 1, 1, 24, 0, 0, 0},
        {2001, 1, 1, -1, 0, 0, 0},  {2001, 1, 1, 0, 60, 0, 0},         {2001, 1, 1, 0, 0, 61, 0},
        {2001, 1, 1, 0, 0, 0, -1},  {2001, 1, 1, 0, 0, 0, 1000000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct utc_time t = {77};

        assert_false(utc_from_civil(&t, &rows[i]));
        assert_int_equal(t.ns, 77);
    }
}

static void a_leap_second_is_the_second_after_it(void **state)
{
    struct utc_time t;

    (void)state;
    assert_true(utc_from_civil(&t, &(struct civil){2016, 12, 31, 23, 59, 60, 0}));
    assert_int_equal(t.ns / NS_PER_S, 1483228800);
}

static void the_next_month_begins_at_midnight_of_its_first_day(void **state)
{
    static const struct {
        struct civil at;
        int year, month;
    } rows[] = {
        {{2026, 12, 31, 23, 59, 59, 999999999}, 2027, 1},
        {{2028, 2, 1, 0, 0, 0, 0}, 2028, 3},
        {{2026, 6, 30, 12, 0, 0, 0}, 2026, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct utc_time t;
        struct civil expected = {rows[i].year, rows[i].month, 1, 0, 0, 0, 0};
        struct civil civil;

        assert_true(utc_from_civil(&t, &rows[i].at));
        civil = civil_from_utc(calendar_next_month(t));
        assert_memory_equal(&civil, &expected, sizeof civil);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_have_their_dates),
        cmocka_unit_test(every_day_follows_the_one_before_and_comes_back),
        cmocka_unit_test(parts_of_a_second_round_down_before_1970_too),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(a_leap_second_is_the_second_after_it),
        cmocka_unit_test(the_next_month_begins_at_midnight_of_its_first_day),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
