/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/drop.h"

enum { CLIENTS = 3 };

static void fill(struct clients_record *record, struct client_status clients[static CLIENTS])
{
    memset(clients, 0, CLIENTS * sizeof *clients);
    for (uint8_t i = 0; i < CLIENTS; i++) {
        clients[i].address = (struct address){.family = ADDRESS_IPV4, .bytes = {10, 0, 0, i}};
        clients[i].requests = 1000U + i;
        clients[i].answers = 900;
        clients[i].dropped = UINT64_C(1) << 40;
        clients[i].last_drop = DROP_RATE_LIMIT;
        clients[i].version = 4;
        clients[i].first.ns = 5 * NS_PER_S;
        clients[i].last.ns = INT64_MAX;
        clients[i].interval_s = 63.75;
    }
    *record = (struct clients_record){.known = 77, .count = CLIENTS, .clients = clients};
}

static void the_table_comes_back(void **state)
{
    struct client_status clients[CLIENTS];
    struct client_status back_clients[CLIENTS];
    struct clients_record record;
    struct clients_record back = {.clients = back_clients};
    uint8_t bytes[1024];
    size_t size;

    (void)state;
    fill(&record, clients);
    size = clients_encode(&record, bytes, sizeof bytes);
    assert_true(size > 0 && size <= clients_size_max(CLIENTS));
    assert_true(clients_decode(&back, CLIENTS, bytes, size));
    assert_int_equal(back.known, 77);
    assert_int_equal(back.count, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_true(address_equal(&back_clients[i].address, &clients[i].address));
        assert_int_equal(back_clients[i].requests, clients[i].requests);
        assert_int_equal(back_clients[i].answers, 900);
        assert_int_equal(back_clients[i].dropped, UINT64_C(1) << 40);
        assert_int_equal(back_clients[i].last_drop, DROP_RATE_LIMIT);
        assert_int_equal(back_clients[i].version, 4);
        assert_int_equal(back_clients[i].first.ns, 5 * NS_PER_S);
        assert_int_equal(back_clients[i].last.ns, INT64_MAX);
        assert_true(back_clients[i].interval_s == 63.75);
    }
}

static void as_many_clients_as_fit_are_told(void **state)
{
    struct client_status clients[CLIENTS];
    struct client_status back_clients[CLIENTS];
    struct clients_record record;
    struct clients_record back = {.clients = back_clients};
    uint8_t bytes[1024];
    size_t full;
    size_t each;

    (void)state;
    fill(&record, clients);
    full = clients_encode(&record, bytes, sizeof bytes);
    each = (full - clients_size_max(0)) / CLIENTS;
    for (size_t size = 0; size <= full; size++) {
        size_t used = clients_encode(&record, bytes, size);
        size_t expected = size < 20 ? 0 : (size - 20) / each;

        assert_true(used <= size);
        assert_int_equal(used, size < 20 ? 0 : 20 + expected * each);
        assert_int_equal(used > 0, clients_decode(&back, CLIENTS, bytes, used));
        assert_int_equal(back.count, expected);
    }
}

static void a_truncated_or_foreign_table_is_refused(void **state)
{
    struct client_status clients[CLIENTS];
    struct clients_record record;
    struct clients_record back = {.clients = clients};
    uint8_t bytes[1024];
    size_t size;

    (void)state;
    fill(&record, clients);
    size = clients_encode(&record, bytes, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        assert_false(clients_decode(&back, CLIENTS, bytes, i));
    }
    assert_true(clients_decode(&back, 1, bytes, size));
    assert_int_equal(back.count, 1);
    bytes[3] = 'T';
    assert_false(clients_decode(&back, CLIENTS, bytes, size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_comes_back),
        cmocka_unit_test(as_many_clients_as_fit_are_told),
        cmocka_unit_test(a_truncated_or_foreign_table_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
