/* SPDX-License-Identifier: BSD-2-Clause */
/* test_kernel_clock.c - the simulated kernel against what Linux's ntp.c does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/kernel_clock.h"

#define DAY_S 86400

static struct kernel_clock boot(int64_t real_s)
{
    struct kernel_clock clock;

    kernel_clock_init(&clock, (struct mono_time){0}, (struct utc_time){real_s * NS_PER_S});
    return clock;
}

static void run_to(struct kernel_clock *clock, double raw_s)
{
    kernel_clock_advance(clock, (struct mono_time){duration_from_s(raw_s).ns});
}

static struct kernel_adjust adjust(struct kernel_clock *clock, struct kernel_adjust values)
{
    assert_int_equal(kernel_clock_adjust(clock, &values), ERR_NONE);
    return values;
}

static double real_s(const struct kernel_clock *clock)
{
    return (double)kernel_clock_real(clock).ns * 1e-9;
}

static void rate_is_the_sum_of_tick_and_frequency(void **state)
{
    (void)state;
    static const struct {
        int64_t tick_us, freq;
        double rate;
    } rows[] = {
        {10000, 0, 0},        {10001, 0, 100e-6},           {9999, 0, -100e-6},
        {10000, 65536, 1e-6}, {10000, -1, -0x1p-16 * 1e-6}, {10003, -50 * 65536, 250e-6},
        {11000, 0, 0.1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kernel_clock clock = boot(0);
        struct kernel_adjust got =
            adjust(&clock, (struct kernel_adjust){.modes = KERNEL_TICK | KERNEL_FREQUENCY,
                                                  .tick_us = rows[i].tick_us,
                                                  .freq = rows[i].freq});
        assert_int_equal(got.tick_us, rows[i].tick_us);
        assert_int_equal(got.freq, rows[i].freq);
        assert_true(fabs(kernel_clock_rate(&clock).s_per_s - rows[i].rate) < 1e-15);
        run_to(&clock, 1000);
        assert_true(fabs(real_s(&clock) - 1000 * (1 + rows[i].rate)) < 2e-9);
        assert_int_equal(kernel_clock_mono(&clock).ns, kernel_clock_real(&clock).ns);
    }
}

static void frequency_is_clamped_silently_and_a_bad_tick_refused(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(0);
    struct kernel_adjust values = {.modes = KERNEL_TICK, .tick_us = 11001};

    assert_int_equal(
        adjust(&clock, (struct kernel_adjust){.modes = KERNEL_FREQUENCY, .freq = 600 * 65536}).freq,
        500 * 65536);
    assert_int_equal(
        adjust(&clock, (struct kernel_adjust){.modes = KERNEL_FREQUENCY, .freq = -600 * 65536})
            .freq,
        -500 * 65536);
    assert_int_equal(kernel_clock_adjust(&clock, &values), ERR_RANGE);
    values.tick_us = 8999;
    assert_int_equal(kernel_clock_adjust(&clock, &values), ERR_RANGE);
    assert_int_equal(clock.tick_us, 10000);
}

static void a_step_moves_real_alone_and_clears_what_was_set(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(1000);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS | KERNEL_MAXERROR,
                                          .status = KERNEL_STA_INS,
                                          .maxerror_us = 1000});
    run_to(&clock, 10);
    assert_int_equal(clock.leap_state, KERNEL_TIME_INS);
    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_SETOFFSET, .step_ns = -2500000000});
    assert_true(fabs(real_s(&clock) - 1007.5) < 1e-9);
    assert_true(llabs(kernel_clock_mono(&clock).ns - 10 * NS_PER_S) <= 1);
    assert_true(clock.status & KERNEL_STA_UNSYNC);
    assert_int_equal(clock.maxerror_us, 16000000);
    /* The trap: the leap is forgotten, the state that says it is armed is not. */
    assert_int_equal(clock.leap_state, KERNEL_TIME_INS);
    assert_true(clock.next_leap_s == INT64_MAX);
    run_to(&clock, 2 * DAY_S);
    assert_int_equal(clock.leaps, 0);
}

static void a_second_is_inserted_at_the_end_of_the_day(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(20000 * DAY_S - 100);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS, .status = KERNEL_STA_INS});
    run_to(&clock, 99.9);
    assert_true(fabs(real_s(&clock) - (20000.0 * DAY_S - 0.1)) < 1e-6);
    run_to(&clock, 100.5); /* the last second is told twice */
    assert_true(fabs(real_s(&clock) - (20000.0 * DAY_S - 0.5)) < 1e-6);
    assert_int_equal(clock.leap_state, KERNEL_TIME_OOP);
    run_to(&clock, 101.5);
    assert_true(fabs(real_s(&clock) - (20000.0 * DAY_S + 0.5)) < 1e-6);
    assert_int_equal(clock.leap_state, KERNEL_TIME_WAIT);
    run_to(&clock, 3 * DAY_S); /* only once, however long the flag stays */
    assert_int_equal(clock.leaps, 1);
    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS, .status = 0});
    run_to(&clock, 3 * DAY_S + 2);
    assert_int_equal(clock.leap_state, KERNEL_TIME_OK);
    assert_true(llabs(kernel_clock_mono(&clock).ns - (3 * DAY_S + 2) * NS_PER_S) <= 1);
}

static void a_second_is_left_out_at_the_end_of_the_day(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(20000 * DAY_S - 100);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS, .status = KERNEL_STA_DEL});
    run_to(&clock, 98.5);
    assert_true(fabs(real_s(&clock) - (20000.0 * DAY_S - 1.5)) < 1e-6);
    run_to(&clock, 99.5);
    assert_true(fabs(real_s(&clock) - (20000.0 * DAY_S + 0.5)) < 1e-6);
    assert_int_equal(clock.leaps, 1);
}

static void a_leap_disarmed_in_time_does_not_happen(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(20000 * DAY_S - 100);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS, .status = KERNEL_STA_INS});
    run_to(&clock, 50);
    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS, .status = 0});
    run_to(&clock, 200);
    assert_int_equal(clock.leaps, 0);
    assert_int_equal(clock.leap_state, KERNEL_TIME_OK);
}

static void maxerror_grows_until_the_clock_counts_as_unsynchronised(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(0);

    adjust(&clock,
           (struct kernel_adjust){.modes = KERNEL_STATUS | KERNEL_MAXERROR, .maxerror_us = 1000});
    run_to(&clock, 100.5);
    assert_int_equal(clock.maxerror_us, 1000 + 100 * 500);
    assert_false(clock.status & KERNEL_STA_UNSYNC);
    run_to(&clock, 8.9 * 3600);
    assert_true(clock.status & KERNEL_STA_UNSYNC);
    assert_int_equal(clock.maxerror_us, 16000000);
}

static void adjtime_slews_half_a_millisecond_a_second(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(0);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_SINGLESHOT, .offset_ns = -1200000});
    run_to(&clock, 1);
    assert_true(fabs(real_s(&clock) - 1) < 1e-8);
    run_to(&clock, 2.0005);
    assert_true(fabs(real_s(&clock) - 2.0) < 2e-6);
    run_to(&clock, 10);
    assert_true(fabs(real_s(&clock) - (10 - 0.0012)) < 1e-6);
    assert_true(kernel_clock_rate_now(&clock) == 0);
}

static void the_pll_takes_an_exponential_share_each_second(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(0);

    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_OFFSET, .offset_ns = 1000000});
    assert_true(clock.offset_ns == 0); /* without STA_PLL an offset is ignored */
    adjust(&clock, (struct kernel_adjust){.modes = KERNEL_STATUS | KERNEL_OFFSET | KERNEL_TIMECONST,
                                          .status = KERNEL_STA_PLL,
                                          .constant = 2,
                                          .offset_ns = 16000000});
    run_to(&clock, 2); /* one sixteenth of 16 ms in the second from 1 to 2 */
    assert_true(fabs(real_s(&clock) - 2.001) < 1e-6);
    run_to(&clock, 300);
    /* Each second of REAL is shorter than one of raw while the clock is sped up. */
    assert_true(fabs(real_s(&clock) - 300.016) < 2e-5);
}

static void a_sleep_is_added_to_real_and_boot_only(void **state)
{
    (void)state;
    struct kernel_clock clock = boot(500);

    run_to(&clock, 10);
    kernel_clock_resume(&clock, duration_from_s(3600));
    assert_true(fabs(real_s(&clock) - 4110) < 1e-9);
    assert_int_equal(kernel_clock_boot(&clock).ns - kernel_clock_mono(&clock).ns, 3600 * NS_PER_S);
    assert_true(clock.status & KERNEL_STA_UNSYNC);
}

static void looking_twice_changes_nothing(void **state)
{
    (void)state;
    struct kernel_clock once = boot(0), often = boot(0);
    const struct kernel_adjust values = {
        .modes = KERNEL_FREQUENCY | KERNEL_SINGLESHOT, .freq = 1234567, .offset_ns = 3000000};

    adjust(&once, values);
    adjust(&often, values);
    for (int i = 1; i <= 1000; i++) {
        run_to(&often, i * 0.03);
    }
    run_to(&once, 30);
    assert_true(llabs(kernel_clock_real(&once).ns - kernel_clock_real(&often).ns) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_is_the_sum_of_tick_and_frequency),
        cmocka_unit_test(frequency_is_clamped_silently_and_a_bad_tick_refused),
        cmocka_unit_test(a_step_moves_real_alone_and_clears_what_was_set),
        cmocka_unit_test(a_second_is_inserted_at_the_end_of_the_day),
        cmocka_unit_test(a_second_is_left_out_at_the_end_of_the_day),
        cmocka_unit_test(a_leap_disarmed_in_time_does_not_happen),
        cmocka_unit_test(maxerror_grows_until_the_clock_counts_as_unsynchronised),
        cmocka_unit_test(adjtime_slews_half_a_millisecond_a_second),
        cmocka_unit_test(the_pll_takes_an_exponential_share_each_second),
        cmocka_unit_test(a_sleep_is_added_to_real_and_boot_only),
        cmocka_unit_test(looking_twice_changes_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
