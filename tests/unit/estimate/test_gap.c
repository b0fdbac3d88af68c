/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"

/* n exchanges over a path of 1 ms each way; the estimate errs by a Gaussian of sd_s. */
struct run {
    struct gap gap;
    double least_s; /* half of the shortest round trip */
};

static void feed(struct run *r, struct prng *prng, int n, const double jitter_s[2], double sd_s)
{
    double mean = (jitter_s[0] + jitter_s[1]) / 2;

    for (int i = 1; i <= n; i++) {
        double there = jitter_s[0] * prng_exponential(prng);
        double back = jitter_s[1] * prng_exponential(prng);
        struct gap_evidence e = {
            .half_delay_s = 1e-3 + (there + back) / 2,
            .miss_s = (there - back) / 2 - sd_s * prng_normal(prng),
            .sd_s = sd_s,
            .rate_per_s = 1 / jitter_s[0] + 1 / jitter_s[1],
        };

        r->least_s = fmin(r->least_s, e.half_delay_s);
        gap_follow(&r->gap, r->least_s, 0.63 * mean / sqrt(i));
        gap_add(&r->gap, &e);
        assert_true(r->gap.mean_s >= 0 && r->gap.mean_s <= r->gap.width_s);
        assert_true(isfinite(r->gap.sd_s) && r->gap.sd_s >= 0);
    }
}

static struct run start(void)
{
    struct run r = {.least_s = 1};

    gap_init(&r.gap);
    return r;
}

/* Root mean square of what is left of the error of the half-floor, in units of the jitter: with the
 * usual gap subtracted, and with the fitted one; and how honest the claimed deviation is. */
static void errors(int n, const double jitter_s[2], double sd_s, double result[3])
{
    enum { SEEDS = 100 };
    double mean = (jitter_s[0] + jitter_s[1]) / 2;

    result[0] = result[1] = result[2] = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct prng prng = {seed};
        struct run r = start();
        double usual, fitted;

        feed(&r, &prng, n, jitter_s, sd_s);
        usual = (r.least_s - 0.63 * mean / sqrt(n) - 1e-3) / mean;
        fitted = (r.least_s - r.gap.mean_s - 1e-3) / mean;
        result[0] += usual * usual / SEEDS;
        result[1] += fitted * fitted / SEEDS;
        result[2] += fitted * fitted * mean * mean / (r.gap.sd_s * r.gap.sd_s) / SEEDS;
    }
    for (int i = 0; i < 3; i++) {
        result[i] = sqrt(result[i]);
    }
}

static void a_known_estimate_shows_the_floor_far_below_the_shortest_round_trip(void **state)
{
    static const double even[2] = {1e-4, 1e-4};
    static const double lopsided[2] = {1e-4, 1e-6};
    double e[3];

    (void)state;
    errors(500, even, 1e-6, e);
    print_message("# usual %.4f, fitted %.4f, honesty %.2f\n", e[0], e[1], e[2]);
    assert_true(e[1] < 0.5 * e[0]);
    assert_near(e[2], 1, 0.5);
    errors(500, lopsided, 1e-7, e);
    print_message("# usual %.4f, fitted %.4f, honesty %.2f\n", e[0], e[1], e[2]);
    assert_true(e[1] < 0.3 * e[0]);
}

static void an_estimate_as_bad_as_the_jitter_shows_no_more_than_round_trips_do(void **state)
{
    static const double even[2] = {1e-4, 1e-4};
    double e[3];

    (void)state;
    errors(500, even, 5e-5, e);
    print_message("# usual %.4f, fitted %.4f\n", e[0], e[1]);
    assert_true(e[1] < 1.6 * e[0]);
}

static void the_grid_moves_with_a_new_shortest_round_trip(void **state)
{
    static const double even[2] = {1e-4, 1e-4};
    struct prng prng = {4};
    struct run r = start();
    double floor_s;

    (void)state;
    feed(&r, &prng, 300, even, 1e-6);
    floor_s = r.gap.half_floor_s - r.gap.mean_s;
    gap_follow(&r.gap, r.gap.half_floor_s - 1e-6, r.gap.width_s / 3);
    assert_near(r.gap.half_floor_s - r.gap.mean_s, floor_s, 1.5e-6);
    assert_near(r.gap.mean_s, 0, r.gap.width_s);
}

static void outliers_do_not_open_it(void **state)
{
    static const double even[2] = {1e-4, 1e-4};
    struct prng prng = {6};
    struct run r = start();
    double before;

    (void)state;
    feed(&r, &prng, 500, even, 1e-6);
    before = r.gap.mean_s;
    for (int i = 0; i < 3; i++) {
        struct gap_evidence e = {1.01e-3, 1e-2, 1e-6, 2e4};

        gap_add(&r.gap, &e);
    }
    assert_near(r.gap.mean_s, before, 2e-6);
}

static void without_a_width_it_is_nothing(void **state)
{
    struct gap gap;

    (void)state;
    gap_init(&gap);
    gap_follow(&gap, 1e-3, 0);
    assert_near(gap.mean_s, 0, 0);
    assert_near(gap.sd_s, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_estimate_shows_the_floor_far_below_the_shortest_round_trip),
        cmocka_unit_test(an_estimate_as_bad_as_the_jitter_shows_no_more_than_round_trips_do),
        cmocka_unit_test(the_grid_moves_with_a_new_shortest_round_trip),
        cmocka_unit_test(outliers_do_not_open_it),
        cmocka_unit_test(without_a_width_it_is_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
