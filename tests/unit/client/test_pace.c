/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The polling interval with the estimator that it depends on, over a day or more of an oscillator
 * whose frequency walks at random and a network of exponential jitter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/fmath.h"
#include "core/client/schedule.h"
#include "core/estimate/estimator.h"

enum { DURATION_S = 300000, SETTLED_S = 100000, SEEDS = 3 };

struct bench {
    uint64_t random;
    struct estimator estimator;
    struct source_options options;
    struct schedule schedule;
    double offset_s, freq, jitter_s, delay_s;
    unsigned requests, changes, suspicions;
};

static double uniform(struct bench *bench)
{
    bench->random ^= bench->random << 13;
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return ((double)(bench->random >> 11) + 0.5) * 0x1p-53;
}

static double exponential(struct bench *bench)
{
    return -fmath_log(uniform(bench));
}

static double normal(struct bench *bench)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        sum += uniform(bench);
    }
    return sum;
}

static void exchange(struct bench *bench, struct mono_time now, double offset_s)
{
    double out_s = bench->delay_s / 2 + bench->jitter_s * exponential(bench);
    double back_s = bench->delay_s / 2 + bench->jitter_s * exponential(bench);
    struct sample sample = {.when = now,
                            .offset_s = offset_s + (out_s - back_s) / 2,
                            .delay_s = out_s + back_s,
                            .precision_s = 1e-7,
                            .stratum = 2,
                            .kind = SAMPLE_TWO_WAY};
    int poll = bench->schedule.poll;
    struct estimate estimate;

    schedule_sent(&bench->schedule, now, 0);
    bench->requests++;
    if (estimator_add(&bench->estimator, &sample) == ESTIMATOR_WITHHELD) {
        schedule_suspect(&bench->schedule, now);
        bench->suspicions++;
    } else if (estimator_get(&bench->estimator, &estimate)) {
        schedule_good(&bench->schedule);
        schedule_adapt(&bench->schedule, &estimate, 0);
    }
    bench->changes += bench->schedule.poll != poll;
}

/* Returns the rms error of the estimate, s, after SETTLED_S. */
static double run(struct bench *bench, double jitter_s, double wander, uint64_t seed)
{
    double sum_s2 = 0;

    *bench = (struct bench){
        .random = 0x9e3779b97f4a7c15u * seed,
        .options = {.minpoll = 6, .maxpoll = 10, .presend_minpoll = 127, .iburst = true},
        .freq = 2e-5,
        .jitter_s = jitter_s,
        .delay_s = 2e-3,
    };
    estimator_init(&bench->estimator, &(struct estimator_options){.asymmetry = (double)NAN});
    schedule_init(&bench->schedule,
                  &(struct schedule_start){.options = &bench->options, .private_path = true});
    for (int64_t t = 0; t < DURATION_S; t++) {
        struct estimate estimate;

        bench->freq += wander * normal(bench);
        bench->offset_s += bench->freq;
        while (bench->schedule.next.ns < (t + 1) * NS_PER_S) {
            int64_t into_ns = bench->schedule.next.ns - t * NS_PER_S;

            into_ns = into_ns < 0 ? 0 : into_ns;
            exchange(bench, (struct mono_time){t * NS_PER_S + into_ns},
                     bench->offset_s + bench->freq * (double)into_ns * 1e-9);
        }
        if (t >= SETTLED_S && estimator_get(&bench->estimator, &estimate)) {
            double error_s =
                estimate_offset_at(&estimate, (struct mono_time){t * NS_PER_S}) - bench->offset_s;

            sum_s2 += error_s * error_s;
        }
    }
    return sqrt(sum_s2 / (DURATION_S - SETTLED_S));
}

/*
 * chronyd's figures, with the same jitter, wander and poll limits: rms error of the clock and time
 * between requests, s.  Ours is the estimate's; steering a clock by it costs a few per cent.
 */
static void as_many_requests_give_a_better_estimate_than_chronyd_makes_of_them(void **state)
{
    static const struct {
        double jitter_s, wander, chronyd_s, chronyd_interval_s;
    } rows[] = {
        {1e-5, 1e-9, 21.5e-6, 288}, {1e-4, 1e-9, 102e-6, 877},  {1e-3, 1e-9, 462e-6, 947},
        {1e-4, 1e-8, 147e-6, 211},  {1e-3, 1e-10, 224e-6, 947},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double sum_s2 = 0;
        unsigned requests = 0;

        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            struct bench bench;
            double rms_s = run(&bench, rows[i].jitter_s, rows[i].wander, 2 * seed + 1);

            sum_s2 += rms_s * rms_s / SEEDS;
            requests += bench.requests;
        }
        double rms_s = sqrt(sum_s2);
        double interval_s = (double)DURATION_S * SEEDS / requests;

        print_message("# jitter %.0e, wander %.0e: %.1f us with one request in %.0f s\n",
                      rows[i].jitter_s, rows[i].wander, rms_s * 1e6, interval_s);
        assert_true(rms_s < 0.65 * rows[i].chronyd_s);
        assert_true(interval_s > 0.75 * rows[i].chronyd_interval_s);
    }
}

static void the_interval_settles(void **state)
{
    static const struct {
        double jitter_s, wander;
        int least, most;
    } rows[] = {
        {2e-6, 5e-9, 6, 6}, {1e-5, 1e-9, 7, 8},  {3e-5, 3e-9, 7, 8},
        {1e-5, 1e-8, 6, 6}, {3e-4, 5e-9, 9, 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;

        run(&bench, rows[i].jitter_s, rows[i].wander, 1);
        if (bench.schedule.poll < rows[i].least || bench.schedule.poll > rows[i].most) {
            fail_msg("row %zu: %d", i, bench.schedule.poll);
        }
        /* A quarter up and down again where it lies at a power of two. */
        assert_true(bench.changes <= 16);
        assert_int_equal(bench.suspicions, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_requests_give_a_better_estimate_than_chronyd_makes_of_them),
        cmocka_unit_test(the_interval_settles),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
