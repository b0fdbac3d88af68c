/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/compensation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/near.h"

static struct mono_time at(int64_t ns)
{
    return (struct mono_time){ns};
}

static void without_compensation_the_clocks_are_the_same(void **state)
{
    struct compensation none = {0};

    (void)state;
    assert_int_equal(compensation_apply(&none, at(INT64_C(123456789012345))).ns,
                     INT64_C(123456789012345));
    assert_near(compensation_to_raw(&none, (struct freq){3e-6}).s_per_s, 3e-6, 0);
    assert_near(compensation_from_raw(&none, (struct freq){3e-6}).s_per_s, 3e-6, 0);
}

static void the_corrected_clock_runs_faster_by_the_rate(void **state)
{
    struct compensation c = {0};

    (void)state;
    compensation_set(&c, at(5 * NS_PER_S), (struct freq){2e-6});
    assert_int_equal(compensation_apply(&c, at(5 * NS_PER_S)).ns, 5 * NS_PER_S);
    assert_int_equal(compensation_apply(&c, at(1005 * NS_PER_S)).ns, 1005 * NS_PER_S + 2000000);
    compensation_set(&c, at(1005 * NS_PER_S), (struct freq){-1e-6});
    assert_int_equal(compensation_apply(&c, at(1005 * NS_PER_S)).ns, 1005 * NS_PER_S + 2000000);
    assert_int_equal(compensation_apply(&c, at(2005 * NS_PER_S)).ns, 2005 * NS_PER_S + 1000000);
}

/* A thousand changes of a fraction of a nanosecond each: none is lost. */
static void fractions_add_up(void **state)
{
    struct compensation c = {0};

    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        compensation_set(&c, at(i * NS_PER_S), (struct freq){0.3e-9});
    }
    assert_near((double)(compensation_apply(&c, at(1000 * NS_PER_S)).ns - 1000 * NS_PER_S), 300, 1);
}

static void it_never_goes_back(void **state)
{
    struct compensation c = {0};
    int64_t last = -1;

    (void)state;
    for (int64_t i = 0; i < 2000; i++) {
        struct mono_time now = at(i * 7);

        assert_true(compensation_apply(&c, now).ns >= last);
        last = compensation_apply(&c, now).ns;
        compensation_set(&c, now, (struct freq){i % 2 ? 1e-5 : -1e-5});
        assert_true(compensation_apply(&c, now).ns >= last);
    }
}

static void rates_go_there_and_back(void **state)
{
    struct compensation c = {0};

    (void)state;
    compensation_set(&c, at(0), (struct freq){5e-6});
    for (double rate = -0.08; rate < 0.09; rate += 0.02) {
        struct freq raw = compensation_to_raw(&c, (struct freq){rate});

        assert_near(raw.s_per_s, (1 + rate) * (1 + 5e-6) - 1, 1e-15);
        assert_near(compensation_from_raw(&c, raw).s_per_s, rate, 1e-15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_compensation_the_clocks_are_the_same),
        cmocka_unit_test(the_corrected_clock_runs_faster_by_the_rate),
        cmocka_unit_test(fractions_add_up),
        cmocka_unit_test(it_never_goes_back),
        cmocka_unit_test(rates_go_there_and_back),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
