/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"

/* Feeds offsets one after the other, each with the same half-width. */
static void feed(struct noise *noise, double *t_s, double step_s, double offset_s, double half_s)
{
    struct noise_point point = {{(int64_t)(*t_s * 1e9)}, offset_s, half_s};

    noise_add(noise, &point);
    *t_s += step_s;
}

static void a_straight_line_is_no_noise(void **state)
{
    struct noise noise;
    double t = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < 100; i++) { /* 50 ppm, polls at changing distances */
        feed(&noise, &t, 1 + i % 7, 5e-5 * t, 1e-9);
    }
    assert_near(noise.scale_s, 0, 1e-12);
}

static void what_queueing_explains_is_no_noise(void **state)
{
    struct prng prng = {3};
    struct noise noise;
    double t = 0;
    double sum = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < 5000; i++) {
        double a = prng_exponential(&prng);
        double b = prng_exponential(&prng);

        feed(&noise, &t, 16, (a - b) / 2, (a + b) / 2);
        assert_true(noise.scale_s < 1.5);
        sum += noise.scale_s;
    }
    assert_near(sum / 5000, 0, 0.05);
}

static void gaussian_noise_beyond_the_intervals_is_measured(void **state)
{
    static const struct {
        double half, scale, tolerance; /* in units of the noise */
    } cases[] = {{0, 1, 0.05}, {0.3, 1, 0.1}, {5, 0, 0}};

    (void)state;
    for (int c = 0; c < 3; c++) {
        struct prng prng = {1};
        struct noise noise;
        double t = 0;
        double sum = 0;

        noise_init(&noise);
        for (int i = 0; i < 20000; i++) {
            feed(&noise, &t, 4 + i % 3, 3e-6 * prng_normal(&prng), 3e-6 * cases[c].half);
            sum += noise.scale_s;
        }
        assert_near(sum / 20000 / 3e-6, cases[c].scale, cases[c].tolerance);
    }
}

static void a_third_of_outliers_is_no_noise(void **state)
{
    struct noise noise;
    double t = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < 200; i++) {
        feed(&noise, &t, 16, i % 9 == 0 ? 1 : 0, 1e-6);
    }
    assert_near(noise.scale_s, 0, 0);
}

static void few_values_say_nothing(void **state)
{
    struct noise noise;
    double t = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < NOISE_MIN + 1; i++) {
        feed(&noise, &t, 1, i % 2, 0);
        assert_near(noise.scale_s, 0, 0);
    }
    feed(&noise, &t, 1, 1, 0);
    assert_true(noise.scale_s > 1);
}

static void it_follows_within_32_samples(void **state)
{
    struct noise noise;
    double t = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < 64; i++) {
        feed(&noise, &t, 1, i % 2, 0);
    }
    assert_true(noise.scale_s > 1);
    for (int i = 0; i < 34; i++) {
        feed(&noise, &t, 1, 0, 0);
    }
    assert_near(noise.scale_s, 0, 0);
    feed(&noise, &t, 1, 1e300, 0);
    feed(&noise, &t, 1, -1e300, 0);
    assert_true(isfinite(noise.scale_s));
}

static void a_break_is_not_measured_across_and_a_shift_not_at_all(void **state)
{
    struct noise noise;
    double t = 0;
    double base = 0;

    (void)state;
    noise_init(&noise);
    for (int i = 0; i < 64; i++) {
        feed(&noise, &t, 1, i, 0);
        if (i % 2 == 1) {
            noise_break(&noise);
        }
    }
    assert_int_equal(noise.count, 0);
    for (int i = 0; i < 64; i++) {
        feed(&noise, &t, 1, base, 0);
        noise_shift(&noise, i);
        base += i;
    }
    assert_int_equal(noise.count, 62);
    assert_near(noise.scale_s, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_straight_line_is_no_noise),
        cmocka_unit_test(what_queueing_explains_is_no_noise),
        cmocka_unit_test(gaussian_noise_beyond_the_intervals_is_measured),
        cmocka_unit_test(a_third_of_outliers_is_no_noise),
        cmocka_unit_test(few_values_say_nothing),
        cmocka_unit_test(it_follows_within_32_samples),
        cmocka_unit_test(a_break_is_not_measured_across_and_a_shift_not_at_all),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
