/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/wobble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"

/* What makes the offsets of a trace: deviations in s, rates in s/s. */
struct world {
    double swing_s, period_s; /* half the height of a sawtooth that is slewed back */
    double noise_s;
    double wander;         /* random walk of our frequency, s/s per sqrt(s) */
    double white;          /* white noise of it, s/s over a second */
    double cycle, cycle_s; /* amplitude and period of a sine of it */
    double step_s;         /* in the middle */
};

static struct wobble wobble;

static double sawtooth(double turns)
{
    double at = turns - floor(turns);

    return 2 * (at < 0.7 ? at / 0.7 : (1 - at) / 0.3) - 1;
}

static void run(const struct world *world, double interval_s, double length_s)
{
    struct prng prng = {5};
    double phase = 0, freq = 0;
    double sd = sqrt(interval_s);

    for (double t = 0; t < length_s; t += interval_s) {
        double cycle =
            world->cycle_s > 0 ? world->cycle * cos(6.283185307179586 * t / world->cycle_s) : 0;
        double excess = 10e-6 * prng_exponential(&prng);
        double offset = phase + world->noise_s * prng_normal(&prng) +
                        (world->period_s > 0 ? world->swing_s * sawtooth(t / world->period_s) : 0) +
                        (t > length_s / 2 ? world->step_s : 0);

        wobble_add(&wobble, (struct mono_time){(int64_t)(t * 1e9)}, offset, excess, interval_s);
        freq += world->wander * sd * prng_normal(&prng);
        phase += (freq + cycle) * interval_s + world->white * sd * prng_normal(&prng);
    }
}

static void a_swing_is_found_and_its_size_is_right(void **state)
{
    static const struct {
        struct world world;
        double interval_s;
    } cases[] = {
        {{.swing_s = 40e-6, .period_s = 650, .noise_s = 3e-6}, 16},
        {{.swing_s = 40e-6, .period_s = 650, .noise_s = 3e-6, .wander = 1e-9}, 16},
        {{.swing_s = 40e-6, .period_s = 1100, .noise_s = 3e-6, .wander = 3e-10}, 64},
        {{.swing_s = 1e-3, .period_s = 800, .noise_s = 50e-6, .wander = 1e-9}, 1},
        {{.swing_s = 500e-6, .period_s = 3000, .noise_s = 20e-6, .wander = 1e-9}, 128},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wobble_found found;
        double rms = cases[i].world.swing_s / sqrt(3);

        wobble_init(&wobble);
        run(&cases[i].world, cases[i].interval_s, 60000);
        found = wobble_find(&wobble);
        print_message("# case %zu: %g of %g within %g s\n", i, found.sd_s, rms, found.span_s);
        assert_true(found.sd_s > 0.7 * rms && found.sd_s < 2 * rms);
        assert_true(found.span_s > cases[i].world.period_s / 8 &&
                    found.span_s < cases[i].world.period_s);
    }
}

static void what_our_own_oscillator_does_is_no_swing(void **state)
{
    static const struct world worlds[] = {
        {.noise_s = 3e-6},
        {.noise_s = 300e-6},
        {.noise_s = 3e-6, .wander = 1e-9},
        {.noise_s = 3e-6, .wander = 1e-8},
        {.noise_s = 1e-6, .white = 1e-8},
        {.noise_s = 3e-6, .wander = 1e-9, .white = 1e-7},
        {.noise_s = 3e-6, .wander = 1e-10, .cycle = 2e-6, .cycle_s = 86400},
        {.noise_s = 3e-6, .wander = 1e-9, .cycle = 1e-7, .cycle_s = 7200},
        {.noise_s = 3e-6, .wander = 1e-9, .step_s = 1e-3},
    };
    static const double intervals[] = {1, 16, 64, 512};

    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        for (size_t k = 0; k < sizeof intervals / sizeof intervals[0]; k++) {
            wobble_init(&wobble);
            run(&worlds[i], intervals[k], 2000 * fmax(60, intervals[k]));
            print_message("# world %zu, every %g s\n", i, intervals[k]);
            assert_near(wobble_find(&wobble).sd_s, 0, 0);
        }
    }
}

static void nothing_is_said_before_a_dozen_swings(void **state)
{
    const struct world world = {.swing_s = 40e-6, .period_s = 650, .noise_s = 3e-6};

    (void)state;
    wobble_init(&wobble);
    run(&world, 16, 3600);
    assert_near(wobble_find(&wobble).sd_s, 0, 0);
}

static void a_long_gap_and_another_interval_begin_anew(void **state)
{
    const struct world world = {.swing_s = 40e-6, .period_s = 650, .noise_s = 3e-6};

    (void)state;
    wobble_init(&wobble);
    run(&world, 16, 30000);
    assert_true(wobble_find(&wobble).sd_s > 0);
    wobble_add(&wobble, (struct mono_time){40000 * NS_PER_S}, 0, 0, 16);
    assert_near(wobble_find(&wobble).sd_s, 0, 0);
    assert_int_equal(wobble.points, 0);
    run(&world, 16, 30000);
    wobble_add(&wobble, (struct mono_time){30064 * NS_PER_S}, 0, 0, 256);
    assert_int_equal(wobble.points, 0);
}

static void moving_the_frame_changes_nothing(void **state)
{
    const struct world world = {.swing_s = 40e-6, .period_s = 650, .noise_s = 3e-6};
    struct wobble_found before;

    (void)state;
    wobble_init(&wobble);
    run(&world, 16, 30000);
    before = wobble_find(&wobble);
    wobble_shift(&wobble, 1);
    for (int i = 0; i < 20; i++) {
        wobble_add(&wobble, (struct mono_time){(30064 + 64 * i) * NS_PER_S}, 1, 0, 64);
    }
    assert_near(wobble_find(&wobble).sd_s, before.sd_s, 3e-6);
}

static void neighbours_share_their_part_of_a_swing(void **state)
{
    const struct wobble_found found = {20e-6, 256};

    (void)state;
    assert_near(wobble_noise_s(&found, 16), 40e-6, 1e-12);
    assert_near(wobble_noise_s(&found, 256), 10e-6, 1e-12);
    assert_near(wobble_noise_s(&found, 1024), 10e-6, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_swing_is_found_and_its_size_is_right),
        cmocka_unit_test(what_our_own_oscillator_does_is_no_swing),
        cmocka_unit_test(nothing_is_said_before_a_dozen_swings),
        cmocka_unit_test(a_long_gap_and_another_interval_begin_anew),
        cmocka_unit_test(moving_the_frame_changes_nothing),
        cmocka_unit_test(neighbours_share_their_part_of_a_swing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
