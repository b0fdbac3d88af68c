/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue.c - things happen in the order of time, then of writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/prng.h"
#include "sim/queue.h"

enum { CAPACITY = 500 };

static void entries_come_out_in_order_of_time_and_then_of_writing(void **state)
{
    (void)state;
    struct queue_entry entries[CAPACITY], entry;
    struct queue queue;
    struct prng prng = prng_stream(5, PRNG_SCENARIO, 0);
    struct true_time last = {INT64_MIN};
    uint32_t last_what = 0;

    queue_init(&queue, entries, CAPACITY);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        assert_true(queue_put(&queue, (struct true_time){prng_below(&prng, 40)}, i));
    }
    for (unsigned i = 0; i < CAPACITY; i++) {
        assert_true(queue_next(&queue).ns >= last.ns);
        assert_true(queue_take(&queue, &entry));
        assert_true(entry.when.ns > last.ns ||
                    (entry.when.ns == last.ns && entry.what > last_what));
        last = entry.when;
        last_what = entry.what;
    }
    assert_false(queue_take(&queue, &entry));
}

static void putting_while_taking_keeps_the_order(void **state)
{
    (void)state;
    struct queue_entry entries[CAPACITY], entry;
    struct queue queue;
    struct prng prng = prng_stream(6, PRNG_SCENARIO, 0);
    struct true_time now = {0};

    queue_init(&queue, entries, CAPACITY);
    for (int i = 0; i < 20000; i++) {
        if (queue.count < 400 && prng_chance(&prng, 0.55)) {
            struct true_time when = {now.ns + prng_below(&prng, 1000)};
            assert_true(queue_put(&queue, when, 0));
        } else if (queue_take(&queue, &entry)) {
            assert_true(entry.when.ns >= now.ns);
            now = entry.when;
        }
    }
}

static void a_full_queue_says_so(void **state)
{
    (void)state;
    struct queue_entry entries[2];
    struct queue queue;

    queue_init(&queue, entries, 2);
    assert_true(queue_next(&queue).ns == INT64_MAX);
    assert_true(queue_put(&queue, (struct true_time){1}, 0));
    assert_true(queue_put(&queue, (struct true_time){1}, 0));
    assert_false(queue_put(&queue, (struct true_time){1}, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_out_in_order_of_time_and_then_of_writing),
        cmocka_unit_test(putting_while_taking_keeps_the_order),
        cmocka_unit_test(a_full_queue_says_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
