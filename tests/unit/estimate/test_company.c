/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/company.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/estimate/selection.h"
#include "support/near.h"
#include "support/prng.h"

enum { MOST = 6 };

struct round {
    struct company company;
    struct candidate candidate[MOST];
    struct source_company memory[MOST];
    size_t count;
    struct mono_time now;
};

static struct round start(void)
{
    return (struct round){.now = {1000 * NS_PER_S}};
}

/* A source with that offset and deviation, in us, 1 ms of jitter, 20 us from its reference. */
static void add(struct round *r, double offset_us, double sd_us)
{
    struct candidate *c = &r->candidate[r->count];

    *c = (struct candidate){
        .id = (uint16_t)r->count,
        .offset_s = offset_us * 1e-6,
        .sd_s = sd_us * 1e-6,
        .half_width_s = 10e-3,
        .floor_s = 20e-3,
        .jitter_s = 100e-6,
        .root_distance_s = 20e-6,
        .usable = true,
        .company = &r->memory[r->count],
    };
    r->count++;
}

static struct round four(void)
{
    struct round r = start();

    add(&r, 0, 10);
    add(&r, 3000, 10);
    add(&r, -2000, 10);
    add(&r, 500, 10);
    return r;
}

static void step(struct round *r, double seconds)
{
    r->now.ns += (int64_t)(seconds * 1e9);
    company_run(&r->company, r->now, r->candidate, r->count);
}

/* Minutes, in which one of them drifts. */
static void drift(struct round *r, size_t who, double s_per_s, int minutes)
{
    for (int i = 0; i < minutes; i++) {
        r->candidate[who].offset_s += s_per_s * 60;
        step(r, 60);
    }
}

static void who_stays_where_he_was_has_not_moved_as_far_as_the_others_see(void **state)
{
    struct round r = four();

    (void)state;
    drift(&r, 0, 0, 1000);
    for (size_t i = 0; i < r.count; i++) {
        assert_near(r.candidate[i].moved_s, 0, 1e-12);
        assert_near(r.candidate[i].widened_s, 3 * r.candidate[i].moved_sd_s, 1e-12);
        assert_false(r.candidate[i].strays);
    }
}

static void the_own_oscillator_moves_all_and_nobody(void **state)
{
    struct round r = four();

    (void)state;
    step(&r, 1);
    for (int i = 0; i < 1000; i++) {
        for (size_t k = 0; k < r.count; k++) {
            r.candidate[k].offset_s += 1e-3;
        }
        step(&r, 60);
    }
    for (size_t i = 0; i < r.count; i++) {
        assert_near(r.candidate[i].moved_s, 0, 1e-9);
        assert_false(r.candidate[i].strays);
    }
}

static void a_slow_drift_widens_the_interval_then_makes_a_stray(void **state)
{
    struct round r = four();

    (void)state;
    step(&r, 1);
    drift(&r, 2, 0.1e-6, 20); /* 120 us, less what a path may do by itself */
    assert_near(r.candidate[2].moved_s, 116.4e-6, 1e-6);
    assert_false(r.candidate[2].strays);
    assert_true(r.candidate[2].widened_s > 160e-6 && r.candidate[2].widened_s < 190e-6);
    drift(&r, 2, 0.1e-6, 60);
    assert_true(r.candidate[2].strays);
    for (size_t i = 0; i < r.count; i++) {
        assert_true(i == 2 || !r.candidate[i].strays);
        assert_near(i == 2 ? 0 : r.candidate[i].moved_s, 0, 1e-6);
    }
}

static void a_drift_of_days_stays_a_stray(void **state)
{
    struct round r = four();

    (void)state;
    step(&r, 1);
    drift(&r, 0, 0.05e-6, 5 * 1440);
    assert_true(r.candidate[0].strays);
    assert_true(r.candidate[0].widened_s > 20e-3);
}

static void who_comes_to_rest_takes_part_again_with_a_wider_interval(void **state)
{
    struct round r = four();

    (void)state;
    step(&r, 1);
    r.candidate[1].offset_s += 5e-3;
    step(&r, 60);
    assert_true(r.candidate[1].strays);
    drift(&r, 1, 0, 5 * 60);
    assert_true(r.candidate[1].strays);
    drift(&r, 1, 0, 2 * 60);
    assert_false(r.candidate[1].strays);
    assert_true(r.candidate[1].widened_s > 4e-3);
    drift(&r, 1, 0, 30 * 1440);
    assert_true(r.candidate[1].widened_s < 1e-3);
}

static void of_two_that_part_both_get_wider(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 10);
    add(&r, 100, 10);
    step(&r, 1);
    drift(&r, 1, 1e-6, 60);
    assert_true(r.candidate[0].widened_s > 3.4e-3);
    assert_true(r.candidate[1].widened_s > 3.4e-3);
    assert_false(r.candidate[0].strays || r.candidate[1].strays);
}

static void one_alone_has_nobody_to_be_compared_with(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 10);
    drift(&r, 0, 1e-6, 1000);
    assert_near(r.candidate[0].widened_s, 0, 1e-12);
}

static void noise_neither_widens_much_nor_makes_strays(void **state)
{
    struct round r = four();
    struct prng prng = {7};
    double at[MOST];
    double widest = 0;

    (void)state;
    for (size_t i = 0; i < r.count; i++) {
        at[i] = r.candidate[i].offset_s;
    }
    for (int n = 0; n < 20000; n++) {
        for (size_t i = 0; i < r.count; i++) {
            r.candidate[i].offset_s = at[i] + 10e-6 * prng_normal(&prng);
        }
        step(&r, 64);
        for (size_t i = 0; i < r.count; i++) {
            assert_false(r.candidate[i].strays);
            widest = fmax(widest, r.candidate[i].widened_s);
        }
    }
    assert_true(widest < 130e-6);
}

/* Three that say little allow the one that says much what they cannot see. */
static void a_near_source_is_vouched_for_as_well_as_far_ones_can_see(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    for (int i = 0; i < 3; i++) {
        add(&r, 100 * i, 200);
    }
    step(&r, 1);
    drift(&r, 0, 0, 100);
    assert_false(r.candidate[0].strays);
    assert_true(r.candidate[0].widened_s > 400e-6 && r.candidate[0].widened_s < 1.3e-3);
    /* Beside near ones it is hardly widened. */
    r = start();
    for (int i = 0; i < 4; i++) {
        add(&r, 10 * i, 1);
    }
    step(&r, 1);
    drift(&r, 0, 0, 100);
    assert_true(r.candidate[0].widened_s < 10e-6);
}

static void better_estimates_find_the_places_anew(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 900, 1000);
    add(&r, -800, 1000);
    add(&r, 500, 1000);
    step(&r, 1);
    for (size_t i = 0; i < r.count; i++) {
        r.candidate[i].offset_s = 0;
    }
    for (double sd_us = 1000; sd_us >= 10; sd_us /= 1.5) {
        for (size_t i = 0; i < r.count; i++) {
            r.candidate[i].sd_s = sd_us * 1e-6;
        }
        step(&r, 60);
    }
    for (size_t i = 0; i < r.count; i++) {
        assert_near(r.candidate[i].moved_s, 0, 1e-6);
        assert_true(r.candidate[i].moved_sd_s < 40e-6);
    }
}

static void who_is_not_believed_or_not_to_be_followed_is_left_out(void **state)
{
    struct round r = four();

    (void)state;
    step(&r, 1);
    r.candidate[0].usable = false;
    r.candidate[3].noselect = true;
    r.candidate[0].offset_s = r.candidate[3].offset_s = 1;
    step(&r, 60);
    for (size_t i = 0; i < r.count; i++) {
        assert_near(r.candidate[i].moved_s, 0, 1e-12);
    }
    /* Back after hours: measured against what it was. */
    r.candidate[0].usable = true;
    r.candidate[0].offset_s = 50e-6;
    step(&r, 7200);
    assert_near(r.candidate[0].moved_s, 50e-6, 1e-9);
}

static void those_that_are_trusted_are_compared_among_themselves(void **state)
{
    struct round r = four();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        r.candidate[i].trust = true;
    }
    step(&r, 1);
    drift(&r, 3, 1e-6, 60);
    drift(&r, 1, 1e-6, 60);
    assert_near(r.candidate[3].moved_s, 0, 1e-12);
    assert_true(r.candidate[1].strays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stays_where_he_was_has_not_moved_as_far_as_the_others_see),
        cmocka_unit_test(the_own_oscillator_moves_all_and_nobody),
        cmocka_unit_test(a_slow_drift_widens_the_interval_then_makes_a_stray),
        cmocka_unit_test(a_drift_of_days_stays_a_stray),
        cmocka_unit_test(who_comes_to_rest_takes_part_again_with_a_wider_interval),
        cmocka_unit_test(of_two_that_part_both_get_wider),
        cmocka_unit_test(one_alone_has_nobody_to_be_compared_with),
        cmocka_unit_test(noise_neither_widens_much_nor_makes_strays),
        cmocka_unit_test(a_near_source_is_vouched_for_as_well_as_far_ones_can_see),
        cmocka_unit_test(better_estimates_find_the_places_anew),
        cmocka_unit_test(who_is_not_believed_or_not_to_be_followed_is_left_out),
        cmocka_unit_test(those_that_are_trusted_are_compared_among_themselves),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
