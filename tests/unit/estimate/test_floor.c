/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/near.h"

static struct mono_time at(double s)
{
    return (struct mono_time){(int64_t)(s * 1e9)};
}

static void the_least_round_trip_is_the_floor(void **state)
{
    static const double delay[] = {5e-3, 4e-3, 7e-3, 6e-3};
    struct floor_track track;
    struct floor_view view;

    (void)state;
    floor_init(&track, 0);
    for (int i = 0; i < 4; i++) {
        floor_add(&track, at(i * 16), delay[i]);
    }
    view = floor_long(&track, 1e-9);
    assert_near(view.floor_s, 4e-3, 0);
    assert_near(view.jitter_s, 0.75e-3, 1e-12); /* half of what the mean exceeds it */
    assert_near(view.gap_s, 0.63 * 0.75e-3 / 2, 1e-12);
    assert_near(floor_short(&track, 1e-9).floor_s, 4e-3, 0);
}

static void the_short_floor_forgets_after_32_samples(void **state)
{
    struct floor_track track;

    (void)state;
    floor_init(&track, 0);
    floor_add(&track, at(0), 1e-3);
    for (int i = 1; i <= 32; i++) {
        assert_near(floor_short(&track, 1e-9).floor_s, 1e-3, 0);
        floor_add(&track, at(i * 64), 3e-3);
    }
    assert_near(floor_short(&track, 1e-9).floor_s, 3e-3, 0);
    assert_near(floor_long(&track, 1e-9).floor_s, 1e-3, 0);
}

/* Samples every poll_s; returns after how many the least of the first is forgotten. */
static int forgotten_after(double poll_s)
{
    struct floor_track track;
    int n = 0;

    floor_init(&track, 0);
    floor_add(&track, at(0), 1e-3);
    while (floor_long(&track, 1e-9).floor_s < 2e-3) {
        n++;
        floor_add(&track, at(n * poll_s), 2e-3);
    }
    return n;
}

static void a_bucket_is_long_in_samples_and_in_time_but_ends_in_a_week(void **state)
{
    (void)state;
    /* The first bucket must close twice: its successor hides it only then. */
    assert_in_range(forgotten_after(1), 28800, 28802);  /* 4 h each */
    assert_in_range(forgotten_after(16), 4000, 4002);   /* 2000 samples each, 8.9 h */
    assert_in_range(forgotten_after(1024), 1180, 1184); /* a week each */
    assert_in_range(forgotten_after(131072), 10, 14);   /* poll 17 */
}

static void a_long_silence_makes_recent_round_trips_history(void **state)
{
    struct floor_track track;

    (void)state;
    floor_init(&track, 0);
    for (int i = 0; i < 40; i++) {
        floor_add(&track, at(i * 64), i == 20 ? 1e-3 : 2e-3);
    }
    floor_add(&track, at(39 * 64 + 31 * 64), 2e-3); /* 31 polls were lost */
    assert_near(floor_short(&track, 1e-9).floor_s, 1e-3, 0);
    floor_add(&track, at(39 * 64 + 31 * 64 + 400 * 64), 5e-3);
    assert_near(floor_short(&track, 1e-9).floor_s, 5e-3, 0);
    assert_near(floor_short(&track, 1e-9).jitter_s, 1e-9, 0);
    assert_near(floor_long(&track, 1e-9).floor_s, 1e-3, 0);
}

static void the_change_from_a_burst_to_slow_polls_is_no_silence(void **state)
{
    struct floor_track track;

    (void)state;
    floor_init(&track, 0);
    for (int i = 0; i < 8; i++) {
        floor_add(&track, at(i), 1e-3 * (1 + i));
    }
    floor_add(&track, at(8 + 1024), 9e-3);
    assert_near(floor_short(&track, 1e-9).floor_s, 1e-3, 0);
}

static void a_known_floor_has_no_unseen_part(void **state)
{
    struct floor_track track;

    (void)state;
    floor_init(&track, 3e-3);
    floor_add(&track, at(0), 5e-3);
    assert_near(floor_long(&track, 1e-9).floor_s, 3e-3, 0);
    assert_near(floor_long(&track, 1e-9).gap_s, 0, 0);
    assert_near(floor_long(&track, 1e-9).jitter_s, 1e-3, 1e-15);
    floor_add(&track, at(1), 2e-3); /* shorter than was told: the fact counts */
    assert_near(floor_long(&track, 1e-9).floor_s, 2e-3, 0);
}

static void jitter_is_never_below_the_precision(void **state)
{
    struct floor_track track;

    (void)state;
    floor_init(&track, 0);
    floor_add(&track, at(0), 1e-3);
    assert_near(floor_long(&track, 2e-6).jitter_s, 2e-6, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_round_trip_is_the_floor),
        cmocka_unit_test(the_short_floor_forgets_after_32_samples),
        cmocka_unit_test(a_bucket_is_long_in_samples_and_in_time_but_ends_in_a_week),
        cmocka_unit_test(a_long_silence_makes_recent_round_trips_history),
        cmocka_unit_test(the_change_from_a_burst_to_slow_polls_is_no_silence),
        cmocka_unit_test(a_known_floor_has_no_unseen_part),
        cmocka_unit_test(jitter_is_never_below_the_precision),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
