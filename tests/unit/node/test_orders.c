/* SPDX-License-Identifier: BSD-2-Clause */
/* test_orders.c - what an operator's tool orders about sources, by address. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/node/node_bench.h"

enum { SOURCES = 3 };

static struct bench bench;

static struct address address_of(const char *text)
{
    struct address address = {0};

    if (*text != '\0') {
        assert_true(address_parse(&address, text));
    }
    return address;
}

static void begin(void)
{
    bench_open(&bench, SOURCES, 0);
    bench_start(&bench);
    bench_run(&bench, 30);
}

/* The order's result. */
static enum control_result give(const struct node_order *order)
{
    struct event event = {.kind = EVENT_ORDER, .order = *order};

    bench.last_answer.result = CONTROL_BUSY;
    bench_deliver(&bench, &event);
    return bench.last_answer.result;
}

static enum control_result give_one(enum order_kind kind, const char *address, int32_t number,
                                    double value)
{
    return give(&(struct node_order){
        .kind = (uint8_t)kind, .address = address_of(address), .number = {number}, .value = value});
}

static const struct source_status *source(unsigned i)
{
    return &bench_status(&bench)->sources[i];
}

static void sources_are_meant_by_address_by_mask_or_all(void **state)
{
    static const struct {
        const char *address, *mask;
        enum control_result result;
        bool offline[SOURCES];
    } rows[] = {
        {"10.0.0.2", "", CONTROL_OK, {false, true, false}},
        {"", "", CONTROL_OK, {true, true, true}},
        {"10.0.0.2", "255.255.255.254", CONTROL_OK, {false, true, true}},
        {"10.0.0.0", "255.0.0.0", CONTROL_OK, {true, true, true}},
        {"10.0.0.9", "", CONTROL_NO_SOURCE, {false, false, false}},
        {"fd00::1", "ffff::", CONTROL_NO_SOURCE, {false, false, false}},
        {"10.0.0.1", "ffff::", CONTROL_NO_SOURCE, {false, false, false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        assert_int_equal(give(&(struct node_order){.kind = ORDER_OFFLINE,
                                                   .address = address_of(rows[i].address),
                                                   .mask = address_of(rows[i].mask)}),
                         rows[i].result);
        for (unsigned k = 0; k < SOURCES; k++) {
            assert_int_equal(source(k)->offline, rows[i].offline[k]);
        }
        bench_close(&bench);
    }
}

static void options_of_a_source_change_and_nonsense_changes_nothing(void **state)
{
    (void)state;
    begin();
    assert_int_equal(give_one(ORDER_MINPOLL, "10.0.0.1", 7, 0), CONTROL_OK);
    assert_int_equal(source(0)->minpoll, 7);
    assert_int_equal(give_one(ORDER_MINPOLL, "10.0.0.1", 99, 0), CONTROL_OK);
    assert_int_equal(source(0)->minpoll, 7);
    assert_int_equal(give_one(ORDER_MAXPOLL, "10.0.0.1", 5, 0), CONTROL_OK);
    assert_int_equal(source(0)->maxpoll, 5);
    assert_int_equal(source(0)->minpoll, 5); /* never above the longest */
    bench_run(&bench, 300);
    assert_true(source(0)->poll_log2 <= 5);
    assert_int_equal(source(1)->minpoll, 6);
    assert_int_equal(give_one(ORDER_POLLTARGET, "10.0.0.7", 8, 0), CONTROL_NO_SOURCE);
    bench_close(&bench);
}

static void limits_of_the_delay_and_the_stratum_hold_at_once(void **state)
{
    (void)state;
    begin();
    /* Every answer of the bench takes longer, and comes from a lower stratum. */
    assert_int_equal(give_one(ORDER_MAXDELAY, "10.0.0.1", 0, 1e-9), CONTROL_OK);
    assert_int_equal(give_one(ORDER_MINSTRATUM, "10.0.0.2", 9, 0), CONTROL_OK);
    uint32_t accepted = source(0)->accepted;

    bench_run(&bench, 300);
    assert_int_equal(source(0)->accepted, accepted);
    assert_true(source(0)->drops[DROP_DELAY] > 0);
    assert_true(source(2)->accepted > accepted);
    bench_close(&bench);
}

static void an_offset_is_added_to_what_is_measured(void **state)
{
    (void)state;
    begin();
    assert_int_equal(give_one(ORDER_OFFSET, "10.0.0.3", 0, 0.5), CONTROL_OK);
    bench_run(&bench, 300);
    assert_true(fabs(source(2)->last_offset_s - 0.5) < 0.01);
    assert_true(fabs(source(0)->last_offset_s) < 0.01);
    bench_close(&bench);
}

static void selection_options_change_only_where_the_mask_says(void **state)
{
    struct node_order order = {
        .kind = ORDER_SELECTOPTS,
        .address = address_of("10.0.0.1"),
        .number = {ORDER_SELECT_NOSELECT | ORDER_SELECT_PREFER, ORDER_SELECT_NOSELECT}};

    (void)state;
    begin();
    assert_int_equal(give(&order), CONTROL_OK);
    assert_true(source(0)->noselect);
    assert_false(source(0)->prefer);
    assert_int_equal(source(0)->state, SOURCE_NOSELECT);
    order.number[0] = ORDER_SELECT_TRUST;
    order.number[1] = ORDER_SELECT_TRUST;
    assert_int_equal(give(&order), CONTROL_OK);
    assert_true(source(0)->noselect && source(0)->trust);
    bench_close(&bench);
}

static void a_burst_asks_as_often_as_it_was_told(void **state)
{
    struct node_order order = {.kind = ORDER_BURST, .number = {2, 4}};

    (void)state;
    begin();
    bench_run(&bench, 600);
    uint32_t sent = source(0)->sent;

    assert_int_equal(give(&order), CONTROL_OK);
    bench_run(&bench, 10);
    assert_int_equal(source(0)->sent - sent, 2); /* every answer is good: two suffice */
    bench_close(&bench);
}

static void samples_are_forgotten_and_made_anew(void **state)
{
    (void)state;
    begin();
    bench_run(&bench, 300);
    assert_true(source(0)->samples > 4);
    assert_int_equal(give(&(struct node_order){.kind = ORDER_RESET}), CONTROL_OK);
    assert_int_equal(source(0)->samples, 0);
    bench_run(&bench, 60);
    assert_true(source(0)->samples >= 2);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench_close(&bench);
}

static void a_source_is_deleted_by_its_address_and_a_name_by_its_number(void **state)
{
    uint32_t id;

    (void)state;
    bench_open(&bench, SOURCES, 0);
    memset(&bench.sources[2].literal, 0, sizeof bench.sources[2].literal);
    bench.sources[2].literal.port = 123;
    memcpy(bench.sources[2].name, "nowhere.example", 16);
    bench_start(&bench);
    bench_run(&bench, 5);
    id = source(2)->id;
    assert_int_equal(give_one(ORDER_DELETE, "10.0.0.1", 0, 0), CONTROL_OK);
    assert_int_equal(bench_status(&bench)->count, 2);
    assert_int_equal(give(&(struct node_order){.kind = ORDER_DELETE, .id = id + 50}),
                     CONTROL_NO_SOURCE);
    assert_int_equal(give(&(struct node_order){.kind = ORDER_DELETE, .id = id}), CONTROL_OK);
    assert_int_equal(bench_status(&bench)->count, 1);
    bench_close(&bench);
}

static enum control_result type(int64_t ahead_ns)
{
    struct clock_reading now = bench_reading(&bench);

    return give(&(struct node_order){.kind = ORDER_SETTIME, .time = {now.real.ns + ahead_ns}});
}

static void a_typed_time_sets_the_clock_unless_servers_tell_it(void **state)
{
    struct manual_report report;
    struct clock_reading now;

    (void)state;
    begin();
    assert_int_equal(type(5 * NS_PER_S), CONTROL_FAILED);
    assert_int_equal(bench.steps, 0);
    bench_close(&bench);
    bench_open(&bench, 1, 0);
    bench.silent = true;
    bench_start(&bench);
    bench_run(&bench, 30);
    assert_int_equal(type(5 * NS_PER_S), CONTROL_OK);
    assert_int_equal(bench.steps, 1);
    assert_true(fabs(bench.last_step_s - 5) < 1e-6);
    bench_run(&bench, 100);
    /* Right away later, and far too early to tell the frequency. */
    assert_int_equal(type(NS_PER_S / 4), CONTROL_OK);
    now = bench_reading(&bench);
    node_manual(bench.node, &now, &report);
    assert_int_equal(report.count, 2);
    assert_true(fabs(report.at[0].first_s - 5) < 1e-6 && fabs(report.at[1].first_s - 0.25) < 1e-6);
    assert_true(fabs(report.at[0].left_s + 0.25) < 1e-6 && fabs(report.at[1].left_s) < 1e-6);
    assert_true(report.base_s_per_s == 0);
    assert_true(report.at[1].when.ns <= now.real.ns && report.at[0].when.ns < report.at[1].when.ns);
    assert_int_equal(give(&(struct node_order){.kind = ORDER_MANUAL_DELETE, .number = {2}}),
                     CONTROL_NO_SOURCE);
    assert_int_equal(give(&(struct node_order){.kind = ORDER_MANUAL_RESET}), CONTROL_OK);
    node_manual(bench.node, &now, &report);
    assert_int_equal(report.count, 0);
    /* Before the program was made it can't be. */
    assert_int_equal(give(&(struct node_order){.kind = ORDER_SETTIME, .time = {-1}}),
                     CONTROL_FAILED);
    bench_close(&bench);
}

static void typed_times_a_day_apart_correct_the_frequency(void **state)
{
    (void)state;
    bench_open(&bench, 1, 0);
    bench.silent = true;
    bench_start(&bench);
    assert_int_equal(type(0), CONTROL_OK);
    bench_run(&bench, 86400);
    assert_int_equal(bench.steers, 0);
    assert_int_equal(type(2 * NS_PER_S), CONTROL_OK);
    assert_int_equal(bench.steers, 1);
    bench_close(&bench);
}

static void the_clock_is_moved_and_paced_by_order_and_corrected_again(void **state)
{
    static const double far_s[] = {4294967297., -4294967297., 1e17, -1e17, -4e9 /* before 1970 */};
    unsigned steers;

    (void)state;
    begin();
    bench_run(&bench, 600);
    steers = bench.steers;
    assert_int_equal(give_one(ORDER_MOVE_CLOCK, "", 0, 0.01), CONTROL_OK);
    assert_true(fabs(bench.last_step_s - 0.01) < 1e-9);
    assert_true(fabs(bench_status(&bench)->node.clock_error_s + 0.01) < 1e-4);
    assert_int_equal(give_one(ORDER_PACE_CLOCK, "", 0, 5e-6), CONTROL_OK);
    assert_int_equal(bench.steers, steers + 1);
    assert_int_equal(give_one(ORDER_MOVE_CLOCK, "", 0, (double)NAN), CONTROL_FAILED);
    for (size_t i = 0; i < sizeof far_s / sizeof *far_s; i++) {
        assert_int_equal(give_one(ORDER_MOVE_CLOCK, "", 0, far_s[i]), CONTROL_FAILED);
    }
    assert_true(fabs(bench.last_step_s - 0.01) < 1e-9);
    bench_run(&bench, 6000);
    assert_true(bench.steers > steers + 1); /* what servers say is put back in force */
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typed_time_sets_the_clock_unless_servers_tell_it),
        cmocka_unit_test(typed_times_a_day_apart_correct_the_frequency),
        cmocka_unit_test(the_clock_is_moved_and_paced_by_order_and_corrected_again),
        cmocka_unit_test(sources_are_meant_by_address_by_mask_or_all),
        cmocka_unit_test(options_of_a_source_change_and_nonsense_changes_nothing),
        cmocka_unit_test(limits_of_the_delay_and_the_stratum_hold_at_once),
        cmocka_unit_test(an_offset_is_added_to_what_is_measured),
        cmocka_unit_test(selection_options_change_only_where_the_mask_says),
        cmocka_unit_test(a_burst_asks_as_often_as_it_was_told),
        cmocka_unit_test(samples_are_forgotten_and_made_anew),
        cmocka_unit_test(a_source_is_deleted_by_its_address_and_a_name_by_its_number),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
