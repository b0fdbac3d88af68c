/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/leap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

#define RAW0 (1000 * NS_PER_S)

static struct utc_time date(int year, int month, int day, int hour)
{
    struct civil civil = {year, month, day, hour, 0, 0, 0};
    struct utc_time t;

    assert_true(utc_from_civil(&t, &civil));
    return t;
}

/* UTC by RAW: midnight after 2030-06-30 is at RAW0. */
static struct utc_time utc_at(int64_t raw_ns)
{
    return (struct utc_time){date(2030, 7, 1, 0).ns + raw_ns - RAW0};
}

static struct mono_time at_s(double s)
{
    return (struct mono_time){RAW0 + (int64_t)(s * 1e9)};
}

static struct leap_outcome pass(struct leap *leap, double s, int64_t shifted_ns)
{
    struct utc_time utc = {utc_at(at_s(s).ns).ns + shifted_ns};

    return leap_pass(leap, at_s(s), utc);
}

static bool announce(struct leap *leap, uint8_t announced, double s)
{
    return leap_announced(leap, announced, at_s(s), utc_at(at_s(s).ns));
}

static void leap_seconds_are_armed_on_the_last_day_of_june_and_december_only(void **state)
{
    static const struct {
        int month, day;
        bool armed;
    } rows[] = {{6, 30, true},  {12, 31, true}, {6, 29, false}, {7, 1, false},
                {3, 31, false}, {9, 30, false}, {5, 30, false}, {1, 31, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct leap leap;
        struct utc_time utc = date(2030, rows[i].month, rows[i].day, 13);

        leap_init(&leap, LEAP_SYSTEM, true);
        assert_int_equal(leap_announced(&leap, NTP_LEAP_INSERT, at_s(0), utc), rows[i].armed);
        assert_int_equal(leap_served(&leap), rows[i].armed ? NTP_LEAP_INSERT : NTP_LEAP_NONE);
        assert_int_equal(leap_expected(&leap), rows[i].armed);
        if (rows[i].armed) {
            assert_int_equal(leap_deadline(&leap).ns, at_s(11 * 3600).ns);
        } else {
            assert_int_equal(leap_deadline(&leap).ns, INT64_MAX);
        }
    }
}

static void an_announcement_can_be_withdrawn_but_silence_withdraws_nothing(void **state)
{
    struct leap leap;

    (void)state;
    leap_init(&leap, LEAP_SYSTEM, true);
    assert_true(announce(&leap, NTP_LEAP_INSERT, -3600));
    assert_false(announce(&leap, NTP_LEAP_INSERT, -3000));
    assert_false(announce(&leap, NTP_LEAP_UNSYNC, -2500));
    assert_int_equal(leap_served(&leap), NTP_LEAP_INSERT);
    assert_true(announce(&leap, NTP_LEAP_NONE, -2000));
    assert_int_equal(leap_served(&leap), NTP_LEAP_NONE);
    assert_true(announce(&leap, NTP_LEAP_DELETE, -1000));
    assert_int_equal(leap_kernel(&leap), NTP_LEAP_DELETE);
    /* In the last seconds some servers are through already. */
    assert_false(announce(&leap, NTP_LEAP_NONE, -4));
    assert_int_equal(leap_served(&leap), NTP_LEAP_DELETE);
}

static void each_mode_does_its_own_thing_to_the_clock(void **state)
{
    static const struct {
        enum leap_mode mode;
        bool kernel_leaps;
        uint8_t announced;
        double s; /* when UTC jumps */
        int64_t shift, step;
        bool slew;
        uint8_t kernel;
        int64_t late_step;
    } rows[] = {
        {LEAP_SYSTEM, true, NTP_LEAP_INSERT, 0, -NS_PER_S, 0, false, NTP_LEAP_INSERT, -NS_PER_S},
        {LEAP_SYSTEM, true, NTP_LEAP_DELETE, -1, NS_PER_S, 0, false, NTP_LEAP_DELETE, NS_PER_S},
        {LEAP_SYSTEM, false, NTP_LEAP_INSERT, 0, -NS_PER_S, -NS_PER_S, false, NTP_LEAP_NONE, 0},
        {LEAP_STEP, true, NTP_LEAP_INSERT, 0, -NS_PER_S, -NS_PER_S, false, NTP_LEAP_NONE, 0},
        {LEAP_STEP, true, NTP_LEAP_DELETE, -1, NS_PER_S, NS_PER_S, false, NTP_LEAP_NONE, 0},
        {LEAP_SLEW, true, NTP_LEAP_INSERT, 0, -NS_PER_S, 0, true, NTP_LEAP_NONE, 0},
        {LEAP_IGNORE, true, NTP_LEAP_INSERT, 0, -NS_PER_S, 0, false, NTP_LEAP_NONE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct leap leap;
        struct leap_outcome outcome;

        leap_init(&leap, rows[i].mode, rows[i].kernel_leaps);
        announce(&leap, rows[i].announced, -7200);
        assert_int_equal(leap_kernel(&leap), rows[i].kernel);
        outcome = pass(&leap, rows[i].s - 0.001, 0);
        assert_true(outcome.utc_shift.ns == 0 && outcome.step.ns == 0 && !outcome.status);
        outcome = pass(&leap, rows[i].s + 0.001, 0);
        assert_int_equal(outcome.utc_shift.ns, rows[i].shift);
        assert_int_equal(outcome.step.ns, rows[i].step);
        assert_int_equal(outcome.slew, rows[i].slew);
        assert_true(outcome.status);
        assert_int_equal(leap_served(&leap), NTP_LEAP_NONE);
        /* Once only. */
        outcome = pass(&leap, rows[i].s + 1, rows[i].shift);
        assert_true(outcome.utc_shift.ns == 0 && outcome.step.ns == 0 && !outcome.slew);
        /* After two seconds the kernel had its chance. */
        outcome = pass(&leap, rows[i].s + 2.002, rows[i].shift);
        assert_int_equal(outcome.utc_shift.ns, 0);
        assert_int_equal(outcome.step.ns, rows[i].late_step);
        assert_true(outcome.status);
        assert_int_equal(leap_kernel(&leap), NTP_LEAP_NONE);
        assert_int_equal(leap_deadline(&leap).ns, INT64_MAX);
    }
}

static void a_clock_that_leaps_by_itself_is_not_stepped(void **state)
{
    static const double leaps_at[] = {-0.4, 0.004, 1.5};

    (void)state;
    for (size_t i = 0; i < sizeof leaps_at / sizeof *leaps_at; i++) {
        struct leap leap;
        bool shifted = false;

        leap_init(&leap, LEAP_SYSTEM, true);
        announce(&leap, NTP_LEAP_INSERT, -7200);
        for (double s = -3; s < 3; s += 0.25) {
            struct leap_outcome outcome = pass(&leap, s, shifted ? -NS_PER_S : 0);

            shifted = shifted || outcome.utc_shift.ns != 0;
            assert_int_equal(outcome.step.ns, 0);
            if (s >= leaps_at[i]) {
                leap_clock_leapt(&leap);
                assert_int_equal(leap_expected(&leap), 0);
            }
        }
        assert_true(shifted);
        assert_int_equal(leap.phase, LEAP_IDLE);
    }
}

static void the_same_leap_second_does_not_come_twice(void **state)
{
    struct leap leap;

    (void)state;
    leap_init(&leap, LEAP_STEP, true);
    announce(&leap, NTP_LEAP_INSERT, -7200);
    assert_int_equal(pass(&leap, 0.5, 0).utc_shift.ns, -NS_PER_S);
    /* It is 23:59:59 again, and servers are slow to take the flag down. */
    assert_false(leap_announced(&leap, NTP_LEAP_INSERT, at_s(0.9), utc_at(at_s(-0.1).ns)));
    assert_true(pass(&leap, 2.6, -NS_PER_S).status);
    assert_false(leap_announced(&leap, NTP_LEAP_INSERT, at_s(2.7), utc_at(at_s(-0.1).ns)));
    assert_false(leap_announced(&leap, NTP_LEAP_INSERT, at_s(3600), utc_at(at_s(3599).ns)));
    assert_int_equal(pass(&leap, 3601, -NS_PER_S).utc_shift.ns, 0);
    /* The next one does. */
    assert_true(leap_announced(&leap, NTP_LEAP_INSERT, at_s(1e7), date(2030, 12, 31, 1)));
}

static void nothing_is_measured_around_it(void **state)
{
    struct leap leap;

    (void)state;
    leap_init(&leap, LEAP_SYSTEM, true);
    assert_false(leap_is_near(&leap, at_s(0)));
    announce(&leap, NTP_LEAP_INSERT, -7200);
    assert_false(leap_is_near(&leap, at_s(-2.1)));
    assert_true(leap_is_near(&leap, at_s(-1.9)));
    pass(&leap, 0.001, 0);
    assert_int_equal(leap_deadline(&leap).ns, at_s(2.001).ns);
    assert_true(leap_is_near(&leap, at_s(1.9)));
    assert_false(leap_is_near(&leap, at_s(2.1)));
    pass(&leap, 2.1, -NS_PER_S);
    assert_false(leap_is_near(&leap, at_s(0.5)));
}

static void a_machine_that_slept_over_it_makes_it_up(void **state)
{
    struct leap leap;
    struct leap_outcome outcome;

    (void)state;
    leap_init(&leap, LEAP_SYSTEM, true);
    announce(&leap, NTP_LEAP_INSERT, -7200);
    outcome = leap_pass(&leap, at_s(-7100), utc_at(at_s(30000).ns)); /* RAW stood still */
    assert_int_equal(outcome.utc_shift.ns, -NS_PER_S);
    assert_int_equal(leap_expected(&leap), 1); /* the kernel may still do it */
    assert_true(leap_is_near(&leap, at_s(-7099)));
    outcome = leap_pass(&leap, at_s(-7097), utc_at(at_s(30002).ns));
    assert_int_equal(outcome.step.ns, -NS_PER_S);
}

static void a_step_makes_the_kernel_forget_so_it_is_armed_afresh(void **state)
{
    struct leap leap;

    (void)state;
    leap_init(&leap, LEAP_SYSTEM, true);
    announce(&leap, NTP_LEAP_INSERT, -7200);
    leap_clock_stepped(&leap, at_s(-100));
    assert_int_equal(leap_kernel(&leap), NTP_LEAP_NONE);
    assert_int_equal(leap_served(&leap), NTP_LEAP_INSERT);
    assert_int_equal(leap_deadline(&leap).ns, at_s(-98.5).ns);
    assert_false(pass(&leap, -99, 0).status);
    assert_true(pass(&leap, -98.5, 0).status);
    assert_int_equal(leap_kernel(&leap), NTP_LEAP_INSERT);
    assert_int_equal(leap_deadline(&leap).ns, at_s(0).ns);
    /* Where the kernel has no part in it, a step changes nothing. */
    leap_init(&leap, LEAP_STEP, true);
    announce(&leap, NTP_LEAP_INSERT, -7200);
    leap_clock_stepped(&leap, at_s(-100));
    assert_int_equal(leap_deadline(&leap).ns, at_s(0).ns);
}

static void the_instant_follows_a_corrected_estimate(void **state)
{
    struct leap leap;

    (void)state;
    leap_init(&leap, LEAP_SYSTEM, true);
    announce(&leap, NTP_LEAP_INSERT, -7200);
    pass(&leap, -3600, NS_PER_S / 2); /* UTC was thought to be half a second earlier */
    assert_int_equal(leap_deadline(&leap).ns, at_s(-0.5).ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leap_seconds_are_armed_on_the_last_day_of_june_and_december_only),
        cmocka_unit_test(an_announcement_can_be_withdrawn_but_silence_withdraws_nothing),
        cmocka_unit_test(each_mode_does_its_own_thing_to_the_clock),
        cmocka_unit_test(a_clock_that_leaps_by_itself_is_not_stepped),
        cmocka_unit_test(the_same_leap_second_does_not_come_twice),
        cmocka_unit_test(nothing_is_measured_around_it),
        cmocka_unit_test(a_machine_that_slept_over_it_makes_it_up),
        cmocka_unit_test(a_step_makes_the_kernel_forget_so_it_is_armed_afresh),
        cmocka_unit_test(the_instant_follows_a_corrected_estimate),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
