/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/bound.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EPOCH INT64_C(1790000000000000000)

static struct bound_estimate estimate_default(void)
{
    return (struct bound_estimate){.when = {1000 * NS_PER_S},
                                   .utc = {EPOCH},
                                   .low_s = -2e-3,
                                   .high_s = 1e-3,
                                   .sd_s = 20e-6,
                                   .freq_s_per_s = 30e-6,
                                   .var_freq = 1e-8 * 1e-8,
                                   .wander = 1e-9};
}

static struct bound_conditions conditions_default(void)
{
    return (struct bound_conditions){.poll_s = 64,
                                     .max_distance_s = 3,
                                     .max_clock_error_s_per_s = 1e-6,
                                     .root_delay_s = 1e-3,
                                     .mono_rate_s_per_s = 30e-6,
                                     .real_rate_s_per_s = 30e-6,
                                     .void_at = {INT64_MAX}};
}

static struct clock_reading reading_at(int64_t raw_s)
{
    return (struct clock_reading){
        .raw = {raw_s * NS_PER_S}, .mono = {7 * NS_PER_S}, .real = {EPOCH + 123}, .window = {80}};
}

static struct time_line made(const struct bound_estimate *estimate,
                             const struct bound_conditions *conditions, int64_t raw_s)
{
    struct clock_reading now = reading_at(raw_s);
    struct time_line line;

    memset(&line, 0, sizeof line);
    bound_line(estimate, conditions, &now, &line);
    line.synchronised = true;
    return line;
}

static struct steady_time later(const struct time_line *line, double s)
{
    return (struct steady_time){line->from.ns + (int64_t)(s * 1e9)};
}

static void the_bound_is_the_farther_end_of_the_intersection(void **state)
{
    static const struct {
        double low_s, high_s, bound_s;
    } rows[] = {
        {-2e-3, 1e-3, 2e-3}, {-1e-3, 2e-3, 2e-3}, {0, 5e-3, 5e-3}, {1e-3, 4e-3, 4e-3}, /* outside */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bound_estimate estimate = estimate_default();

        estimate.low_s = rows[i].low_s;
        estimate.high_s = rows[i].high_s;
        assert_true(bound_at_s(&estimate, 1e-6, estimate.when) == rows[i].bound_s);
        /* A good clock grows by maxclockerror. */
        assert_true(fabs(bound_at_s(&estimate, 1e-6, (struct mono_time){1010 * NS_PER_S}) -
                         rows[i].bound_s - 10e-6) < 1e-12);
    }
}

static void the_line_never_promises_more_than_five_standard_deviations_allow(void **state)
{
    static const double freq_sds[] = {0, 1e-9, 1e-7, 30e-6};
    static const double wanders[] = {0, 1e-10, 1e-8, 1e-6};
    static const double correlations[] = {-1, 0, 0.7, 1};

    (void)state;
    for (unsigned i = 0; i < 4 * 4 * 4; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        double freq_sd = freq_sds[i % 4], wander = wanders[i / 4 % 4];
        double cov = correlations[i / 16] * estimate.sd_s * freq_sd;
        struct time_line line;
        double life_s;

        estimate.var_freq = freq_sd * freq_sd;
        estimate.wander = wander;
        conditions.poll_s = 1024;
        line = made(&estimate, &conditions, 1000 + 500 * (i % 3));
        life_s = (double)(line.void_after.ns - line.from.ns) * 1e-9;
        assert_true(life_s > 0);
        for (double t = 0; t < life_s; t += life_s / 50) {
            double age = 500 * (i % 3) + t * (1 - 30e-6);
            double var = estimate.sd_s * estimate.sd_s + 2 * age * cov +
                         age * age * estimate.var_freq + wander * wander * age * age * age / 3;
            double least = 2e-3 + 5 * (sqrt(fmax(var, 0)) - estimate.sd_s);

            assert_true(line_bound_s(&line, later(&line, t)) >= least);
            assert_true(line_bound_s(&line, later(&line, t)) >= 2e-3 + 1e-6 * age);
        }
    }
}

static void the_line_promises_no_less_than_it_can(void **state)
{
    struct bound_estimate estimate = estimate_default();
    struct bound_conditions conditions = conditions_default();
    struct clock_reading now = reading_at(1300);
    struct time_line line;

    (void)state;
    conditions.mono_rate_s_per_s = 0;
    conditions.max_clock_error_s_per_s = 1e-7;
    estimate.wander = 1e-8;
    now.window.ns = 5000;
    assert_true(bound_line(&estimate, &conditions, &now, &line));
    /* 2 ms at the edge, 300 s of frequency error and wander, the reading, a ns of rounding. */
    assert_true(fabs(line.bound_s - (2e-3 + 5 * (300e-8 + 1e-8 * 300 * 10) + 5e-6 + 1e-9)) < 1e-12);
    /* The tangent when its life of 256 s ends. */
    assert_true(fabs(line.growth_s_per_s - 5 * (1e-8 + 1.5e-8 * sqrt(556.0 / 3))) < 1e-15);
    assert_in_range(line.tolerance_ns, 110000 + 256 * 30000, 110001 + 256 * 30000);
    /* Backwards, an estimate is no surer. */
    assert_true(bound_at_s(&estimate, 1e-6, (struct mono_time){700 * NS_PER_S}) ==
                bound_at_s(&estimate, 1e-6, (struct mono_time){1300 * NS_PER_S}));
}

static void life_is_counted_in_seconds_of_raw(void **state)
{
    struct bound_estimate estimate = estimate_default();
    struct bound_conditions conditions = conditions_default();
    struct time_line line;

    (void)state;
    conditions.mono_rate_s_per_s = conditions.real_rate_s_per_s = -0.08;
    line = made(&estimate, &conditions, 1000);
    assert_true(fabs((double)(line.void_after.ns - line.from.ns) * 1e-9 - 256 * 0.92) < 1e-6);
    /* Over a slower clock, what grows per second of RAW grows faster. */
    assert_true(line.growth_s_per_s * 0.92 >= 1e-6 * (1 - 1e-12));
}

static void the_line_is_utc_whatever_monotonic_does(void **state)
{
    static const double mono_rates[] = {0, 30e-6, 0.083, -0.083};

    (void)state;
    for (size_t i = 0; i < sizeof mono_rates / sizeof *mono_rates; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        struct time_line line;
        struct steady_time at;

        conditions.mono_rate_s_per_s = mono_rates[i];
        line = made(&estimate, &conditions, 1050);
        assert_true(llabs(line.utc.ns - EPOCH - 50 * NS_PER_S - 1500000) <= 1);
        /* 100 s of RAW later. */
        at = later(&line, 100 * (1 + mono_rates[i]));
        assert_true(llabs(line_utc(&line, at).ns - EPOCH - 150 * NS_PER_S - 4500000) <= 2);
    }
}

static void the_line_is_the_clock_while_that_costs_a_quarter_of_the_bound(void **state)
{
    static const struct {
        double error_s;
        bool steered, follows;
    } rows[] = {
        {0, true, true},     {300e-6, true, true}, {-450e-6, true, true},  {550e-6, true, false},
        {-0.2, true, false}, {0, false, false},    {300e-6, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        struct time_line plain = made(&estimate, &conditions, 1000), line;

        conditions.steered = rows[i].steered;
        conditions.clock_error_s = rows[i].error_s;
        conditions.real_rate_s_per_s = 31e-6;
        line = made(&estimate, &conditions, 1000);
        if (!rows[i].follows) {
            assert_true(line.utc.ns == plain.utc.ns && line.rate == plain.rate);
            assert_true(line.bound_s == plain.bound_s && line.sd_s == plain.sd_s);
            continue;
        }
        assert_true(line.utc.ns == EPOCH + 123);
        assert_true(fabs(line.rate - 1e-6 / (1 + 30e-6)) < 1e-15);
        assert_true(fabs(line.bound_s - plain.bound_s - fabs(rows[i].error_s)) < 1e-12);
        assert_true(line.sd_s >= fabs(rows[i].error_s) && line.sd_s >= plain.sd_s);
    }
}

static void a_slew_that_nobody_ends_stays_within_the_bound_of_the_clock(void **state)
{
    static const double slew_times_s[] = {1, 8, 32, 64, 512, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof slew_times_s / sizeof *slew_times_s; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        struct time_line plain = made(&estimate, &conditions, 1000), line;
        double error_s = 100e-6;
        double closing = error_s / slew_times_s[i];

        conditions.steered = true;
        conditions.clock_error_s = error_s;
        conditions.real_rate_s_per_s = estimate.freq_s_per_s + closing;
        line = made(&estimate, &conditions, 1000);
        for (double t = 0; t < 250; t += 0.5) {
            double off_s = fabs(error_s - closing * t);

            assert_true(line_bound_s(&line, later(&line, t)) >=
                        line_bound_s(&plain, later(&plain, t)) + off_s - 1e-12);
        }
    }
}

static void it_is_void_after_64_s_or_4_polls_or_at_maxdistance_or_at_a_leap(void **state)
{
    static const struct {
        double poll_s, max_distance_s, bound_s;
        int64_t void_at_s; /* of RAW; made at 1000 */
        double life_s;
    } rows[] = {
        {1, 3, 1e-3, 0, 64},      {16, 3, 1e-3, 0, 64},        {64, 3, 1e-3, 0, 256},
        {1024, 3, 1e-3, 0, 4096}, {1024, 2e-3, 1e-3, 0, 1000}, {64, 3, 3.1, 0, 0},
        {64, 3, 1e-3, 1030, 30},  {64, 3, 1e-3, 990, 0},       {64, 3, 1e-3, 9999, 256},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        struct clock_reading now = reading_at(1000);
        struct time_line line = {.synchronised = true};
        double life_s;

        estimate.low_s = -rows[i].bound_s;
        estimate.high_s = rows[i].bound_s;
        estimate.var_freq = estimate.wander = 0;
        conditions.mono_rate_s_per_s = 0;
        conditions.poll_s = rows[i].poll_s;
        conditions.max_distance_s = rows[i].max_distance_s;
        if (rows[i].void_at_s) {
            conditions.void_at.ns = rows[i].void_at_s * NS_PER_S;
        }
        assert_int_equal(bound_line(&estimate, &conditions, &now, &line), rows[i].life_s > 0);
        life_s = (double)(line.void_after.ns - line.from.ns) * 1e-9;
        assert_true(fabs(life_s - rows[i].life_s) < 0.2);
        assert_true(bound_refresh_s(&line) == life_s / 2);
        assert_true(line_bound_s(&line, line.void_after) >= 1e9);
    }
}

static void holdover_goes_on_as_long_as_somebody_publishes(void **state)
{
    struct bound_estimate estimate = estimate_default();
    struct bound_conditions conditions = conditions_default();
    double before_s = 0;
    int64_t raw_s = 1000;

    (void)state;
    conditions.max_distance_s = 0.5;
    estimate.wander = 1e-8;
    for (; raw_s < 1000 + 86400; raw_s += 64) {
        struct time_line line = made(&estimate, &conditions, raw_s);

        if (line.void_after.ns == line.from.ns) {
            break;
        }
        assert_true(line.bound_s > before_s && line.bound_s < 0.5);
        before_s = line.bound_s;
    }
    assert_true(before_s > 0.49); /* to the very end */
    assert_in_range(raw_s, 60000, 70000);
}

static void half_the_delay_and_the_dispersion_cover_the_bound(void **state)
{
    static const double delays[] = {0, 1e-6, 1e-3, 3.9e-3, 4e-3, 1};

    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        struct bound_estimate estimate = estimate_default();
        struct bound_conditions conditions = conditions_default();
        struct time_line line;

        conditions.root_delay_s = delays[i];
        line = made(&estimate, &conditions, 1000);
        assert_true(line.root_delay_s >= delays[i] && line.root_delay_s < delays[i] + 0x1p-16);
        for (double t = 0; t < 200; t += 10) {
            struct steady_time at = later(&line, t);
            struct ntp_short delay = ntp_short_from_s_up(line.root_delay_s);
            struct ntp_short dispersion = ntp_short_from_s_up(line_root_dispersion_s(&line, at));

            assert_true(ntp_short_to_s(delay) / 2 + ntp_short_to_s(dispersion) >=
                        line_bound_s(&line, at));
        }
    }
}

static void an_uncertain_rate_of_monotonic_makes_the_bound_grow(void **state)
{
    struct bound_estimate estimate = estimate_default();
    struct bound_conditions conditions = conditions_default();
    struct time_line sure = made(&estimate, &conditions, 1000), unsure;

    (void)state;
    conditions.mono_rate_error_s_per_s = 50e-6;
    conditions.real_rate_s_per_s = 100e-6;
    unsure = made(&estimate, &conditions, 1000);
    assert_true(fabs(unsure.growth_s_per_s - sure.growth_s_per_s - 50e-6) < 1e-9);
    assert_in_range(sure.tolerance_ns, 100000, 101000);
    assert_in_range(unsure.tolerance_ns, 100000 + 256 * 70000, 101000 + 256 * 70000);
    assert_int_equal(sure.real_minus_mono_ns, EPOCH + 123 - 7 * NS_PER_S);
}

static void what_the_frequency_did_over_days_it_may_do_again(void **state)
{
    struct bound_estimate estimate = estimate_default();
    struct mono_time day = {estimate.when.ns + 86400 * NS_PER_S};
    double before, after;

    (void)state;
    before = bound_at_s(&estimate, 1e-6, day);
    estimate.slope_s_per_s2 = 1e-10;
    estimate.range_s_per_s = 3e-6;
    after = bound_at_s(&estimate, 1e-6, day);
    assert_true(after > before);
    assert_true(after > 3e-6 * 86400 && after < 3e-6 * 86400 + before);
    /* At first it grows by the square of the time: it is the least of what is there. */
    assert_true(fabs(bound_at_s(&estimate, 1e-6, (struct mono_time){1064 * NS_PER_S}) - 2e-3 -
                     64e-6) < 1e-9);
    estimate.range_s_per_s = 0;
    assert_true(fabs(bound_at_s(&estimate, 1e-6, day) - before) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bound_is_the_farther_end_of_the_intersection),
        cmocka_unit_test(the_line_never_promises_more_than_five_standard_deviations_allow),
        cmocka_unit_test(the_line_promises_no_less_than_it_can),
        cmocka_unit_test(life_is_counted_in_seconds_of_raw),
        cmocka_unit_test(the_line_is_utc_whatever_monotonic_does),
        cmocka_unit_test(the_line_is_the_clock_while_that_costs_a_quarter_of_the_bound),
        cmocka_unit_test(a_slew_that_nobody_ends_stays_within_the_bound_of_the_clock),
        cmocka_unit_test(it_is_void_after_64_s_or_4_polls_or_at_maxdistance_or_at_a_leap),
        cmocka_unit_test(holdover_goes_on_as_long_as_somebody_publishes),
        cmocka_unit_test(half_the_delay_and_the_dispersion_cover_the_bound),
        cmocka_unit_test(an_uncertain_rate_of_monotonic_makes_the_bound_grow),
        cmocka_unit_test(what_the_frequency_did_over_days_it_may_do_again),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
