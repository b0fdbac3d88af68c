/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void every_number_of_ranges_is_found_at_its_ends(void **state)
{
    static const size_t counts[] = {1, 2, 7, 8, 9, 63, 64, 65, 511, 512, 513, 5000};

    (void)state;
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        size_t count = counts[n];
        size_t size = (ranges_size(count) + 63) / 64 * 64;
        void *memory = aligned_alloc(64, size);
        struct ranges ranges;

        assert_non_null(memory);
        ranges_init(&ranges, memory, count, 1000);
        for (size_t i = 1; i < count; i++) {
            ranges_append(&ranges, i * 10, (uint32_t)(1000 + i));
        }
        ranges_finish(&ranges);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(ranges_find(&ranges, i * 10), 1000 + i);
            assert_int_equal(ranges_find(&ranges, i * 10 + 9), 1000 + i);
        }
        assert_int_equal(ranges_find(&ranges, UINT64_MAX), 1000 + count - 1);
        free(memory);
    }
}

static void equal_neighbours_are_one_range_and_the_last_word_counts(void **state)
{
    _Alignas(64) uint8_t memory[1024];
    struct ranges ranges;

    (void)state;
    assert_true(ranges_size(16) <= sizeof memory);
    ranges_init(&ranges, memory, 16, 1);
    ranges_append(&ranges, 0, 2);
    ranges_append(&ranges, 10, 2);
    ranges_append(&ranges, 20, 3);
    ranges_append(&ranges, 20, 2); /* a range of nothing */
    ranges_append(&ranges, 30, 4);
    ranges_append(&ranges, UINT64_MAX, 5);
    assert_int_equal(ranges.counts[0], 3);
    ranges_finish(&ranges);
    assert_int_equal(ranges_find(&ranges, 0), 2);
    assert_int_equal(ranges_find(&ranges, 29), 2);
    assert_int_equal(ranges_find(&ranges, 30), 4);
    assert_int_equal(ranges_find(&ranges, UINT64_MAX - 1), 4);
    assert_int_equal(ranges_find(&ranges, UINT64_MAX), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_ranges_is_found_at_its_ends),
        cmocka_unit_test(equal_neighbours_are_one_range_and_the_last_word_counts),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
