/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/prefilter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"

static struct sample sample(double offset_s, double delay_s)
{
    return (struct sample){.offset_s = offset_s, .delay_s = delay_s};
}

static void no_filter_lets_each_sample_pass(void **state)
{
    struct prefilter filter;
    struct sample in = sample(1, 2), out = {0};

    (void)state;
    for (unsigned length = 0; length < 2; length++) {
        prefilter_init(&filter, length);
        assert_true(prefilter_add(&filter, &in, &out));
        assert_near(out.offset_s, 1, 0);
        assert_near(out.delay_s, 2, 0);
    }
}

static void of_each_batch_the_median_goes_on(void **state)
{
    static const double offset[] = {5, 1, 3, 9, 8, 7, 2, 2, 2};
    static const double passed[] = {3, 8, 2};
    struct prefilter filter;
    struct sample out = {0};
    int results = 0;

    (void)state;
    prefilter_init(&filter, 3);
    for (int i = 0; i < 9; i++) {
        struct sample in = sample(offset[i], 1);

        if (prefilter_add(&filter, &in, &out)) {
            assert_int_equal(i % 3, 2);
            assert_near(out.offset_s, passed[results++], 0);
        }
    }
    assert_int_equal(results, 3);
}

static void of_two_in_the_middle_the_quicker_goes_on(void **state)
{
    struct prefilter filter;
    struct sample out = {0};
    struct sample in[] = {sample(1, 1), sample(2, 9), sample(3, 8), sample(4, 1)};

    (void)state;
    prefilter_init(&filter, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(prefilter_add(&filter, &in[i], &out) == (i == 3));
    }
    assert_near(out.offset_s, 3, 0);
}

static void a_length_beyond_the_limit_is_the_limit(void **state)
{
    struct prefilter filter;
    struct sample out = {0};
    int waited = 0;

    (void)state;
    prefilter_init(&filter, 255);
    for (;;) {
        struct sample in = sample(waited++, 1);

        if (prefilter_add(&filter, &in, &out)) {
            break;
        }
    }
    assert_int_equal(waited, PREFILTER_MAX);
}

static void waiting_samples_are_shifted_or_forgotten(void **state)
{
    struct prefilter filter;
    struct sample out = {0};
    struct sample in = sample(1, 1);

    (void)state;
    prefilter_init(&filter, 2);
    prefilter_add(&filter, &in, &out);
    prefilter_shift(&filter, 0.5);
    in.delay_s = 2;
    in.offset_s = 2;
    assert_true(prefilter_add(&filter, &in, &out));
    assert_near(out.offset_s, 1.5, 0);
    prefilter_add(&filter, &in, &out);
    prefilter_clear(&filter);
    assert_false(prefilter_add(&filter, &in, &out));
}

static void what_is_not_finite_does_not_wait(void **state)
{
    struct prefilter filter;
    struct sample out = {0};
    struct sample bad = sample((double)NAN, 1), good = sample(1, 1);

    (void)state;
    prefilter_init(&filter, 2);
    assert_false(prefilter_add(&filter, &bad, &out));
    assert_false(prefilter_add(&filter, &good, &out));
    assert_true(prefilter_add(&filter, &good, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_filter_lets_each_sample_pass),
        cmocka_unit_test(of_each_batch_the_median_goes_on),
        cmocka_unit_test(of_two_in_the_middle_the_quicker_goes_on),
        cmocka_unit_test(a_length_beyond_the_limit_is_the_limit),
        cmocka_unit_test(waiting_samples_are_shifted_or_forgotten),
        cmocka_unit_test(what_is_not_finite_does_not_wait),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
