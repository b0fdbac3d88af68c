/* SPDX-License-Identifier: BSD-2-Clause */
/* test_prng.c - streams are repeatable and separate, and have the moments they claim. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/prng.h"

enum { DRAWS = 200000 };

static void the_same_stream_gives_the_same_numbers(void **state)
{
    (void)state;
    struct prng a = prng_stream(7, PRNG_SERVER, 3), b = prng_stream(7, PRNG_SERVER, 3);

    for (int i = 0; i < 100; i++) {
        assert_true(prng_next(&a) == prng_next(&b));
    }
}

static void seed_purpose_and_index_each_name_another_stream(void **state)
{
    (void)state;
    struct prng base = prng_stream(7, PRNG_SERVER, 3);
    struct prng others[] = {prng_stream(8, PRNG_SERVER, 3), prng_stream(7, PRNG_NODE, 3),
                            prng_stream(7, PRNG_SERVER, 4)};
    uint64_t first = prng_next(&base);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(prng_next(&others[i]) != first);
    }
}

static double gamma_half(struct prng *prng)
{
    return prng_gamma(prng, 0.5);
}

static double gamma_four(struct prng *prng)
{
    return prng_gamma(prng, 4);
}

static double pareto_five(struct prng *prng)
{
    return prng_pareto(prng, 5);
}

static void distributions_have_their_mean_and_variance(void **state)
{
    (void)state;
    static const struct {
        double (*draw)(struct prng *prng);
        double mean, variance;
    } rows[] = {
        {prng_unit, 0.5, 1.0 / 12},
        {prng_exponential, 1, 1},
        {prng_normal, 0, 1},
        {gamma_half, 0.5, 0.5},
        {gamma_four, 4, 4},
        {pareto_five, 1, 5.0 / 3}, /* Lomax with scale 4: 16 * 5 / (16 * 3) */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct prng prng = prng_stream(1, PRNG_SCENARIO, i);
        double sum = 0, squares = 0;
        for (int n = 0; n < DRAWS; n++) {
            double x = rows[i].draw(&prng);
            sum += x;
            squares += x * x;
        }
        double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
        assert_true(fabs(mean - rows[i].mean) < 0.02);
        assert_true(fabs(variance / rows[i].variance - 1) < 0.1);
    }
}

static void below_reaches_every_value_and_no_other(void **state)
{
    (void)state;
    struct prng prng = prng_stream(3, PRNG_DNS, 0);
    unsigned seen[7] = {0};

    for (int i = 0; i < 7000; i++) {
        unsigned value = prng_below(&prng, 7);
        assert_true(value < 7);
        seen[value]++;
    }
    for (int i = 0; i < 7; i++) {
        assert_true(seen[i] > 800 && seen[i] < 1200);
    }
}

static void a_chance_of_nothing_draws_nothing(void **state)
{
    (void)state;
    struct prng prng = prng_stream(3, PRNG_DNS, 0), untouched = prng;
    int hits = 0;

    assert_false(prng_chance(&prng, 0));
    assert_true(prng.state == untouched.state);
    for (int i = 0; i < 10000; i++) {
        hits += prng_chance(&prng, 0.3);
    }
    assert_true(hits > 2800 && hits < 3200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_stream_gives_the_same_numbers),
        cmocka_unit_test(seed_purpose_and_index_each_name_another_stream),
        cmocka_unit_test(distributions_have_their_mean_and_variance),
        cmocka_unit_test(below_reaches_every_value_and_no_other),
        cmocka_unit_test(a_chance_of_nothing_draws_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
