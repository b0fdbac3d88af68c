/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { SLOTS_MAX = 1 << 16 };

static struct budget_slot slots[SLOTS_MAX];

static struct budget budget_for(size_t sources, double steady_per_s)
{
    struct budget budget;

    assert_true(budget_slots(sources) <= SLOTS_MAX);
    memset(slots, 0, sizeof slots);
    budget_init(&budget, slots, sources, steady_per_s, UINT64_C(0xfeedfacecafebeef));
    return budget;
}

static struct address public_address(uint32_t number)
{
    struct address address = {.family = ADDRESS_IPV4, .port = 123};

    address.bytes[0] = 8;
    address.bytes[1] = (uint8_t)(number >> 16);
    address.bytes[2] = (uint8_t)(number >> 8);
    address.bytes[3] = (uint8_t)number;
    return address;
}

static struct address private_address(uint8_t number)
{
    struct address address = public_address(number);

    address.bytes[0] = 10;
    return address;
}

static void a_few_sources_start_without_waiting(void **state)
{
    struct budget budget = budget_for(4, 4.0 / 64);

    (void)state;
    /* The start of four private iburst sources: four requests each in the first second. */
    for (int64_t i = 0; i < 16; i++) {
        struct mono_time now = {i / 4 * 250000000};
        struct address to = private_address((uint8_t)(i % 4));

        assert_true(budget_reserve(&budget, &to, now).ns == now.ns);
    }
    assert_true(budget.delayed == 0);
}

static void one_public_address_is_asked_every_two_seconds_at_most(void **state)
{
    struct budget budget = budget_for(4, 0);
    struct address to = public_address(1), other_port = to, neighbour = public_address(2);
    struct mono_time now = {100 * NS_PER_S}, last = {0};

    (void)state;
    other_port.port = 1123;
    /* Associations come and go, ten times a second: a name that keeps changing its mind. */
    for (int i = 0; i < 100; i++) {
        struct mono_time at = budget_reserve(&budget, i % 2 ? &to : &other_port, now);

        assert_true(at.ns >= now.ns && at.ns >= last.ns + 2 * NS_PER_S + BUDGET_GRACE_NS);
        last = at;
        now.ns += 100000000;
    }
    assert_true(budget_reserve(&budget, &neighbour, now).ns < last.ns);
}

static void private_addresses_only_share_the_bucket(void **state)
{
    struct budget budget = budget_for(1, 0);
    struct address to = private_address(1);
    struct mono_time now = {0}, at;

    (void)state;
    for (int i = 0; i < 36; i++) {
        assert_true(budget_reserve(&budget, &to, now).ns == 0);
    }
    /* Empty: four a second. */
    for (int i = 1; i <= 8; i++) {
        at = budget_reserve(&budget, &to, now);
        assert_true(at.ns == i * 250000000);
    }
    assert_true(budget.delayed == 8);
    /* Filled up again after it has been left alone. */
    now.ns = 60 * NS_PER_S;
    for (int i = 0; i < 36; i++) {
        assert_true(budget_reserve(&budget, &to, now).ns == now.ns);
    }
    assert_true(budget_reserve(&budget, &to, now).ns > now.ns);
}

static void a_thousand_sources_get_their_turns_in_order_and_at_a_limited_rate(void **state)
{
    struct budget budget = budget_for(1000, 1000.0 / 64);
    struct mono_time now = {7 * NS_PER_S}, last = now;
    unsigned at_once = 0, in_10_s = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct address to = public_address(i);
        struct mono_time at = budget_reserve(&budget, &to, now);

        assert_true(at.ns >= last.ns);
        at_once += at.ns == now.ns;
        in_10_s += at.ns < now.ns + 10 * NS_PER_S;
        last = at;
    }
    assert_int_equal(at_once, 256);
    assert_true(in_10_s >= 950); /* 256 + 10 s * (64 + 2 * 15.6) */
    assert_true(last.ns < now.ns + 11 * NS_PER_S);
}

/* The rate is a promise over every interval, whatever the sources want. */
static void no_interval_sees_more_than_the_bucket_and_its_rate(void **state)
{
    enum { ASKS = 4000, WINDOW_S = 5 };
    static int64_t turns[ASKS];
    struct budget budget = budget_for(100, 100.0 / 64);
    const double rate = 50 + 2 * 100.0 / 64, depth = 256;
    unsigned count = 0;

    (void)state;
    for (uint32_t i = 0; i < ASKS; i++) {
        /* Greedy: a new address each time, at random moments, mostly too often. */
        struct mono_time now = {(int64_t)i * 10000000 + (i % 7) * 1000000};
        struct address to = public_address(i);

        turns[count++] = budget_reserve(&budget, &to, now).ns;
    }
    for (unsigned first = 0, end = 0; first < count; first++) {
        while (end < count && turns[end] < turns[first] + WINDOW_S * NS_PER_S) {
            end++;
        }
        assert_true((double)(end - first) <= depth + rate * WINDOW_S + 1);
    }
}

static void the_spacing_holds_for_many_addresses_in_a_table_that_is_reused(void **state)
{
    enum { ADDRESSES = 700 };
    static int64_t last[ADDRESSES];
    struct budget budget = budget_for(100, 0);
    uint64_t x = 88172645463325252u;
    struct mono_time now = {0};

    (void)state;
    for (unsigned i = 0; i < ADDRESSES; i++) {
        last[i] = -10 * NS_PER_S;
    }
    for (unsigned i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        uint32_t which = (uint32_t)(x >> 20) % ADDRESSES;
        struct address to = public_address(which);
        struct mono_time at = budget_reserve(&budget, &to, now);

        assert_true(at.ns - last[which] >= 2 * NS_PER_S);
        last[which] = at.ns;
        now.ns += 25000000;
    }
}

static void a_table_full_of_turns_to_come_still_gives_turns(void **state)
{
    struct budget budget = budget_for(1, 0);
    struct mono_time now = {0}, last = {0};

    (void)state;
    /* An owner who makes an association for every answer of a mad resolver. */
    for (uint32_t i = 0; i < 4 * budget_slots(1); i++) {
        struct address to = public_address(i);

        last = budget_reserve(&budget, &to, now);
    }
    for (uint32_t i = 1; i < 20; i++) {
        struct address to = public_address(4 * (uint32_t)budget_slots(1) - i);
        struct mono_time at = budget_reserve(&budget, &to, now);

        assert_true(at.ns > last.ns && at.ns >= last.ns + 2 * NS_PER_S - i * 250000000);
    }
}

static void a_pause_or_a_clock_at_zero_breaks_nothing(void **state)
{
    struct budget budget = budget_for(4, 0);
    struct address to = public_address(1);

    (void)state;
    assert_true(budget_reserve(&budget, &to, (struct mono_time){0}).ns == 0);
    assert_true(budget_reserve(&budget, &to, (struct mono_time){INT64_C(1) << 60}).ns == INT64_C(1)
                                                                                             << 60);
    /* Never seen on a free-running clock, but it must not open the gate. */
    assert_true(budget_reserve(&budget, &to, (struct mono_time){NS_PER_S}).ns >=
                (INT64_C(1) << 60) + 2 * NS_PER_S);
}

static void more_sources_after_a_reload_get_more(void **state)
{
    struct budget budget;
    struct address to = private_address(1);
    struct mono_time now = {0};

    (void)state;
    memset(slots, 0, sizeof slots);
    budget_init(&budget, slots, 1000, 0, 1);
    budget_resize(&budget, 1, 0);
    for (int i = 0; i < 37; i++) {
        budget_reserve(&budget, &to, now);
    }
    assert_true(budget.delayed == 1);
    budget_resize(&budget, 1000, 0);
    now.ns = 100 * NS_PER_S;
    for (int i = 0; i < 256; i++) {
        budget_reserve(&budget, &to, now);
    }
    assert_true(budget.delayed == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_sources_start_without_waiting),
        cmocka_unit_test(one_public_address_is_asked_every_two_seconds_at_most),
        cmocka_unit_test(private_addresses_only_share_the_bucket),
        cmocka_unit_test(a_thousand_sources_get_their_turns_in_order_and_at_a_limited_rate),
        cmocka_unit_test(no_interval_sees_more_than_the_bucket_and_its_rate),
        cmocka_unit_test(the_spacing_holds_for_many_addresses_in_a_table_that_is_reused),
        cmocka_unit_test(a_table_full_of_turns_to_come_still_gives_turns),
        cmocka_unit_test(a_pause_or_a_clock_at_zero_breaks_nothing),
        cmocka_unit_test(more_sources_after_a_reload_get_more),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
