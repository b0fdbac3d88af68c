/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/clientlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { SLOTS = 64 };

static const struct siphash_key key = {{1, 2}};
static const struct time_line line = {.from = {100 * NS_PER_S}, .utc = {1000000 * NS_PER_S}};

struct bench {
    _Alignas(64) uint8_t memory[1 << 20];
    struct client_log log;
    struct client_status listed[SLOTS];
    struct clients_record record;
};

/* Room for that many clients, rounded down to buckets. */
static size_t room_for(size_t clients)
{
    return sizeof(struct client_head) +
           clients * (sizeof(struct client_slot) + sizeof(struct client_mark));
}

static void bench_start(struct bench *bench, size_t clients)
{
    assert_true(room_for(clients) <= sizeof bench->memory);
    memset(bench, 0, sizeof *bench);
    client_log_init(&bench->log, bench->memory, room_for(clients), &key);
}

static void list(struct bench *bench)
{
    bench->record = (struct clients_record){.count = SLOTS, .clients = bench->listed};
    client_log_list(&bench->log, &line, &bench->record);
}

static struct address numbered(uint32_t number)
{
    struct address address = {.family = ADDRESS_IPV4, .bytes = {10}};

    address.bytes[0] = (uint8_t)(10 + (number >> 24));
    address.bytes[1] = (uint8_t)(number >> 16);
    address.bytes[2] = (uint8_t)(number >> 8);
    address.bytes[3] = (uint8_t)number;
    return address;
}

static struct client_visit ask(struct bench *bench, const struct address *from, int64_t at_ms,
                               enum drop_reason reason)
{
    struct client_visit visit =
        client_log_visit(&bench->log, from, (struct steady_time){at_ms * 1000000});

    client_log_count(&bench->log, &visit, 4, reason);
    return visit;
}

static void count(struct bench *bench, const char *text, int64_t at_s, enum drop_reason reason)
{
    struct address address;

    assert_true(address_parse(&address, text));
    (void)ask(bench, &address, at_s * 1000, reason);
}

/* Whether the client is remembered, without asking for it. */
static bool is_known(struct bench *bench, const struct address *address)
{
    for (size_t i = 0; i < bench->log.buckets * CLIENT_LOG_WAYS; i++) {
        if (bench->log.marks[i].tag != 0 &&
            memcmp(bench->log.slots[i].name, address->bytes, 8) == 0) {
            return true;
        }
    }
    return false;
}

static void a_client_is_counted_and_told(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, SLOTS);
    count(&bench, "10.0.0.1", 100, DROP_NONE);
    count(&bench, "10.0.0.1", 164, DROP_NONE);
    count(&bench, "10.0.0.1", 228, DROP_STALE);
    list(&bench);
    assert_int_equal(bench.record.count, 1);
    assert_int_equal(bench.record.known, 1);
    struct client_status *client = &bench.listed[0];
    assert_int_equal(client->address.family, ADDRESS_IPV4);
    assert_memory_equal(client->address.bytes, "\x0a\0\0\1\0\0\0\0", 8);
    assert_int_equal(client->requests, 3);
    assert_int_equal(client->answers, 2);
    assert_int_equal(client->dropped, 1);
    assert_int_equal(client->last_drop, DROP_STALE);
    assert_int_equal(client->version, 4);
    assert_true(client->first.ns == 1000000 * NS_PER_S);
    assert_true(client->last.ns == 1000128 * NS_PER_S);
    assert_true(fabs(client->interval_s - 64) < 1e-6);
}

static void the_interval_follows_the_latest_requests(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, SLOTS);
    count(&bench, "10.0.0.1", 0, DROP_NONE);
    list(&bench);
    assert_true(bench.listed[0].interval_s == 0);
    count(&bench, "10.0.0.1", 1024, DROP_NONE);
    for (int64_t t = 1024; t < 2000; t += 8) {
        count(&bench, "10.0.0.1", t, DROP_NONE);
    }
    list(&bench);
    assert_true(fabs(bench.listed[0].interval_s - 8) < 0.01);
}

static void an_ipv6_client_is_its_64(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, SLOTS);
    count(&bench, "2001:db8::1", 1, DROP_NONE);
    count(&bench, "2001:db8::ffff:2", 2, DROP_NONE);
    count(&bench, "2001:db8:0:1::1", 3, DROP_NONE);
    list(&bench);
    assert_int_equal(bench.record.count, 2);
    assert_int_equal(bench.listed[0].requests + bench.listed[1].requests, 3);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(bench.listed[i].address.family, ADDRESS_IPV6);
        assert_memory_equal(bench.listed[i].address.bytes + 8, "\0\0\0\0\0\0\0", 8);
    }
}

static void a_client_costs_44_octets(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct client_slot) + sizeof(struct client_mark), 44);
    assert_int_equal(sizeof(struct client_head), 64);
}

static void a_table_fills_nearly_to_its_end(void **state)
{
    static struct bench bench;
    enum { ROOM = 20000 };

    (void)state;
    bench_start(&bench, ROOM);
    for (uint32_t i = 0; i < ROOM * 8 / 10; i++) {
        struct address address = numbered(i * 2654435761U);

        (void)ask(&bench, &address, i, DROP_NONE);
    }
    assert_true(bench.log.head->forgotten + bench.log.head->untracked < ROOM / 1000);
    assert_true(bench.log.head->known + bench.log.head->forgotten == ROOM * 8 / 10);
}

static void on_probation_who_was_silent_longest_is_forgotten(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench, CLIENT_LOG_WAYS); /* one bucket */
    for (uint32_t i = 0; i < CLIENT_LOG_WAYS; i++) {
        struct address address = numbered(i);

        (void)ask(&bench, &address, i * 20000, DROP_NONE);
    }
    count(&bench, "10.0.0.0", 400, DROP_NONE); /* no longer the oldest */
    count(&bench, "10.0.1.1", 500, DROP_NONE);
    assert_int_equal(bench.log.head->known, CLIENT_LOG_WAYS);
    assert_true(bench.log.head->forgotten == 1);
    for (uint32_t i = 0; i < CLIENT_LOG_WAYS; i++) {
        struct address address = numbered(i);

        assert_int_equal(is_known(&bench, &address), i != 1);
    }
}

static void established_is_who_was_answered_thrice_over_some_seconds(void **state)
{
    static const struct {
        unsigned requests;
        int64_t apart_ms;
        enum drop_reason reason;
        bool established;
    } rows[] = {
        {2, 64000, DROP_NONE, false},   {3, 64000, DROP_NONE, true}, {3, 4000, DROP_NONE, true},
        {3, 3000, DROP_NONE, false},    {1000, 1, DROP_NONE, false}, {5, 2000, DROP_NONE, true},
        {9, 64000, DROP_ACCESS, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;
        struct address address = numbered(7);
        int64_t at_ms = 0;

        bench_start(&bench, SLOTS);
        for (unsigned n = 0; n < rows[i].requests; n++, at_ms += rows[i].apart_ms) {
            (void)ask(&bench, &address, at_ms, rows[i].reason);
        }
        if (ask(&bench, &address, at_ms, rows[i].reason).established != rows[i].established) {
            fail_msg("row %zu", i);
        }
    }
}

/* 200 clients that ask once in 64 s, among a million addresses that ask once or twice each. */
static void a_flood_of_invented_addresses_displaces_only_itself(void **state)
{
    static struct bench bench;
    enum { CLIENTS = 200, FLOOD = 1000000, PER_S = 2000 };
    uint32_t invented = 0;

    (void)state;
    bench_start(&bench, 2048);
    for (int64_t s = 0; s < 192 + FLOOD / PER_S; s++) {
        for (uint32_t i = 0; i < CLIENTS; i++) {
            struct address client = numbered(i * 64007);

            if ((s + i) % 64 == 0) {
                struct client_visit visit = ask(&bench, &client, s * 1000, DROP_NONE);

                assert_true(s < 192 || visit.established);
                assert_true(s < 64 || !visit.fresh);
            }
        }
        for (unsigned n = 0; s >= 192 && n < PER_S; n++) {
            struct address somebody = numbered(0x20000000U + invented++ * 2654435761U);

            (void)ask(&bench, &somebody, s * 1000 + n / 2, DROP_NONE);
        }
    }
    assert_true(invented == FLOOD);
    assert_true(bench.log.head->known <= 2048);
    assert_true(bench.log.head->forgotten > FLOOD / 2);
}

static void who_finds_only_established_clients_is_not_remembered(void **state)
{
    static struct bench bench;
    struct address newcomer = numbered(99);

    (void)state;
    bench_start(&bench, CLIENT_LOG_WAYS);
    for (int64_t s = 0; s < 256; s += 64) {
        for (uint32_t i = 0; i < CLIENT_LOG_WAYS; i++) {
            struct address address = numbered(i);

            (void)ask(&bench, &address, s * 1000, DROP_NONE);
        }
    }
    assert_null(ask(&bench, &newcomer, 300000, DROP_NONE).slot);
    assert_null(ask(&bench, &newcomer, 301000, DROP_ACCESS).slot);
    assert_true(bench.log.head->untracked == 2);
    assert_true(bench.log.head->forgotten == 0);
    /* One of them goes on; the others are silent for an hour, which is long for who asks each
     * minute: then there is room again. */
    for (int64_t s = 256; s < 4096; s += 64) {
        struct address address = numbered(3);

        (void)ask(&bench, &address, s * 1000, DROP_NONE);
    }
    assert_non_null(ask(&bench, &newcomer, 4096000, DROP_NONE).slot);
    assert_true(bench.log.head->forgotten == 1);
    struct address busy = numbered(3);
    assert_true(is_known(&bench, &busy));
}

static void only_whole_buckets_are_used(void **state)
{
    static const struct {
        size_t size, buckets;
    } rows[] = {{0, 0}, {64, 0}, {64 + 351, 0}, {64 + 352, 1}, {64 + 703, 1}, {64 + 704, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;

        memset(&bench, 0, sizeof bench);
        client_log_init(&bench.log, bench.memory, rows[i].size, &key);
        assert_int_equal(bench.log.buckets, rows[i].buckets);
        count(&bench, "10.0.0.1", 1, DROP_NONE);
        list(&bench);
        assert_int_equal(bench.record.count, rows[i].buckets > 0);
        for (size_t octet = rows[i].size; octet < rows[i].size + 512; octet++) {
            assert_int_equal(bench.memory[octet], 0);
        }
    }
}

static void another_process_lists_the_memory_whatever_it_holds(void **state)
{
    static struct bench bench;
    struct client_log reader;
    uint32_t random = 1;

    (void)state;
    bench_start(&bench, SLOTS);
    count(&bench, "10.0.0.1", 100, DROP_NONE);
    count(&bench, "2001:db8::1", 101, DROP_STALE);
    client_log_adopt(&reader, bench.memory, room_for(SLOTS));
    bench.record = (struct clients_record){.count = SLOTS, .clients = bench.listed};
    client_log_list(&reader, &line, &bench.record);
    assert_int_equal(bench.record.count, 2);
    assert_int_equal(bench.record.known, 2);
    for (unsigned round = 0; round < 100; round++) {
        for (size_t i = 0; i < room_for(SLOTS); i++) {
            random = random * 1664525 + 1013904223;
            bench.memory[i] = (uint8_t)(random >> 24);
        }
        bench.record = (struct clients_record){.count = SLOTS, .clients = bench.listed};
        client_log_list(&reader, &line, &bench.record);
        assert_true(bench.record.count <= SLOTS);
        for (size_t i = 0; i < bench.record.count; i++) {
            assert_true(bench.listed[i].address.family == ADDRESS_IPV4 ||
                        bench.listed[i].address.family == ADDRESS_IPV6);
            assert_true(bench.listed[i].last_drop < DROP_COUNT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_counted_and_told),
        cmocka_unit_test(the_interval_follows_the_latest_requests),
        cmocka_unit_test(an_ipv6_client_is_its_64),
        cmocka_unit_test(a_client_costs_44_octets),
        cmocka_unit_test(a_table_fills_nearly_to_its_end),
        cmocka_unit_test(on_probation_who_was_silent_longest_is_forgotten),
        cmocka_unit_test(established_is_who_was_answered_thrice_over_some_seconds),
        cmocka_unit_test(a_flood_of_invented_addresses_displaces_only_itself),
        cmocka_unit_test(who_finds_only_established_clients_is_not_remembered),
        cmocka_unit_test(only_whole_buckets_are_used),
        cmocka_unit_test(another_process_lists_the_memory_whatever_it_holds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
