/* SPDX-License-Identifier: BSD-2-Clause */
/* test_found.c - a node whose sources are found: by names, ranks, and what an earlier run knew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/node/node_bench.h"

static struct bench bench;

/* One line that finds sources; 10.0.0.N or fd00::N answer. */
static void open_line(enum source_kind kind, enum resolve_method method)
{
    bench_open(&bench, 1, 0);
    snprintf(bench.sources[0].name, NAME_SIZE, "time.example.org");
    bench.sources[0].literal = (struct address){.port = 123};
    bench.sources[0].kind = (uint8_t)kind;
    bench.sources[0].method = (uint8_t)method;
    bench.sources[0].max_sources = 4;
}

/* Lets time pass until a question more is asked. */
static void wait_question(void)
{
    unsigned before = bench.resolves;

    for (int i = 0; i < 3000 && bench.resolves == before; i++) {
        bench_run(&bench, 0.1);
    }
    assert_true(bench.resolves > before);
}

static struct event answer_of(enum resolve_result result)
{
    struct event event = {.kind = EVENT_RESOLVED};

    event.resolved.query = bench.last_resolve.query;
    event.resolved.result = result;
    event.resolved.ttl_s = 300;
    return event;
}

static void add(struct event *event, const char *address, uint16_t priority)
{
    unsigned at = event->resolved.count++;

    assert_true(address_parse(&event->resolved.addresses[at], address));
    event->resolved.found[at] = (struct found){.how = FOUND_SRV, .priority = priority};
}

/* Which of 10.0.0.0-31 are sources now. */
static uint32_t in_use(void)
{
    const struct status_record *record = bench_status(&bench);
    uint32_t set = 0;

    for (size_t i = 0; i < record->count; i++) {
        if (record->sources[i].address.family != ADDRESS_NONE) {
            set |= UINT32_C(1) << record->sources[i].address.bytes[3];
        }
    }
    return set;
}

static uint32_t deaf_set;

static bool deaf(const struct address *to)
{
    return to->family == ADDRESS_IPV6 || (deaf_set >> to->bytes[3] & 1) != 0;
}

static struct saved_name saved_name(const char *address)
{
    struct saved_name name = {.name = "time.example.org", .count = 1};

    address_parse(&name.addresses[0], address);
    name.addresses[0].port = 123;
    name.found[0].how = FOUND_DNS;
    name.when.ns = bench_reading(&bench).real.ns - 86400 * NS_PER_S;
    return name;
}

static void saved_addresses_are_used_when_no_answer_comes(void **state)
{
    struct saved_name saved;

    (void)state;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    saved = saved_name("10.0.0.9");
    bench.names = &saved;
    bench.name_count = 1;
    bench_start(&bench);
    bench_run(&bench, 2.5);
    assert_int_equal(in_use(), 0);
    bench_run(&bench, 4);
    assert_int_equal(in_use(), 1U << 9);
    assert_int_equal(bench.logs[LOG_EVENT_NAME_SAVED], 1);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    assert_true(bench_status(&bench)->sources[0].saved_at.ns == saved.when.ns);
    /* The true answer, when it comes, takes their place without a gap. */
    struct event event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.10", 0);
    bench_deliver(&bench, &event);
    assert_int_equal(in_use(), 1U << 9 | 1U << 10);
    bench_run(&bench, 60);
    assert_int_equal(in_use(), 1U << 10);
    assert_int_equal(bench_status(&bench)->sources[0].saved_at.ns, 0);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench_close(&bench);
}

static void a_resolver_that_fails_uses_them_at_once_and_one_that_knows_better_does_not(void **state)
{
    static const struct {
        enum resolve_result result;
        uint32_t used;
    } rows[] = {
        {RESOLVE_FAILED, 1U << 9},
        {RESOLVE_SERVFAIL, 1U << 9},
        {RESOLVE_NO_NAME, 0},
        {RESOLVE_NO_DATA, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct saved_name saved;

        open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
        saved = saved_name("10.0.0.9");
        bench.names = &saved;
        bench.name_count = 1;
        bench_start(&bench);
        bench_run(&bench, 0.5);
        struct event event = answer_of(rows[i].result);
        bench_deliver(&bench, &event);
        bench_run(&bench, 0.5);
        assert_int_equal(in_use(), rows[i].used);
        assert_int_equal(bench_status(&bench)->sources[0].resolve_result, rows[i].result);
        bench_close(&bench);
    }
}

static void what_is_known_of_names_is_given_to_be_kept(void **state)
{
    struct saved_name name;

    (void)state;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    bench_start(&bench);
    bench_run(&bench, 1);
    assert_int_equal(node_saved_name(bench.node, 0, &name), BENCH_CAPACITY);
    uint32_t version = node_names_version(bench.node);
    struct event event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.9", 0);
    add(&event, "0.0.0.0", 0); /* a host can't have it */
    bench_deliver(&bench, &event);
    assert_int_not_equal(node_names_version(bench.node), version);
    assert_int_equal(node_saved_name(bench.node, 0, &name), 0);
    assert_string_equal(name.name, "time.example.org");
    assert_int_equal(name.count, 1);
    assert_int_equal(name.addresses[0].bytes[3], 9);
    assert_int_equal(node_saved_name(bench.node, 1, &name), BENCH_CAPACITY);
    bench_close(&bench);
}

static void an_old_association_stays_until_the_new_one_is_ready(void **state)
{
    (void)state;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    bench_start(&bench);
    bench_run(&bench, 1);
    struct event event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.9", 0);
    bench_deliver(&bench, &event);
    bench_run(&bench, 2000); /* its state is older than a retiring one may be */
    wait_question();
    event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.10", 0);
    bench_deliver(&bench, &event);
    bench_run(&bench, 0.1);
    assert_int_equal(in_use(), 1U << 9 | 1U << 10);
    bench_run(&bench, 60);
    assert_int_equal(in_use(), 1U << 10);
    bench_close(&bench);
}

static void of_several_priorities_the_least_is_used_until_it_fails(void **state)
{
    (void)state;
    deaf_set = 0;
    open_line(SOURCE_FOUND, RESOLVE_SRV);
    bench.deaf = deaf;
    bench_start(&bench);
    bench_run(&bench, 1);
    assert_int_equal(bench.last_resolve.method, RESOLVE_SRV);
    struct event event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.1", 10);
    add(&event, "10.0.0.2", 10);
    add(&event, "10.0.0.3", 20);
    add(&event, "10.0.0.4", 30);
    bench_deliver(&bench, &event);
    bench_run(&bench, 100);
    assert_int_equal(in_use(), 1U << 1 | 1U << 2);
    deaf_set = 1U << 2;
    bench_run(&bench, 2000);
    assert_int_equal(in_use(), 1U << 1 | 1U << 3);
    /* At the next look-up the better one gets another chance; the worse one stays meanwhile. */
    deaf_set = 0;
    wait_question();
    event.resolved.query = bench.last_resolve.query;
    bench_deliver(&bench, &event);
    assert_int_equal(in_use(), 1U << 1 | 1U << 2 | 1U << 3);
    bench_run(&bench, 100);
    assert_int_equal(in_use(), 1U << 1 | 1U << 2);
    bench_close(&bench);
}

static void what_is_found_is_used_exactly(void **state)
{
    (void)state;
    open_line(SOURCE_FOUND, RESOLVE_DHCP);
    bench_start(&bench);
    bench_run(&bench, 1);
    struct event event = answer_of(RESOLVE_NO_DATA);
    bench_deliver(&bench, &event);
    assert_int_equal(bench.logs[LOG_EVENT_NOBODY_FOUND], 1);
    assert_int_equal(bench.logs[LOG_EVENT_NAME_FAILED], 0);
    wait_question();
    event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.1", 0);
    add(&event, "10.0.0.2", 0);
    bench_deliver(&bench, &event);
    bench_run(&bench, 30);
    assert_int_equal(in_use(), 1U << 1 | 1U << 2);
    unsigned resolves = bench.resolves;
    uint32_t query = bench.last_resolve.query;
    /* Something has changed: asked again at once, by whom it was answered, and only then. */
    event.resolved = (struct event_resolved){.query = query + 1, .result = RESOLVE_CHANGED};
    bench_deliver(&bench, &event);
    bench_run(&bench, 1);
    assert_int_equal(bench.resolves, resolves);
    event.resolved.query = query;
    bench_deliver(&bench, &event);
    bench_run(&bench, 0.1);
    assert_int_equal(bench.resolves, resolves + 1);
    event = answer_of(RESOLVE_OK);
    add(&event, "10.0.0.2", 0);
    add(&event, "10.0.0.5", 0);
    bench_deliver(&bench, &event);
    bench_run(&bench, 60);
    assert_int_equal(in_use(), 1U << 2 | 1U << 5);
    /* Alarms without end don't make it ask without end. */
    resolves = bench.resolves;
    for (int i = 0; i < 100; i++) {
        event.resolved =
            (struct event_resolved){.query = bench.last_resolve.query, .result = RESOLVE_CHANGED};
        bench_deliver(&bench, &event);
        bench_run(&bench, 0.01);
        if (bench.resolves > resolves) {
            event = answer_of(RESOLVE_OK);
            add(&event, "10.0.0.2", 0);
            bench_deliver(&bench, &event);
        }
    }
    assert_true(bench.resolves <= resolves + 2);
    bench_close(&bench);
}

static void a_family_that_leads_nowhere_costs_one_try(void **state)
{
    (void)state;
    deaf_set = 0;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    bench.deaf = deaf;
    bench_start(&bench);
    bench_run(&bench, 1);
    struct event event = answer_of(RESOLVE_OK);
    add(&event, "fd00::1", 0);
    add(&event, "fd00::2", 0);
    add(&event, "fd00::3", 0);
    add(&event, "10.0.0.9", 0);
    bench_deliver(&bench, &event);
    bench_run(&bench, 40);
    assert_int_equal(in_use(), 1U << 9);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench_close(&bench);
}

static void validation_is_asked_for_once_the_time_is_known(void **state)
{
    (void)state;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    bench_start(&bench);
    bench_run(&bench, 1);
    assert_int_equal(bench.last_resolve.flags, RESOLVE_UNVALIDATED);
    struct event event = answer_of(RESOLVE_OK);
    event.resolved.unvalidated = true;
    event.resolved.ttl_s = 86400;
    add(&event, "10.0.0.9", 0);
    bench_deliver(&bench, &event);
    assert_true(bench_status(&bench)->sources[0].unvalidated);
    bench_run(&bench, 70);
    assert_int_equal(bench.resolves, 2);
    assert_int_equal(bench.last_resolve.flags, 0);
    bench_close(&bench);
}

static void private_addresses_of_public_names_are_said_once(void **state)
{
    (void)state;
    open_line(SOURCE_SERVER, RESOLVE_ADDRESSES);
    bench_start(&bench);
    bench_run(&bench, 1);
    for (int i = 0; i < 3; i++) {
        struct event event = answer_of(RESOLVE_OK);

        add(&event, "10.0.0.9", 0);
        bench_deliver(&bench, &event);
        bench_run(&bench, 400);
    }
    assert_int_equal(bench.logs[LOG_EVENT_NAME_PRIVATE], 1);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_addresses_are_used_when_no_answer_comes),
        cmocka_unit_test(
            a_resolver_that_fails_uses_them_at_once_and_one_that_knows_better_does_not),
        cmocka_unit_test(what_is_known_of_names_is_given_to_be_kept),
        cmocka_unit_test(an_old_association_stays_until_the_new_one_is_ready),
        cmocka_unit_test(of_several_priorities_the_least_is_used_until_it_fails),
        cmocka_unit_test(what_is_found_is_used_exactly),
        cmocka_unit_test(a_family_that_leads_nowhere_costs_one_try),
        cmocka_unit_test(validation_is_asked_for_once_the_time_is_known),
        cmocka_unit_test(private_addresses_of_public_names_are_said_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
