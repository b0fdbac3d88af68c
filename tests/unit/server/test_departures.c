/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/departures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

enum { ENTRIES = 64 };

struct bench {
    struct departure entries[ENTRIES];
    struct departures table;
};

static void bench_start(struct bench *bench, size_t entries)
{
    memset(bench, 0, sizeof *bench);
    departures_init(&bench->table, bench->entries, entries, UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t store(struct bench *bench, uint64_t receive, enum departure_class class, int64_t s)
{
    const struct departure wanted = {
        .receive = receive, .after = 1000, .client = 7, .class = (uint8_t) class};

    return departures_store(&bench->table, &wanted, (struct steady_time){s * NS_PER_S}, 6);
}

static bool known(const struct bench *bench, uint64_t receive)
{
    return departures_find(&bench->table, (struct ntp_ts){receive}, 7) != NULL;
}

static void an_answer_is_found_by_its_receive_timestamp_and_client(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, ENTRIES);
    assert_true(store(&bench, 12345, DEPARTURE_TRIED, 1) != 0);
    assert_true(known(&bench, 12345));
    assert_false(known(&bench, 12346));
    assert_null(departures_find(&bench.table, (struct ntp_ts){12345}, 8));
    assert_false(known(&bench, 0)); /* free entries are nobody's */
    assert_null(departures_find(&bench.table, (struct ntp_ts){0}, 0));
}

static void the_kernels_stamp_replaces_the_prediction(void **state)
{
    static const struct {
        int64_t after; /* what the stamp says */
        uint32_t kept;
    } rows[] = {
        {2000, 2000}, {1, 1},     {UINT32_MAX, UINT32_MAX},
        {0, 1000},    {-5, 1000}, {INT64_C(0x100000000), 1000},
    };
    static struct bench bench;
    const uint64_t receive = UINT64_C(0xfffffffffffffff1);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_start(&bench, ENTRIES);
        uint64_t handle = store(&bench, receive, DEPARTURE_TRIED, 1);
        /* Across the end of the era, too. */
        departures_sent(&bench.table, handle, (struct ntp_ts){receive + (uint64_t)rows[i].after});
        assert_true(departures_find(&bench.table, (struct ntp_ts){receive}, 7)->after ==
                    rows[i].kept);
    }
}

static void a_handle_of_another_answer_changes_nothing(void **state)
{
    static struct bench bench;
    struct departure before[ENTRIES];

    (void)state;
    bench_start(&bench, ENTRIES);
    uint64_t handle = store(&bench, 12345, DEPARTURE_TRIED, 1);
    memcpy(before, bench.entries, sizeof before);
    departures_sent(&bench.table, handle ^ 1, (struct ntp_ts){12347}); /* replaced meanwhile */
    departures_sent(&bench.table, 0, (struct ntp_ts){12347});
    departures_sent(&bench.table, (uint64_t)(ENTRIES + 1) << 32, (struct ntp_ts){12347});
    departures_sent(&bench.table, UINT64_MAX, (struct ntp_ts){12347});
    assert_memory_equal(before, bench.entries, sizeof before);
}

static void living_chains_are_not_pushed_out_by_those_who_only_try(void **state)
{
    static struct bench bench;
    unsigned kept = 0;

    (void)state;
    bench_start(&bench, ENTRIES);
    for (uint64_t i = 0; i < 20; i++) {
        assert_true(store(&bench, 1 + (i << 32), DEPARTURE_PROVEN, 1) != 0);
    }
    for (uint64_t i = 0; i < 100000; i++) {
        (void)store(&bench, 3 + i * 7919, DEPARTURE_TRIED, 2);
    }
    for (uint64_t i = 0; i < 20; i++) {
        kept += known(&bench, 1 + (i << 32));
    }
    assert_int_equal(kept, 20);
}

static void when_all_places_are_taken_by_living_chains_the_mode_is_basic(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, DEPARTURE_WAYS); /* one bucket */
    for (uint64_t i = 0; i < DEPARTURE_WAYS; i++) {
        assert_true(store(&bench, i * 2 + 1, DEPARTURE_PROVEN, (int64_t)(i * 20)) != 0);
    }
    assert_true(store(&bench, 101, DEPARTURE_TRIED, 150) == 0);
    assert_true(store(&bench, 101, DEPARTURE_PROVEN, 150) == 0);
    assert_true(bench.table.refused == 2);
    /* One that was given out is free again, and one that only tried. */
    departures_find(&bench.table, (struct ntp_ts){7}, 7)->class = DEPARTURE_SPENT;
    assert_true(store(&bench, 103, DEPARTURE_TRIED, 150) != 0);
    assert_false(known(&bench, 7));
    assert_true(store(&bench, 105, DEPARTURE_PROVEN, 150) != 0);
    assert_false(known(&bench, 103));
    assert_true(store(&bench, 107, DEPARTURE_TRIED, 150) == 0);
    /* Four intervals of 64 s without a word: its answer was lost, or its client is gone. */
    assert_true(store(&bench, 107, DEPARTURE_TRIED, 300) != 0);
    assert_false(known(&bench, 1));
    assert_true(known(&bench, 15));
}

static void an_entry_stays_for_four_of_its_clients_intervals(void **state)
{
    static const struct {
        int8_t poll_log2;
        int64_t kept_s, gone_s; /* not to be pushed out yet; to be */
    } rows[] = {
        {-6, 60, 90},       {0, 60, 90},         {4, 60, 90},
        {6, 256, 300},      {10, 4096, 4500},    {12, 16000, 18000},
        {17, 16000, 18000}, {127, 16000, 18000}, {-128, 60, 90},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct departure wanted = {.receive = 1, .class = DEPARTURE_PROVEN};
        static struct bench bench;

        bench_start(&bench, DEPARTURE_WAYS);
        for (unsigned n = 0; n < DEPARTURE_WAYS; n++) {
            (void)departures_store(&bench.table, &wanted, (struct steady_time){0},
                                   rows[i].poll_log2);
        }
        if (store(&bench, 3, DEPARTURE_TRIED, rows[i].kept_s) != 0 ||
            store(&bench, 3, DEPARTURE_TRIED, rows[i].gone_s) == 0) {
            fail_msg("row %zu", i);
        }
    }
}

static void without_memory_nothing_is_remembered(void **state)
{
    static struct bench bench;

    (void)state;
    for (size_t entries = 0; entries < DEPARTURE_WAYS; entries++) {
        bench_start(&bench, entries);
        assert_true(store(&bench, 5, DEPARTURE_TRIED, 1) == 0);
        assert_false(known(&bench, 5));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_found_by_its_receive_timestamp_and_client),
        cmocka_unit_test(the_kernels_stamp_replaces_the_prediction),
        cmocka_unit_test(a_handle_of_another_answer_changes_nothing),
        cmocka_unit_test(living_chains_are_not_pushed_out_by_those_who_only_try),
        cmocka_unit_test(when_all_places_are_taken_by_living_chains_the_mode_is_basic),
        cmocka_unit_test(an_entry_stays_for_four_of_its_clients_intervals),
        cmocka_unit_test(without_memory_nothing_is_remembered),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
