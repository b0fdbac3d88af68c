/* SPDX-License-Identifier: BSD-2-Clause */
/* test_network.c - paths delay, lose, copy and reorder as their options say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/network.h"

enum { DATAGRAMS = 40000 };

struct summary {
    double mean_s, min_s;
    unsigned arrived, copies, overtaken;
};

/* One datagram a second through the path. */
static struct summary send_many(const struct route_options *options)
{
    struct route path;
    struct summary summary = {.min_s = 1e9};
    struct true_time last = {0};

    route_init(&path, options, prng_stream(11, PRNG_PATH_THERE, 0));
    for (int i = 0; i < DATAGRAMS; i++) {
        struct true_time now = true_time_from_s(i);
        struct passage passage = route_carry(&path, now);
        summary.arrived += passage.copies > 0;
        for (unsigned c = 0; c < passage.copies; c++) {
            double delay_s = true_time_to_s(passage.arrival[c]) - true_time_to_s(now);
            summary.mean_s += delay_s;
            summary.min_s = fmin(summary.min_s, delay_s);
            summary.copies++;
            summary.overtaken += passage.arrival[c].ns < last.ns;
            last = passage.arrival[c];
        }
    }
    summary.mean_s /= summary.copies ? summary.copies : 1;
    assert_true(path.carried + path.lost == DATAGRAMS);
    return summary;
}

static void every_distribution_has_the_mean_it_was_given(void **state)
{
    (void)state;
    static const struct {
        enum jitter_kind kind;
        double shape;
    } rows[] = {{JITTER_EXPONENTIAL, 0}, {JITTER_GAMMA, 0.5}, {JITTER_GAMMA, 2},
                {JITTER_NORMAL, 0},      {JITTER_PARETO, 4},  {JITTER_UNIFORM, 0}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct summary got = send_many(&(struct route_options){
            .base_s = 0.01, .jitter_s = 0.002, .kind = rows[i].kind, .shape = rows[i].shape});
        assert_true(fabs(got.mean_s - 0.012) < 0.0001);
        assert_true(got.min_s >= 0.01 - 1e-9 && got.min_s < 0.0101);
        assert_int_equal(got.copies, DATAGRAMS);
    }
}

static void loss_and_duplication_have_their_share(void **state)
{
    (void)state;
    struct summary got = send_many(&(struct route_options){.loss = 0.3, .duplicate = 0.1});

    assert_true(fabs(got.arrived / (double)DATAGRAMS - 0.7) < 0.01);
    assert_true(fabs((got.copies - got.arrived) / (0.7 * DATAGRAMS) - 0.1) < 0.01);
}

static void a_path_that_is_down_carries_nothing(void **state)
{
    (void)state;
    assert_int_equal(send_many(&(struct route_options){.down = true}).arrived, 0);
}

static void datagrams_overtake_each_other_unless_there_is_one_queue(void **state)
{
    (void)state;
    struct route_options options = {.base_s = 0.1, .jitter_s = 1, .reorder = 0.1, .reorder_s = 3};

    assert_true(send_many(&options).overtaken > DATAGRAMS / 20);
    options.fifo = true;
    assert_int_equal(send_many(&options).overtaken, 0);
}

static void congestion_takes_its_share_of_the_time(void **state)
{
    (void)state;
    struct summary got = send_many(&(struct route_options){
        .jitter_s = 0.001, .congestion = {.share = 0.2, .mean_s = 30, .factor = 11}});

    /* 0.8 * 1 ms + 0.2 * 11 ms */
    assert_true(got.mean_s > 0.0025 && got.mean_s < 0.0035);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_distribution_has_the_mean_it_was_given),
        cmocka_unit_test(loss_and_duplication_have_their_share),
        cmocka_unit_test(a_path_that_is_down_carries_nothing),
        cmocka_unit_test(datagrams_overtake_each_other_unless_there_is_one_queue),
        cmocka_unit_test(congestion_takes_its_share_of_the_time),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
