/* SPDX-License-Identifier: BSD-2-Clause */
/* Readings of the real clocks, and the virtual and forbidden ones; changes no clock. */
#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct clock_limits limits = {.max_rate_s_per_s = 0.0833};

static void all_clocks_are_read_within_a_short_window(void **state)
{
    struct clocks a;
    struct clocks b;

    (void)state;
    clocks_read(&a);
    (void)usleep(2000);
    clocks_read(&b);
    assert_true(a.window.ns >= 0 && a.window.ns < 50000000);
    assert_int_equal(a.real.ns, a.system.ns);
    assert_true(llabs(a.system.ns - (int64_t)time(NULL) * NS_PER_S) < 2 * NS_PER_S);
    assert_true(b.raw.ns - a.raw.ns >= 2000000);
    /* All clocks advance alike. */
    assert_true(llabs((b.raw.ns - a.raw.ns) - (b.mono.ns - a.mono.ns)) < 20000000);
    assert_true(a.boot_known);
    assert_true(a.boot.ns >= a.mono.ns - 1000000);
}

static void precision_is_the_least_step_of_the_clock(void **state)
{
    double precision_s = clock_precision_s();

    (void)state;
    assert_true(precision_s >= 1e-9 && precision_s < 1e-5);
}

static void a_packet_stamp_is_moved_to_the_raw_clock(void **state)
{
    const struct clocks now = {.raw = {5000}, .system = {1000000}};

    (void)state;
    assert_int_equal(clocks_raw_of_system(&now, (struct utc_time){999400}).ns, 4400);
}

static void rate_is_tick_and_frequency_together(void **state)
{
    (void)state;
    assert_true(clock_rate_of(0, 10000).s_per_s == 0);
    assert_true(fabs(clock_rate_of(0, 10001).s_per_s - 1e-4) < 1e-18);
    assert_true(fabs(clock_rate_of(-65536, 10000).s_per_s + 1e-6) < 1e-20);
    assert_true(fabs(clock_rate_of(65536 * 20, 9999).s_per_s + 80e-6) < 1e-18);
}

static void virtual_clock_starts_with_the_error_given(void **state)
{
    struct clock_control control;
    struct clocks now;

    (void)state;
    clock_control_virtual(&control, &limits, (struct duration){300000000}, (struct freq){50e-6});
    clock_control_read(&control, &now);
    assert_true(llabs(now.real.ns - now.system.ns - 300000000) < 100000);
    struct clock_state is;
    assert_int_equal(clock_control_state(&control, &is), ERR_NONE);
    assert_true(fabs(is.rate.s_per_s - 50e-6) < 1e-11);
}

static void virtual_clock_runs_at_the_rate_that_it_reports(void **state)
{
    struct clock_control control;
    struct clock_change change;
    struct clocks a;
    struct clocks b;

    (void)state;
    clock_control_virtual(&control, &limits, (struct duration){0}, (struct freq){0});
    clock_control_set_rate(&control, (struct freq){0.08}, &change);
    assert_int_equal(change.error, ERR_NONE);
    assert_true(fabs(change.rate.s_per_s - 0.08) < 1e-11);
    assert_true(change.before.ns <= change.after.ns);
    clock_control_read(&control, &a);
    (void)usleep(20000);
    clock_control_read(&control, &b);
    double gained = (double)((b.real.ns - a.real.ns) - (b.raw.ns - a.raw.ns));
    assert_true(fabs(gained - 0.08 * (double)(b.raw.ns - a.raw.ns)) < 3);
}

static void virtual_clock_quantises_as_the_kernel_does(void **state)
{
    struct clock_control control;
    struct clock_change change;
    struct clock_state is;

    (void)state;
    clock_control_virtual(&control, &limits, (struct duration){0}, (struct freq){0});
    clock_control_set_rate(&control, (struct freq){123.4567e-6}, &change);
    assert_int_equal(clock_control_state(&control, &is), ERR_NONE);
    assert_int_equal(is.tick_us, 10001);
    assert_int_equal(is.freq, 1537258); /* 23.4567 ppm in 2^-16 ppm, rounded */
    assert_true(change.rate.s_per_s == clock_rate_of(is.freq, is.tick_us).s_per_s);
    assert_true(change.rate.s_per_s != 123.4567e-6);
}

static void a_step_moves_the_virtual_clock_exactly(void **state)
{
    struct clock_control control;
    struct clock_change change;
    struct clocks a;
    struct clocks b;

    (void)state;
    clock_control_virtual(&control, &limits, (struct duration){0}, (struct freq){0});
    clock_control_read(&control, &a);
    clock_control_step(&control, (struct duration){-250000001}, &change);
    clock_control_read(&control, &b);
    assert_int_equal(change.error, ERR_NONE);
    assert_int_equal(change.step.ns, -250000001);
    assert_int_equal((b.real.ns - b.raw.ns) - (a.real.ns - a.raw.ns), -250000001);
}

static void limits_refuse_and_change_nothing(void **state)
{
    struct clock_limits narrow = {.max_rate_s_per_s = 500e-6, .max_step_s = 1.0};
    struct clock_control control;
    struct clock_change change;
    struct clocks a;
    struct clocks b;

    (void)state;
    clock_control_virtual(&control, &narrow, (struct duration){0}, (struct freq){10e-6});
    clock_control_read(&control, &a);
    const double rates[] = {501e-6, -501e-6, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        clock_control_set_rate(&control, (struct freq){rates[i]}, &change);
        assert_int_equal(change.error, ERR_RANGE);
        assert_true(fabs(change.rate.s_per_s - 10e-6) < 1e-11);
    }
    const int64_t steps[] = {1000000001, -1000000001, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        clock_control_step(&control, (struct duration){steps[i]}, &change);
        assert_int_equal(change.error, ERR_RANGE);
        assert_int_equal(change.step.ns, 0);
    }
    clock_control_read(&control, &b);
    double gained = (double)((b.real.ns - a.real.ns) - (b.raw.ns - a.raw.ns));
    assert_true(fabs(gained - 10e-6 * (double)(b.raw.ns - a.raw.ns)) < 3);
}

static void steps_keep_within_the_dates_allowed(void **state)
{
    struct utc_time now = clock_system();
    struct clock_limits dates = {.max_rate_s_per_s = 0.1,
                                 .not_before = {now.ns - 10 * NS_PER_S},
                                 .not_after = {now.ns + 10 * NS_PER_S}};
    const struct {
        int64_t start_s, by_s;
        enum err expected;
    } cases[] = {
        {0, -9, ERR_NONE},     {0, -11, ERR_RANGE},    {0, 9, ERR_NONE},    {0, 11, ERR_RANGE},
        {-100, -1, ERR_RANGE}, {-100, 50, ERR_NONE},   {100, 1, ERR_RANGE}, {100, -50, ERR_NONE},
        {-100, 100, ERR_NONE}, {-100, 120, ERR_RANGE},
    };
    struct clock_control control;
    struct clock_change change;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        clock_control_virtual(&control, &dates, (struct duration){cases[i].start_s * NS_PER_S},
                              (struct freq){0});
        clock_control_step(&control, (struct duration){cases[i].by_s * NS_PER_S}, &change);
        assert_int_equal(change.error, cases[i].expected);
    }
}

static void the_forbidden_clock_is_read_and_never_changed(void **state)
{
    struct clock_control control;
    struct clock_change change;
    struct clock_state before;
    struct clock_state after;
    struct clocks now;
    const struct clock_status status = {.synchronised = true};

    (void)state;
    clock_control_none(&control);
    assert_int_equal(clock_control_state(&control, &before), ERR_NONE);
    clock_control_set_rate(&control, (struct freq){1e-6}, &change);
    assert_int_equal(change.error, ERR_DENIED);
    clock_control_step(&control, (struct duration){1}, &change);
    assert_int_equal(change.error, ERR_DENIED);
    assert_int_equal(clock_control_set_status(&control, &status), ERR_DENIED);
    assert_int_equal(clock_control_state(&control, &after), ERR_NONE);
    assert_int_equal(before.freq, after.freq);
    assert_int_equal(before.tick_us, after.tick_us);
    clock_control_read(&control, &now);
    assert_int_equal(now.real.ns, now.system.ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_clocks_are_read_within_a_short_window),
        cmocka_unit_test(precision_is_the_least_step_of_the_clock),
        cmocka_unit_test(a_packet_stamp_is_moved_to_the_raw_clock),
        cmocka_unit_test(rate_is_tick_and_frequency_together),
        cmocka_unit_test(virtual_clock_starts_with_the_error_given),
        cmocka_unit_test(virtual_clock_runs_at_the_rate_that_it_reports),
        cmocka_unit_test(virtual_clock_quantises_as_the_kernel_does),
        cmocka_unit_test(a_step_moves_the_virtual_clock_exactly),
        cmocka_unit_test(limits_refuse_and_change_nothing),
        cmocka_unit_test(steps_keep_within_the_dates_allowed),
        cmocka_unit_test(the_forbidden_clock_is_read_and_never_changed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
