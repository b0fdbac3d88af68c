/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/unrest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"

static struct mono_time at_hour(double hour)
{
    return (struct mono_time){(int64_t)(hour * 3600e9)};
}

static void nothing_is_expected_of_what_nobody_knows(void **state)
{
    struct unrest unrest;

    (void)state;
    unrest_init(&unrest);
    assert_near(unrest_limits(&unrest).range_s_per_s, 0, 0);
    unrest_note(&unrest, at_hour(0), 5e-6, 1e-9);
    assert_near(unrest_limits(&unrest).range_s_per_s, 0, 0);
    assert_near(unrest_limits(&unrest).slope_s_per_s2, 0, 0);
}

static void a_day_and_night_gives_its_range_and_its_steepest_hour(void **state)
{
    struct unrest unrest;
    struct unrest_limits limits;

    (void)state;
    unrest_init(&unrest);
    for (int i = 0; i < 40 * 60; i++) { /* every minute; one an hour counts */
        double hour = i / 60.0;
        unrest_note(&unrest, at_hour(hour), 1e-6 * sin(6.283185307 * hour / 24), 1e-12);
    }
    limits = unrest_limits(&unrest);
    assert_int_equal(unrest.count, 40);
    assert_near(limits.range_s_per_s, 2e-6, 0.02e-6);
    assert_near(limits.slope_s_per_s2, 1e-6 * 6.283185307 / 86400, 0.03e-10);
}

static void noise_is_no_unrest(void **state)
{
    struct unrest unrest;

    (void)state;
    unrest_init(&unrest);
    for (int i = 0; i < 48; i++) {
        unrest_note(&unrest, at_hour(i), i % 2 ? 0.7e-8 : -0.7e-8, 1e-8);
    }
    assert_near(unrest_limits(&unrest).slope_s_per_s2, 0, 0);
    assert_near(unrest_limits(&unrest).range_s_per_s, 0, 0);
}

static void two_days_later_it_is_forgotten(void **state)
{
    struct unrest unrest;

    (void)state;
    unrest_init(&unrest);
    for (int i = 0; i < 10; i++) {
        unrest_note(&unrest, at_hour(i), i * 1e-6, 1e-9);
    }
    assert_near(unrest_limits(&unrest).range_s_per_s, 9e-6, 1e-8);
    for (int i = 10; i < 57; i++) {
        unrest_note(&unrest, at_hour(i), 9e-6, 1e-9);
    }
    assert_near(unrest_limits(&unrest).range_s_per_s, 0, 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_expected_of_what_nobody_knows),
        cmocka_unit_test(a_day_and_night_gives_its_range_and_its_steepest_hour),
        cmocka_unit_test(noise_is_no_unrest),
        cmocka_unit_test(two_days_later_it_is_forgotten),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
