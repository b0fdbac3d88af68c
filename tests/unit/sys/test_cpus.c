/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>

static const struct {
    const char *text;
    unsigned cpus;
} quotas[] = {
    {"max 100000\n", 0},    {"100000 100000\n", 1}, {"150000 100000\n", 2},
    {"50000 100000\n", 1},  {"400000 50000", 8},    {"", 0},
    {"100000", 0},          {"100000 0\n", 0},      {"0 100000\n", 0},
    {"nonsense 100000", 0}, {"-5 100000", 0},       {"99999999999999999999 1", 0},
};

static void a_quota_is_rounded_up_to_whole_processors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof quotas / sizeof quotas[0]; i++) {
        if (cpus_of_quota(quotas[i].text) != quotas[i].cpus) {
            fail_msg("%s: %u", quotas[i].text, cpus_of_quota(quotas[i].text));
        }
    }
}

static void who_may_use_one_processor_has_one(void **state)
{
    cpu_set_t all, one;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_true(cpus_usable() >= 1 && cpus_usable() <= (unsigned)CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(cpus_usable(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_is_rounded_up_to_whole_processors),
        cmocka_unit_test(who_may_use_one_processor_has_one),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
