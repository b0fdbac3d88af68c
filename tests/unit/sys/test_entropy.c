/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void two_draws_differ_in_every_part(void **state)
{
    static uint8_t a[1000];
    static uint8_t b[1000];

    (void)state;
    entropy_fill(a, sizeof a);
    entropy_fill(b, sizeof b);
    for (size_t i = 0; i < sizeof a; i += 100) {
        assert_memory_not_equal(a + i, b + i, 100);
    }
    assert_true(entropy_u64() != entropy_u64());
}

static void nothing_is_written_beyond_the_size(void **state)
{
    uint8_t bytes[4] = {0, 0, 0, 99};

    (void)state;
    entropy_fill(bytes, 3);
    assert_int_equal(bytes[3], 99);
    entropy_fill(bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_draws_differ_in_every_part),
        cmocka_unit_test(nothing_is_written_beyond_the_size),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
