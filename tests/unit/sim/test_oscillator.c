/* SPDX-License-Identifier: BSD-2-Clause */
/* test_oscillator.c - what a simulated crystal shows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/oscillator.h"

static struct oscillator make(const struct oscillator_options *options, uint64_t seed)
{
    struct oscillator oscillator;

    oscillator_init(&oscillator, options, prng_stream(seed, PRNG_OSCILLATOR, 0));
    return oscillator;
}

static int64_t read_at(struct oscillator *oscillator, double s)
{
    return oscillator_read(oscillator, true_time_from_s(s)).ns;
}

static void a_fast_clock_gains_what_its_rate_says(void **state)
{
    (void)state;
    struct oscillator o =
        make(&(struct oscillator_options){.rate_s_per_s = 100e-6, .raw_ns = 5 * NS_PER_S}, 1);

    assert_int_equal(read_at(&o, 0), 5 * NS_PER_S);
    int64_t hour_ns = read_at(&o, 3600);
    assert_true(llabs(hour_ns - (5 * NS_PER_S + 3600 * NS_PER_S + 360000000)) <= 1);
}

static void looking_more_often_changes_nothing(void **state)
{
    (void)state;
    const struct oscillator_options options = {
        .rate_s_per_s = -3e-6,
        .wander_s_per_s = 1e-8,
        .white_s_per_s = 1e-8,
        .temperature_s_per_s = 1e-6,
        .temperature_period_s = 600,
    };
    struct oscillator often = make(&options, 9), seldom = make(&options, 9);
    int64_t last = 0;

    for (int i = 1; i <= 10000; i++) {
        int64_t now = read_at(&often, i * 0.37);
        assert_true(now > last);
        last = now;
    }
    assert_int_equal(read_at(&seldom, 3700), last);
}

static void wander_is_a_random_walk_of_the_rate(void **state)
{
    (void)state;
    enum { WORLDS = 400 };
    double squares = 0;

    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct oscillator o = make(&(struct oscillator_options){.wander_s_per_s = 1e-9}, seed);
        read_at(&o, 1000);
        squares += oscillator_rate(&o) * oscillator_rate(&o);
    }
    double sd = sqrt(squares / WORLDS), expected = 1e-9 * sqrt(1000);
    assert_true(sd > 0.85 * expected && sd < 1.15 * expected);
}

static void temperature_swings_the_rate_and_comes_back(void **state)
{
    (void)state;
    struct oscillator o = make(
        &(struct oscillator_options){.temperature_s_per_s = 2e-6, .temperature_period_s = 86400},
        4);
    double low = 0, high = 0;

    for (int s = 0; s < 86400; s += 60) {
        read_at(&o, s);
        low = fmin(low, oscillator_rate(&o));
        high = fmax(high, oscillator_rate(&o));
    }
    assert_true(fabs(high - 2e-6) < 1e-10 && fabs(low + 2e-6) < 1e-10);
    assert_true(llabs(read_at(&o, 86400) - 86400 * NS_PER_S) < 200000);
}

static void ageing_is_a_ramp(void **state)
{
    (void)state;
    struct oscillator o = make(&(struct oscillator_options){.ageing_s_per_s_per_s = 1e-12}, 4);

    /* a t^2 / 2 = 50 us in 10000 s */
    assert_true(llabs(read_at(&o, 10000) - 10000 * NS_PER_S - 50000) < 20);
}

static void a_shift_counts_from_its_instant(void **state)
{
    (void)state;
    struct oscillator o = make(&(struct oscillator_options){.cell_s = 16}, 4);

    oscillator_shift(&o, true_time_from_s(100.5), 10e-6);
    assert_true(llabs(read_at(&o, 100.5) - 100500000000) <= 1);
    assert_true(llabs(read_at(&o, 200.5) - 200500000000 - 1000000) <= 1);
}

static void a_stopped_clock_shows_the_same_until_it_goes_on(void **state)
{
    (void)state;
    struct oscillator o = make(&(struct oscillator_options){.rate_s_per_s = 1e-6}, 4);
    int64_t before = read_at(&o, 10.25);

    oscillator_stop(&o, true_time_from_s(10.25), true_time_from_s(15.25));
    assert_int_equal(read_at(&o, 12), before);
    assert_int_equal(read_at(&o, 15.25), before);
    assert_true(llabs(read_at(&o, 16.25) - before - NS_PER_S - 1000) <= 1);
}

static void sine_agrees_with_the_library(void **state)
{
    (void)state;
    for (int i = -4000; i <= 4000; i++) {
        double turns = i * 0.000731;
        assert_true(fabs(sine_of_turns(turns) - sin(turns * 6.283185307179586)) < 1e-14);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fast_clock_gains_what_its_rate_says),
        cmocka_unit_test(looking_more_often_changes_nothing),
        cmocka_unit_test(wander_is_a_random_walk_of_the_rate),
        cmocka_unit_test(temperature_swings_the_rate_and_comes_back),
        cmocka_unit_test(ageing_is_a_ramp),
        cmocka_unit_test(a_shift_counts_from_its_instant),
        cmocka_unit_test(a_stopped_clock_shows_the_same_until_it_goes_on),
        cmocka_unit_test(sine_agrees_with_the_library),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
