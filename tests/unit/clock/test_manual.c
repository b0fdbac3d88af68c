/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/manual.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Raw runs `slow` behind UTC; the clock shows raw + 100 s. */
static struct clock_reading at(double raw_s)
{
    struct clock_reading now = {.raw = {(int64_t)(raw_s * 1e9)}};

    now.real.ns = now.raw.ns + 100 * NS_PER_S;
    return now;
}

static struct utc_time utc_at(double raw_s, double slow)
{
    return (struct utc_time){(int64_t)((raw_s + raw_s * slow + 107) * 1e9)};
}

static void type(struct manual *manual, double raw_s, double slow)
{
    struct clock_reading now = at(raw_s);

    manual_add(manual, &now, utc_at(raw_s, slow));
}

static void one_time_tells_an_offset_and_no_frequency(void **state)
{
    struct manual manual = {0};
    struct manual_fit fit;

    (void)state;
    type(&manual, 1000, 0);
    fit = manual_fit(&manual);
    assert_int_equal(manual.count, 1);
    assert_true(fabs(manual.at[0].first_s - 7) < 1e-9);
    assert_true(fit.freq_s_per_s == 0 && fit.freq_sd_s_per_s >= 1);
    assert_true(fit.residual_s[0] == 0);
}

static void several_tell_the_frequency_the_better_the_farther_apart(void **state)
{
    struct manual near = {0}, far = {0};

    (void)state;
    for (int i = 0; i < 4; i++) {
        type(&near, 1000 + 60 * i, 50e-6);
        type(&far, 1000 + 86400 * i, 50e-6);
    }
    assert_true(fabs(manual_fit(&near).freq_s_per_s - 50e-6) < 1e-9);
    assert_true(fabs(manual_fit(&far).freq_s_per_s - 50e-6) < 1e-9);
    assert_true(manual_fit(&near).freq_sd_s_per_s > 1e-3);
    assert_true(manual_fit(&far).freq_sd_s_per_s < 10e-6);
    assert_true(fabs(manual_fit(&far).residual_s[2]) < 1e-6);
}

static void a_bad_one_is_seen_by_its_residual_and_can_be_taken_out(void **state)
{
    struct manual manual = {0};
    struct clock_reading now = at(2000);
    struct utc_time wrong = utc_at(2000, 0);

    (void)state;
    type(&manual, 1000, 0);
    wrong.ns += 60 * NS_PER_S;
    manual_add(&manual, &now, wrong);
    type(&manual, 3000, 0);
    assert_true(manual_fit(&manual).residual_s[1] > 30);
    assert_false(manual_delete(&manual, 3));
    assert_false(manual_delete(&manual, -1));
    assert_true(manual_delete(&manual, 1));
    assert_int_equal(manual.count, 2);
    assert_true(fabs(manual_fit(&manual).residual_s[1]) < 1e-6);
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
    struct manual manual = {0};

    (void)state;
    for (int i = 0; i <= MANUAL_SAMPLES_MAX; i++) {
        type(&manual, 1000 + i, 0);
    }
    assert_int_equal(manual.count, MANUAL_SAMPLES_MAX);
    assert_int_equal(manual.at[0].raw.ns, 1001 * NS_PER_S);
}

static void what_is_left_counts_steps_and_the_rate_since(void **state)
{
    struct manual manual = {0};
    struct clock_reading now = at(1100);

    (void)state;
    type(&manual, 1000, 0);
    assert_true(fabs(manual_left_s(&manual.at[0], &now, (struct freq){0}) - 7) < 1e-9);
    now.real.ns += 7 * NS_PER_S; /* stepped */
    assert_true(fabs(manual_left_s(&manual.at[0], &now, (struct freq){0})) < 1e-9);
    now.real.ns += NS_PER_S / 100; /* ... and run fast by 100 ppm for these 100 s */
    assert_true(fabs(manual_left_s(&manual.at[0], &now, (struct freq){100e-6})) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_tells_an_offset_and_no_frequency),
        cmocka_unit_test(several_tell_the_frequency_the_better_the_farther_apart),
        cmocka_unit_test(a_bad_one_is_seen_by_its_residual_and_can_be_taken_out),
        cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
        cmocka_unit_test(what_is_left_counts_steps_and_the_rate_since),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
