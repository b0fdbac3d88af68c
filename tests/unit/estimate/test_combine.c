/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/combine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"
#include "wire/status.h"

enum { MOST = 6 };

struct round {
    struct selection selection;
    struct combiner combiner;
    struct candidate candidate[MOST];
    struct source_bias bias[MOST];
    size_t count;
    struct mono_time now;
};

static const struct selection_options defaults = {
    .min_sources = 1, .combine_limit = 1e6, .reselect_dist_s = 100e-6, .stratum_weight_s = 1e-3};

static void start(struct round *r)
{
    *r = (struct round){.now = {1000 * NS_PER_S}};
    selection_init(&r->selection);
    combiner_init(&r->combiner);
}

/* A source with that offset, statistical deviation and round trip floor, in us. */
static void add(struct round *r, double offset_us, double sd_us, double floor_us)
{
    struct candidate *c = &r->candidate[r->count];

    *c = (struct candidate){
        .id = (uint16_t)r->count,
        .offset_s = offset_us * 1e-6,
        .sd_s = sd_us * 1e-6,
        .var_freq = 1e-18,
        .wander = 1e-9,
        .half_width_s = (5 * sd_us + floor_us / 2) * 1e-6 + 1e-6,
        .floor_s = floor_us * 1e-6,
        .usable = true,
        .bias = &r->bias[r->count],
    };
    r->count++;
}

/* Let time pass, and combine; the result in us. */
static double run_after(struct round *r, double seconds)
{
    struct selection_result result;

    r->now.ns += (int64_t)(seconds * 1e9);
    result = selection_run(&r->selection, &defaults, r->candidate, r->count);
    assert_true(combiner_run(&r->combiner, &result, r->now, r->candidate, r->count));
    assert_true(r->combiner.result.offset_s >= result.lo_s - r->combiner.result.bound_s);
    return r->combiner.result.offset_s * 1e6;
}

static void settle(struct round *r, double seconds)
{
    for (double t = 0; t < seconds; t += 64) {
        run_after(r, 64);
    }
}

static void one_source_is_followed_exactly(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 123, 10, 100);
    r.candidate[0].freq_s_per_s = 3e-6;
    assert_near(run_after(&r, 0), 123, 1e-9);
    assert_near(r.combiner.result.freq_s_per_s, 3e-6, 1e-18);
    assert_near(r.combiner.result.sd_s, 10e-6, 1e-12);
    assert_near(r.combiner.result.bound_s, 101e-6, 1e-12);
    assert_near(r.candidate[0].weight, 1, 1e-15);
    r.candidate[0].offset_s = 150e-6;
    assert_near(run_after(&r, 64), 150, 1e-9);
}

static void weights_follow_noise_and_the_room_for_asymmetry(void **state)
{
    struct round r;
    double near_weight;

    (void)state;
    start(&r);
    add(&r, 0, 10, 100);    /* asymmetry (0.3 * 50)^2 / 3 = 75 us^2, noise 100 */
    add(&r, 100, 10, 2000); /* (0.3 * 1000)^2 / 3 = 30000 us^2 */
    near_weight = (1 / 175.0) / (1 / 175.0 + 1 / 30100.0);
    assert_near(run_after(&r, 0), 100 * (1 - near_weight), 1e-6);
    assert_near(r.candidate[0].weight, near_weight, 1e-9);
}

static void dispersion_of_a_server_lowers_its_weight(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 0, 10, 100);
    add(&r, 100, 10, 100);
    r.candidate[1].dispersion_s = 1e-3;
    assert_true(run_after(&r, 0) < 0.1);
}

static void the_result_is_surer_than_each_source(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 0, 10, 100);
    add(&r, 5, 10, 100);
    add(&r, -5, 10, 100);
    run_after(&r, 0);
    assert_true(r.combiner.result.sd_s < 9e-6);
    assert_true(r.combiner.result.sd_s > 10e-6 / sqrt(3)); /* our own wander is common to all */
    assert_int_equal(r.combiner.result.sources, 3);
}

static void losing_or_gaining_a_source_moves_time_by_one_deviation_at_most(void **state)
{
    /* Sources that differ by their paths' asymmetries, far more than by noise. */
    static const double offset_us[] = {-400, 900, 300, -800};

    (void)state;
    for (size_t lost = 0; lost < 4; lost++) {
        struct round r;
        double before;

        start(&r);
        for (size_t i = 0; i < 4; i++) {
            add(&r, offset_us[i], 20, 10000);
        }
        settle(&r, 7200);
        before = run_after(&r, 64);
        r.candidate[lost].usable = false;
        assert_near(run_after(&r, 1), before, r.combiner.result.sd_s * 1e6);
        assert_near(r.candidate[lost].weight, 0, 0);
        before = run_after(&r, 64);
        r.candidate[lost].usable = true;
        assert_near(run_after(&r, 1), before, r.combiner.result.sd_s * 1e6);
        /* No round afterwards makes up for it at once. */
        before = run_after(&r, 64);
        for (int i = 0; i < 100; i++) {
            double after = run_after(&r, 64);

            assert_near(after, before, 20);
            before = after;
        }
    }
}

static void what_was_held_back_is_released_over_hours(void **state)
{
    struct round r;
    double before;

    (void)state;
    start(&r);
    add(&r, -400, 20, 10000);
    settle(&r, 86400);
    add(&r, 600, 20, 10000);
    before = run_after(&r, 64);
    assert_near(before, -400, 30);
    settle(&r, 3 * 86400);
    assert_near(run_after(&r, 64), 100, 20); /* both are as good: the middle */
}

static void a_young_combination_forgets_its_first_source_soon(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 900, 300, 10000); /* two samples, hardly an estimate */
    run_after(&r, 0);
    add(&r, 0, 20, 10000);
    add(&r, 10, 20, 10000);
    run_after(&r, 2);
    r.candidate[0].offset_s = 0;
    r.candidate[0].sd_s = 20e-6;
    for (int i = 0; i < 60; i++) {
        run_after(&r, 4);
    }
    assert_near(run_after(&r, 1), 5, 20);
}

static void a_nearer_source_does_not_inherit_what_a_far_one_did_not_know(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 3000, 20, 20000);
    settle(&r, 86400);
    add(&r, 0, 20, 200); /* true within 0.2 ms */
    run_after(&r, 64);
    assert_near(r.bias[1].bias_s, 0, 1e-6);
    assert_true(run_after(&r, 64) > 2000);            /* no jump, ... */
    assert_true(r.combiner.result.bound_s > 2000e-6); /* ... and no false promise */
    settle(&r, 3600);
    assert_near(run_after(&r, 64), 0, 210); /* inside the intersection */
    assert_true(r.combiner.result.bound_s < 500e-6);
}

static void a_lone_source_whose_time_jumps_is_followed_not_held_back(void **state)
{
    struct round r;

    (void)state;
    start(&r);
    add(&r, 0, 20, 200);
    settle(&r, 7200);
    r.candidate[0].usable = false; /* being confirmed */
    struct selection_result nobody = {.selected = SELECTION_NONE};
    assert_false(combiner_run(&r.combiner, &nobody, r.now, r.candidate, r.count));
    r.candidate[0].usable = true;
    r.candidate[0].offset_s = 10;
    assert_near(run_after(&r, 64), 10e6, 250);
}

static void shifting_the_frame_changes_nothing_else(void **state)
{
    struct round a, b;

    (void)state;
    start(&a);
    add(&a, -400, 20, 10000);
    add(&a, 300, 20, 10000);
    settle(&a, 3600);
    b = a;
    combiner_shift(&b.combiner, 0.25);
    for (size_t i = 0; i < 2; i++) {
        b.candidate[i].bias = &b.bias[i];
        b.candidate[i].offset_s += 0.25;
    }
    a.candidate[1].usable = b.candidate[1].usable = false;
    assert_near(run_after(&b, 64), run_after(&a, 64) + 0.25e6, 1e-3);
}

/* Two far sources and a near one whose estimates wobble: the differences are learnt, so that the
 * result wobbles like the average of the three, not like its changing weights times the biases. */
static void learnt_biases_quieten_the_result(void **state)
{
    static const double bias_us[] = {-30, 25, 15};
    struct prng prng = {7};
    struct round r;
    double before = 0;
    double sum = 0;
    int n = 0;

    (void)state;
    start(&r);
    for (size_t i = 0; i < 3; i++) {
        add(&r, bias_us[i], 5, 200);
    }
    for (int k = 0; k < 4000; k++) {
        double now;

        for (size_t i = 0; i < 3; i++) { /* deviations grow between polls and fall at each */
            r.candidate[i].sd_s = (2 + 10 * prng_unit(&prng)) * 1e-6;
        }
        now = run_after(&r, 64);
        if (k > 2000) {
            sum += (now - before) * (now - before);
            n++;
        }
        before = now;
    }
    assert_true(sqrt(sum / n) < 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_source_is_followed_exactly),
        cmocka_unit_test(weights_follow_noise_and_the_room_for_asymmetry),
        cmocka_unit_test(dispersion_of_a_server_lowers_its_weight),
        cmocka_unit_test(the_result_is_surer_than_each_source),
        cmocka_unit_test(losing_or_gaining_a_source_moves_time_by_one_deviation_at_most),
        cmocka_unit_test(what_was_held_back_is_released_over_hours),
        cmocka_unit_test(a_young_combination_forgets_its_first_source_soon),
        cmocka_unit_test(a_nearer_source_does_not_inherit_what_a_far_one_did_not_know),
        cmocka_unit_test(a_lone_source_whose_time_jumps_is_followed_not_held_back),
        cmocka_unit_test(shifting_the_frame_changes_nothing_else),
        cmocka_unit_test(learnt_biases_quieten_the_result),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
