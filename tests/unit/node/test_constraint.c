/* SPDX-License-Identifier: BSD-2-Clause */
/* A node whose sources are held against the dates of HTTPS servers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/must.h"
#include "core/node/constraint.h"
#include "unit/node/node_bench.h"

static struct bench bench;
static struct constraint_options lines[CONSTRAINTS_MAX];

static void open_node(unsigned sources, unsigned constraints, double wrong_s)
{
    bench_open(&bench, sources, wrong_s);
    for (unsigned i = 0; i < constraints; i++) {
        lines[i] = (struct constraint_options){0};
        must(date_url_parse(&lines[i].question, "https://time.example.org/"));
    }
    bench.options.constraints = lines;
    bench.options.constraint_count = constraints;
    bench_start(&bench);
    bench_run(&bench, 0.01);
}

/* The server of a question says that it is so much later than UTC. */
static void answer(uint32_t query, const char *server, double late_s)
{
    struct event event = {.kind = EVENT_DATE};

    event.date = (struct date_answer){.query = query, .result = DATE_OK, .took_us = 20000};
    must(address_parse(&event.date.server, server));
    event.date.date.ns =
        bench.truth_ns + bench.raw_ns + duration_from_s(late_s).ns - bench.raw_ns % NS_PER_S;
    bench_deliver(&bench, &event);
}

static void failed(uint32_t query, enum date_result result)
{
    struct event event = {.kind = EVENT_DATE};

    event.date = (struct date_answer){.query = query, .result = result};
    bench_deliver(&bench, &event);
}

static const struct status_record *status(void)
{
    return bench_status(&bench);
}

static void nobody_is_followed_before_a_server_has_told_the_time(void **state)
{
    (void)state;
    open_node(3, 1, 0.5);
    bench_run(&bench, 30);
    assert_int_equal(bench.dates, 1);
    assert_string_equal(bench.last_date.name, "time.example.org");
    assert_int_equal(status()->node.state, NODE_STARTING);
    assert_int_equal(status()->node.reason, NODE_REASON_NO_CONSTRAINT);
    assert_int_equal(status()->sources[0].state, SOURCE_NO_CONSTRAINT);
    assert_int_equal(bench.steps, 0);
    answer(bench.last_date.query, "192.0.2.1", 20);
    bench_run(&bench, 2);
    assert_int_equal(status()->node.state, NODE_SYNCHRONISED);
    assert_int_equal(status()->node.constraint_servers, 1);
    assert_true(fabs(status()->node.constraint_offset_s - 20) < 1);
    assert_int_equal(bench.logs[LOG_EVENT_CONSTRAINT_KNOWN], 1);
    bench_close(&bench);
}

static void sources_beyond_the_margin_are_not_followed_and_counted(void **state)
{
    static const struct {
        double late_s;
        bool followed;
    } cases[] = {{0, true},     {110, true},    {-110, true},      {130, false},
                 {-130, false}, {86400, false}, {-31536000, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_node(3, 1, 0);
        answer(bench.last_date.query, "192.0.2.1", cases[i].late_s);
        bench_run(&bench, 30);
        assert_int_equal(status()->node.state == NODE_SYNCHRONISED, cases[i].followed);
        assert_int_equal(status()->sources[1].state == SOURCE_CONTRADICTS, !cases[i].followed);
        assert_int_equal(status()->node.constraint_rejections, cases[i].followed ? 0 : 3);
        assert_int_equal(bench.logs[LOG_EVENT_SOURCE_CONTRADICTS], cases[i].followed ? 0 : 3);
        if (!cases[i].followed) {
            assert_int_equal(status()->node.reason, NODE_REASON_CONTRADICTED);
        }
        bench_close(&bench);
    }
}

static void a_trusted_source_is_followed_without(void **state)
{
    (void)state;
    bench_open(&bench, 3, 0);
    bench.sources[1].unconstrained = true;
    lines[0] = (struct constraint_options){0};
    must(date_url_parse(&lines[0].question, "a.example"));
    bench.options.constraints = lines;
    bench.options.constraint_count = 1;
    bench_start(&bench);
    bench_run(&bench, 0.01);
    bench_run(&bench, 30);
    assert_int_equal(status()->node.state, NODE_SYNCHRONISED);
    assert_int_equal(status()->sources[1].state, SOURCE_SELECTED);
    assert_int_equal(status()->sources[0].state, SOURCE_NO_CONSTRAINT);
    bench_close(&bench);
}

static void the_median_outvotes_a_server_that_lies(void **state)
{
    uint32_t query;

    (void)state;
    open_node(3, 1, 0);
    query = bench.last_date.query;
    answer(query, "192.0.2.1", 100000);
    answer(query, "192.0.2.2", 1);
    answer(query, "192.0.2.3", -1);
    answer(query, "192.0.2.3", -2); /* the same one again has no second vote */
    bench_run(&bench, 30);
    assert_int_equal(status()->node.constraint_servers, 3);
    assert_int_equal(status()->node.state, NODE_SYNCHRONISED);
    assert_true(fabs(status()->node.constraint_offset_s - 1) < 1);
    bench_close(&bench);
}

static void slow_servers_are_waited_for_ten_seconds(void **state)
{
    (void)state;
    open_node(3, 2, 0);
    answer(bench.last_date.query, "192.0.2.1", 0);
    bench_run(&bench, 8);
    assert_int_equal(status()->node.state, NODE_STARTING);
    bench_run(&bench, 8);
    assert_int_equal(status()->node.state, NODE_SYNCHRONISED);
    bench_close(&bench);
}

static void failures_are_asked_again_ever_later_and_at_other_addresses(void **state)
{
    unsigned before;

    (void)state;
    open_node(1, 0, 0);
    bench_close(&bench);
    bench_open(&bench, 1, 0);
    must(date_url_parse(&lines[0].question, "a.example"));
    lines[0].address_count = 2;
    must(address_parse(&lines[0].addresses[0], "192.0.2.1"));
    must(address_parse(&lines[0].addresses[1], "192.0.2.2"));
    bench.options.constraints = lines;
    bench.options.constraint_count = 1;
    bench_start(&bench);
    bench_run(&bench, 0.01);
    assert_int_equal(bench.last_date.address.bytes[3], 1);
    assert_int_equal(bench.last_date.address.port, 443);
    failed(bench.last_date.query, DATE_CERTIFICATE);
    assert_int_equal(status()->node.constraint_result, DATE_CERTIFICATE);
    bench_run(&bench, 3);
    assert_int_equal(bench.dates, 2);
    assert_int_equal(bench.last_date.address.bytes[3], 2);
    bench_run(&bench, 70); /* nothing comes back at all */
    assert_int_equal(bench.dates, 3);
    assert_int_equal(status()->node.constraint_failures, 2);
    before = bench.dates;
    for (int i = 0; i < 3600; i++) {
        bench_run(&bench, 1);
        failed(bench.last_date.query, DATE_CLOSED);
    }
    assert_in_range(bench.dates - before, 8, 16);
    bench_close(&bench);
}

static void answers_to_nobody_change_nothing(void **state)
{
    (void)state;
    open_node(3, 1, 0);
    answer(0, "192.0.2.1", 5000);
    answer(bench.last_date.query + 1, "192.0.2.1", 5000);
    failed(bench.last_date.query + 1, DATE_SLOW);
    assert_int_equal(status()->node.constraint_servers, 0);
    assert_int_equal(status()->node.constraint_failures, 0);
    answer(bench.last_date.query, "192.0.2.1", 0);
    failed(bench.last_date.query, DATE_CLOSED); /* another address of the name */
    assert_int_equal(status()->node.constraint_failures, 0);
    assert_int_equal(status()->node.constraint_result, DATE_OK);
    bench_close(&bench);
}

static void a_good_answer_is_renewed_after_a_quarter_of_an_hour(void **state)
{
    (void)state;
    open_node(3, 1, 0);
    answer(bench.last_date.query, "192.0.2.1", 0);
    bench_run(&bench, 890);
    assert_int_equal(bench.dates, 1);
    bench_run(&bench, 20);
    assert_int_equal(bench.dates, 2);
    bench_close(&bench);
}

static void a_vote_two_hours_older_than_the_newest_no_longer_counts(void **state)
{
    struct constraints constraints;
    struct date_answer said = {.query = 5, .result = DATE_OK, .date = {1000 * NS_PER_S}};
    struct mono_time now = {0};

    (void)state;
    constraints_init(&constraints, 1, now);
    assert_int_equal(constraints_due(&constraints, now), 0);
    constraints_asked(&constraints, 0, 5, now);
    must(address_parse(&said.server, "192.0.2.1"));
    assert_int_equal(constraints_take(&constraints, &said, now), 0);
    must(address_parse(&said.server, "192.0.2.2"));
    now.ns = 7300 * NS_PER_S;
    said.date.ns += now.ns + 50 * NS_PER_S;
    assert_int_equal(constraints_take(&constraints, &said, now), 0);
    assert_int_equal(constraints.voting, 1);
    assert_true(fabs(constraints_distance_s(&constraints, said.date, now)) < 1);
    /* And the margin grows while nobody answers. */
    assert_true(constraints_margin_s(&constraints, now) < 121);
    now.ns += 86400 * NS_PER_S;
    assert_true(constraints_margin_s(&constraints, now) > 160);
}

static void other_lines_begin_anew_and_the_same_ones_go_on(void **state)
{
    struct event event = {.kind = EVENT_CONFIG};
    struct node_options options;

    (void)state;
    open_node(3, 1, 0);
    answer(bench.last_date.query, "192.0.2.1", 0);
    bench_run(&bench, 20);
    options = bench.options;
    event.config = &options;
    bench_deliver(&bench, &event);
    bench_run(&bench, 1);
    assert_int_equal(status()->node.state, NODE_SYNCHRONISED);
    assert_int_equal(bench.dates, 1);
    static struct constraint_options other[1];
    struct node_options changed = options;
    must(date_url_parse(&other[0].question, "https://other.example/"));
    changed.constraints = other;
    event = (struct event){.kind = EVENT_CONFIG, .config = &changed};
    bench_deliver(&bench, &event);
    assert_int_equal(bench.dates, 2);
    assert_string_equal(bench.last_date.name, "other.example");
    assert_int_equal(status()->node.constraint_servers, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_followed_before_a_server_has_told_the_time),
        cmocka_unit_test(sources_beyond_the_margin_are_not_followed_and_counted),
        cmocka_unit_test(a_trusted_source_is_followed_without),
        cmocka_unit_test(the_median_outvotes_a_server_that_lies),
        cmocka_unit_test(slow_servers_are_waited_for_ten_seconds),
        cmocka_unit_test(failures_are_asked_again_ever_later_and_at_other_addresses),
        cmocka_unit_test(answers_to_nobody_change_nothing),
        cmocka_unit_test(a_good_answer_is_renewed_after_a_quarter_of_an_hour),
        cmocka_unit_test(a_vote_two_hours_older_than_the_newest_no_longer_counts),
        cmocka_unit_test(other_lines_begin_anew_and_the_same_ones_go_on),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
