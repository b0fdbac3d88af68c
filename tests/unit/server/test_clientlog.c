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
    struct client_slot slots[SLOTS];
    struct client_log log;
    struct client_status listed[SLOTS];
    struct clients_record record;
};

static void bench_start(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    client_log_init(&bench->log, bench->slots, SLOTS, &key);
}

static void list(struct bench *bench)
{
    bench->record = (struct clients_record){.count = SLOTS, .clients = bench->listed};
    client_log_list(&bench->log, &line, &bench->record);
}

static struct address numbered(uint32_t number)
{
    struct address address = {.family = ADDRESS_IPV4, .bytes = {10}};

    address.bytes[1] = (uint8_t)(number >> 16);
    address.bytes[2] = (uint8_t)(number >> 8);
    address.bytes[3] = (uint8_t)number;
    return address;
}

static void count(struct bench *bench, const char *text, int64_t at_s, enum drop_reason reason)
{
    struct address address;

    assert_true(address_parse(&address, text));
    client_log_count(&bench->log, &address, (struct steady_time){at_s * NS_PER_S}, 4, reason);
}

static void a_client_is_counted_and_told(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
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
    bench_start(&bench);
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
    bench_start(&bench);
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

static void a_full_bucket_forgets_who_was_silent_longest(void **state)
{
    static struct bench bench;

    (void)state;
    memset(&bench, 0, sizeof bench);
    client_log_init(&bench.log, bench.slots, CLIENT_LOG_WAYS, &key); /* one bucket */
    for (uint32_t i = 0; i < CLIENT_LOG_WAYS; i++) {
        struct address address = numbered(i);

        client_log_count(&bench.log, &address, (struct steady_time){i * NS_PER_S}, 4, DROP_NONE);
    }
    count(&bench, "10.0.0.0", 50, DROP_NONE); /* no longer the oldest */
    count(&bench, "10.0.1.1", 60, DROP_NONE);
    list(&bench);
    assert_int_equal(bench.record.known, CLIENT_LOG_WAYS);
    assert_true(bench.log.forgotten == 1);
    bool new_one = false;
    for (size_t i = 0; i < bench.record.count; i++) {
        const uint8_t *bytes = bench.listed[i].address.bytes;

        assert_false(bytes[2] == 0 && bytes[3] == 1);
        new_one = new_one || bytes[2] == 1;
    }
    assert_true(new_one);
}

static void a_flood_of_addresses_stays_within_the_memory(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    for (uint32_t i = 0; i < 100000; i++) {
        struct address address = numbered(i);

        client_log_count(&bench.log, &address, (struct steady_time){i}, 4, DROP_NONE);
    }
    list(&bench);
    assert_int_equal(bench.record.known, SLOTS);
    assert_int_equal(bench.record.count, SLOTS);
    assert_true(bench.log.forgotten == 100000 - SLOTS);
    bench.record = (struct clients_record){.count = 5, .clients = bench.listed};
    client_log_list(&bench.log, &line, &bench.record);
    assert_int_equal(bench.record.count, 5);
    assert_int_equal(bench.record.known, SLOTS);
}

static void only_whole_buckets_are_used(void **state)
{
    static const struct {
        size_t slots, buckets;
    } rows[] = {{0, 0}, {7, 0}, {8, 1}, {15, 1}, {16, 2}, {63, 4}, {64, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;

        memset(&bench, 0, sizeof bench);
        client_log_init(&bench.log, bench.slots, rows[i].slots, &key);
        assert_int_equal(bench.log.buckets, rows[i].buckets);
        count(&bench, "10.0.0.1", 1, DROP_NONE);
        list(&bench);
        assert_int_equal(bench.record.count, rows[i].buckets > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_counted_and_told),
        cmocka_unit_test(the_interval_follows_the_latest_requests),
        cmocka_unit_test(an_ipv6_client_is_its_64),
        cmocka_unit_test(a_full_bucket_forgets_who_was_silent_longest),
        cmocka_unit_test(a_flood_of_addresses_stays_within_the_memory),
        cmocka_unit_test(only_whole_buckets_are_used),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
