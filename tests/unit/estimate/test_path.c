/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"

/* A perfect clock asks over a path of 1 ms each way and 0.1 ms jitter, every 64 s. */
struct fixture {
    struct path path;
    struct prng prng;
    struct path_state clock;
    double there_s, back_s;
    double jitter_s;
    struct path_exchange last; /* normalised */
    double mean_s;             /* of normalised offsets, over what ask() was told */
    double wrong_s;            /* most that a normalised interval missed the truth by */
    double floor_s;
};

static void start(struct fixture *f)
{
    *f = (struct fixture){.prng = {3}, .there_s = 1e-3, .back_s = 1e-3, .jitter_s = 1e-4};
    f->clock.wander = 1e-9;
    f->clock.line.var_offset_s2 = 1e-10;
    f->clock.line.var_freq = 1e-18;
    path_init(&f->path);
}

static void ask(struct fixture *f, int times)
{
    double sum = 0;

    f->wrong_s = 0;
    f->floor_s = (double)INFINITY;
    for (int i = 0; i < times; i++) {
        double there = f->there_s + f->jitter_s * prng_exponential(&f->prng);
        double back = f->back_s + f->jitter_s * prng_exponential(&f->prng);

        f->last = (struct path_exchange){f->clock.when, (there - back) / 2, there + back};
        f->last.when.ns += 64 * NS_PER_S;
        path_normalise(&f->path, f->path.count > 0 ? &f->clock : NULL, 1e-9, &f->last);
        f->clock.when = f->last.when;
        sum += f->last.offset_s;
        f->floor_s = fmin(f->floor_s, f->last.delay_s);
        f->wrong_s = fmax(f->wrong_s, fabs(f->last.offset_s) - (f->last.delay_s - 2e-3) / 2);
    }
    f->mean_s = sum / times;
}

static void an_unchanging_path_changes_nothing(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 2000);
    assert_int_equal(f.path.regimes, 1);
    assert_near(f.mean_s, 0, 1e-5);
    assert_near(f.path.jitter_s, 1e-4, 5e-5);
    assert_near(f.wrong_s, 0, 1e-9);
}

static void a_longer_way_there_is_found_and_its_bias_removed(void **state)
{
    struct fixture f;
    double bias_sd;

    (void)state;
    start(&f);
    ask(&f, 200);
    f.there_s += 2e-3;
    ask(&f, 20);
    assert_int_equal(f.path.current, 1);
    ask(&f, 200);
    assert_near(f.mean_s, 0, 6e-5); /* without: 1 ms */
    assert_near(f.path.regime[1].bias_s, 1e-3, 6e-5);
    assert_near(f.floor_s, 2e-3, 1e-4); /* as if over the first path */
    assert_near(path_anchor_floor(&f.path, &bias_sd), 2e-3, 1e-4);
    assert_in_range((uintmax_t)(bias_sd * 1e9), 5000, 100000);
}

static void until_it_is_found_the_longer_way_only_widens_the_intervals(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 200);
    f.there_s += 2e-3;
    ask(&f, 15);
    assert_int_equal(f.path.current, 0);
    assert_true(f.wrong_s < 1e-9);
}

static void the_old_path_is_known_when_it_returns(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 200);
    for (int i = 0; i < 20; i++) {
        f.there_s = 3e-3;
        ask(&f, 50);
        f.there_s = 1e-3;
        ask(&f, 50);
        assert_int_equal(f.path.current, 0);
    }
    assert_int_equal(f.path.regimes, 2);
    assert_near(f.mean_s, 0, 6e-5);
}

static void a_shorter_way_is_found_and_unlearnt_over_days(void **state)
{
    struct fixture f;
    double bias_sd;

    (void)state;
    start(&f);
    f.there_s = 3e-3; /* the first path was the asymmetric one: its error is 1 ms */
    f.clock.line.offset_s = 1e-3;
    ask(&f, 200);
    f.there_s = 1e-3;
    ask(&f, 30);
    assert_int_equal(f.path.current, 1);
    assert_near(f.path.regime[1].bias_s, -1e-3, 1e-4); /* time stays where it was, at first */
    ask(&f, 5 * 1350);                                 /* 5 days */
    assert_near(f.path.regime[1].bias_s, 0, 5e-5);
    /* What is left of the old error lies within what may be sworn to. */
    assert_true(path_anchor_floor(&f.path, &bias_sd) < 2.4e-3);
    assert_near(bias_sd, 0, 0);
}

static void congestion_is_no_other_path(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 200);
    f.jitter_s = 3e-3;
    ask(&f, 100);
    f.jitter_s = 1e-4;
    ask(&f, 100);
    assert_int_equal(f.path.regimes, 1);
    assert_int_equal(f.path.current, 0);
}

static void many_paths_use_up_no_more_than_there_is(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 200);
    for (int i = 1; i < 30; i++) {
        f.there_s = 1e-3 + 2e-3 * i;
        ask(&f, 40);
        assert_in_range(f.path.regimes, 1, PATH_REGIMES);
    }
    f.there_s = 1e-3;
    ask(&f, 100);
    assert_int_equal(f.path.current, 0); /* the first one is never forgotten */
    assert_near(f.mean_s, 0, 1e-4);
}

static void shifting_the_frame_keeps_regimes_and_biases(void **state)
{
    struct fixture f;

    (void)state;
    start(&f);
    ask(&f, 200);
    f.there_s += 2e-3;
    ask(&f, 8);
    path_shift(&f.path, 0.25); /* in the middle of a change */
    f.clock.line.offset_s += 0.25;
    for (int i = 0; i < 12; i++) {
        struct path_exchange e = {f.clock.when, 0.25 + 1e-3, 4e-3 + 1e-4};

        e.when.ns += 64 * NS_PER_S;
        path_normalise(&f.path, &f.clock, 1e-9, &e);
        f.clock.when = e.when;
    }
    assert_int_equal(f.path.current, 1);
    assert_near(f.path.regime[1].bias_s, 1e-3, 1e-4);
}

static void without_a_memory_of_the_clock_a_new_path_gets_the_old_bias_and_full_doubt(void **state)
{
    struct fixture f;
    double bias_sd;

    (void)state;
    start(&f);
    ask(&f, 200);
    f.there_s += 2e-3;
    ask(&f, 14);
    path_forget_states(&f.path);
    ask(&f, 4);
    assert_int_equal(f.path.current, 1);
    assert_near(f.path.regime[1].bias_s, 0, 0);
    path_anchor_floor(&f.path, &bias_sd);
    assert_near(bias_sd, 1e-3 / sqrt(3), 6e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanging_path_changes_nothing),
        cmocka_unit_test(a_longer_way_there_is_found_and_its_bias_removed),
        cmocka_unit_test(until_it_is_found_the_longer_way_only_widens_the_intervals),
        cmocka_unit_test(the_old_path_is_known_when_it_returns),
        cmocka_unit_test(a_shorter_way_is_found_and_unlearnt_over_days),
        cmocka_unit_test(congestion_is_no_other_path),
        cmocka_unit_test(many_paths_use_up_no_more_than_there_is),
        cmocka_unit_test(shifting_the_frame_keeps_regimes_and_biases),
        cmocka_unit_test(without_a_memory_of_the_clock_a_new_path_gets_the_old_bias_and_full_doubt),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
