/* SPDX-License-Identifier: BSD-2-Clause */
/* test_node.c - the whole node, event by event. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock/leap_list.h"
#include "unit/node/node_bench.h"

static struct bench bench;

static void begin(unsigned sources, double wrong_s)
{
    bench_open(&bench, sources, wrong_s);
    bench_start(&bench);
}

static void first_step_says_ready_once_and_asks_soon(void **state)
{
    (void)state;
    begin(1, 0);
    bench_run(&bench, 1);
    assert_int_equal(bench.ready, 1);
    assert_true(bench.sends >= 2);
    assert_int_equal(bench.last_send.to.port, 123);
    bench_close(&bench);
}

static void two_replies_synchronise_and_the_error_is_stepped_when_makestep_allows(void **state)
{
    (void)state;
    bench_open(&bench, 1, 0.5);
    bench.options.step = (struct step_options){.threshold_s = 0.1, .limit = 3};
    bench_start(&bench);
    bench_run(&bench, 2);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    assert_int_equal(bench.steps, 1);
    assert_true(fabs(bench.last_step_s - 0.5) < 1e-4);
    assert_int_equal(bench_status(&bench)->node.stratum, 2);
    bench_close(&bench);
}

static void without_makestep_the_same_error_is_slewed(void **state)
{
    (void)state;
    begin(1, 0.5);
    bench_run(&bench, 2);
    assert_int_equal(bench.steps, 0);
    assert_true(bench.steers > 0);
    bench_close(&bench);
}

static void bend_second_lies(struct ntp_packet *reply, const struct address *from)
{
    if (from->bytes[3] == 2) {
        reply->receive.raw += UINT64_C(1) << 30;
        reply->transmit.raw += UINT64_C(1) << 30;
    }
}

static void a_liar_among_three_is_found_and_never_moves_the_clock(void **state)
{
    const struct status_record *record;

    (void)state;
    begin(3, 0);
    bench.bend = bend_second_lies;
    bench_run(&bench, 30);
    record = bench_status(&bench);
    assert_int_equal(record->node.state, NODE_SYNCHRONISED);
    assert_int_equal(record->sources[1].state, SOURCE_FALSETICKER);
    assert_int_equal(record->node.agreeing_count, 2);
    assert_int_equal(bench.steps, 0);
    assert_true(fabs(record->node.clock_error_s) < 1e-4);
    assert_int_equal(bench.logs[LOG_EVENT_SOURCE_FALSETICKER], 1);
    bench_close(&bench);
}

static void no_majority_is_logged_once_until_there_was_one(void **state)
{
    (void)state;
    begin(2, 0);
    bench.bend = bend_second_lies;
    bench_run(&bench, 300);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_NO_MAJORITY);
    assert_int_equal(bench.logs[LOG_EVENT_NO_MAJORITY], 1);
    bench.bend = NULL;
    bench_run(&bench, 3600);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench.bend = bend_second_lies;
    bench_run(&bench, 7200);
    assert_int_equal(bench.logs[LOG_EVENT_NO_MAJORITY], 2);
    bench_close(&bench);
}

/* 20 ppm, by the time that the bench has lived, within intervals that allow for it. */
static void bend_second_drifts(struct ntp_packet *reply, const struct address *from)
{
    reply->root_dispersion = ntp_short_from_s_up(0.5);
    if (from->bytes[3] == 2) {
        uint64_t by = (uint64_t)((double)bench.raw_ns * 20e-15 * 4294967296.0);
        reply->receive.raw += by;
        reply->transmit.raw += by;
    }
}

static void who_drifts_is_named_so(void **state)
{
    const struct status_record *record;

    (void)state;
    begin(3, 0);
    bench.bend = bend_second_drifts;
    bench_run(&bench, 4000);
    record = bench_status(&bench);
    assert_int_equal(record->sources[1].state, SOURCE_FALSETICKER);
    assert_true(record->sources[1].drifting && !record->sources[0].drifting);
    assert_true(record->sources[1].moved_s > 1e-3);
    assert_int_equal(bench.logs[LOG_EVENT_SOURCE_DRIFTING], 1);
    assert_int_equal(bench.logs[LOG_EVENT_SOURCE_FALSETICKER], 0);
    bench_close(&bench);
}

static void bend_no_time(struct ntp_packet *reply, const struct address *from)
{
    (void)from;
    reply->leap = NTP_LEAP_UNSYNC;
}

static void a_server_without_time_is_refused_by_name_and_nothing_is_promised(void **state)
{
    const struct status_record *record;
    struct clock_reading now;
    struct time_line line;

    (void)state;
    begin(1, 0);
    bench.bend = bend_no_time;
    bench_run(&bench, 20);
    record = bench_status(&bench);
    assert_int_not_equal(record->node.state, NODE_SYNCHRONISED);
    assert_int_equal(record->sources[0].state, SOURCE_UNSYNCHRONISED);
    assert_true(record->sources[0].drops[DROP_UNSYNCHRONISED] > 0);
    assert_true(record->node.bound_s < 0);
    now = bench_reading(&bench);
    node_line(bench.node, &now, &line);
    assert_int_equal(line.leap, NTP_LEAP_UNSYNC);
    assert_false(line.synchronised);
    bench_close(&bench);
}

static void silence_ends_in_holdover_with_a_growing_bound(void **state)
{
    double bound_s;

    (void)state;
    begin(1, 0);
    bench_run(&bench, 600);
    bound_s = bench_status(&bench)->node.bound_s;
    bench.silent = true;
    bench_run(&bench, 24 * 3600);
    assert_int_equal(bench_status(&bench)->node.state, NODE_HOLDOVER);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_NO_REPLY);
    assert_int_equal(bench_status(&bench)->sources[0].state, SOURCE_UNREACHABLE);
    assert_true(bench_status(&bench)->node.bound_s > 10 * bound_s);
    bench.options.max_distance_s = 0.01;
    bench_run(&bench, 24 * 3600);
    assert_int_equal(bench_status(&bench)->node.state, NODE_UNSYNCHRONISED);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_BOUND_TOO_LARGE);
    bench.options.max_distance_s = 3;
    bench.silent = false;
    bench_run(&bench, 3600);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench_close(&bench);
}

static void resolved(const char *address, enum resolve_result result)
{
    struct event event = {.kind = EVENT_RESOLVED};

    event.resolved.query = bench.last_resolve.query;
    event.resolved.result = result;
    event.resolved.ttl_s = 300;
    if (address) {
        address_parse(&event.resolved.addresses[0], address);
        event.resolved.count = 1;
    }
    bench_deliver(&bench, &event);
}

static void sources_that_were_taken_offline_are_not_called_silent(void **state)
{
    (void)state;
    bench_open(&bench, 2, 0);
    bench.sources[0].offline = bench.sources[1].offline = true;
    bench_start(&bench);
    bench_run(&bench, 10);
    assert_int_equal(bench.sends, 0);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_OFFLINE);
    bench_close(&bench);
    bench_open(&bench, 2, 0);
    bench.sources[0].offline = true;
    bench.silent = true;
    bench_start(&bench);
    bench_run(&bench, 3600);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_NO_REPLY);
    bench_close(&bench);
}

static void stratum_three(struct ntp_packet *reply, const struct address *from)
{
    reply->stratum = from->bytes[3] == 1 ? 3 : 1;
}

static void sources_of_strata_that_are_ruled_out_are_not_followed(void **state)
{
    static const struct {
        uint8_t least, most;
        bool followed[2]; /* at stratum 3, at stratum 1 */
    } rows[] = {
        {0, 15, {true, true}}, {2, 15, {true, false}},  {0, 2, {false, true}},
        {3, 3, {true, false}}, {4, 15, {false, false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_open(&bench, 2, 0);
        bench.bend = stratum_three;
        bench.options.min_stratum = rows[i].least;
        bench.options.max_stratum = rows[i].most;
        bench_start(&bench);
        bench_run(&bench, 600);
        bool any = false;
        for (unsigned k = 0; k < 2; k++) {
            assert_int_equal(bench_status(&bench)->sources[k].state == SOURCE_STRATUM,
                             !rows[i].followed[k]);
            any = any || rows[i].followed[k];
        }
        assert_int_equal(bench_status(&bench)->node.state == NODE_SYNCHRONISED, any);
        bench_close(&bench);
    }
}

/* As chrony's word says: until somebody who knows that there is a network again says so. */
static void who_can_not_be_asked_goes_offline_where_that_was_wanted(void **state)
{
    (void)state;
    bench_open(&bench, 2, 0);
    bench.sources[0].auto_offline = true;
    bench_start(&bench);
    bench_run(&bench, 60);
    for (uint16_t i = 0; i < 2; i++) {
        struct event event = {.kind = EVENT_SEND_FAILED};

        event.send_failed.association = i;
        bench_deliver(&bench, &event);
    }
    bench_run(&bench, 3600);
    assert_int_not_equal(bench_status(&bench)->sources[1].state, SOURCE_OFFLINE);
    assert_int_equal(bench_status(&bench)->sources[0].state, SOURCE_OFFLINE);
    bench_command(&bench, CONTROL_ONLINE, "");
    bench_run(&bench, 600);
    assert_int_not_equal(bench_status(&bench)->sources[0].state, SOURCE_OFFLINE);
    bench_close(&bench);
}

static void a_name_that_does_not_exist_yet_is_used_when_it_does(void **state)
{
    (void)state;
    bench_open(&bench, 1, 0);
    snprintf(bench.sources[0].name, NAME_SIZE, "time.example");
    bench.sources[0].literal.family = ADDRESS_NONE;
    bench_start(&bench);
    bench_run(&bench, 1);
    assert_int_equal(bench.resolves, 1);
    assert_string_equal(bench.last_resolve.name, "time.example");
    resolved(NULL, RESOLVE_NO_NAME);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_UNRESOLVED);
    assert_int_equal(bench_status(&bench)->sources[0].resolve, RESOLVE_STATE_NO_NAME);
    bench_run(&bench, 40);
    assert_true(bench.resolves >= 2);
    resolved("10.0.0.9", RESOLVE_OK);
    bench_run(&bench, 5);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    assert_int_equal(bench.last_send.to.bytes[3], 9);
    bench_close(&bench);
}

static void a_name_that_moves_is_followed_without_losing_time(void **state)
{
    (void)state;
    bench_open(&bench, 1, 0);
    snprintf(bench.sources[0].name, NAME_SIZE, "time.example");
    bench.sources[0].literal.family = ADDRESS_NONE;
    bench_start(&bench);
    bench_run(&bench, 1);
    resolved("10.0.0.9", RESOLVE_OK);
    bench_run(&bench, 400);
    assert_int_equal(bench.logs[LOG_EVENT_SOURCE_RESOLVED], 0);
    resolved("10.0.0.10", RESOLVE_OK);
    assert_int_equal(bench.logs[LOG_EVENT_SOURCE_RESOLVED], 1);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench_run(&bench, 60);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    assert_int_equal(bench_status(&bench)->count, 1);
    assert_int_equal(bench_status(&bench)->sources[0].address.bytes[3], 10);
    assert_int_equal(bench_status(&bench)->sources[0].address_changes, 1);
    assert_int_equal(bench.logs[LOG_EVENT_UNSYNCHRONISED], 0);
    bench_close(&bench);
}

static void commands_name_sources_and_say_when_there_is_none(void **state)
{
    (void)state;
    begin(2, 0);
    bench_run(&bench, 10);
    bench_command(&bench, CONTROL_OFFLINE, "nowhere.example");
    assert_int_equal(bench.last_answer.result, CONTROL_NO_SOURCE);
    bench_command(&bench, CONTROL_OFFLINE, "10.0.0.2");
    assert_int_equal(bench.last_answer.result, CONTROL_OK);
    assert_int_equal(bench.last_answer.count, 1);
    bench_run(&bench, 1);
    assert_int_equal(bench_status(&bench)->sources[1].state, SOURCE_OFFLINE);
    bench_command(&bench, CONTROL_DELETE, "10.0.0.1");
    bench_run(&bench, 1);
    assert_int_equal(bench.closes, 1);
    assert_int_equal(bench_status(&bench)->count, 1);
    bench_close(&bench);
}

static void an_operator_steps_what_a_slew_would_take_long_for(void **state)
{
    (void)state;
    begin(1, 20);
    bench_run(&bench, 3);
    assert_int_equal(bench.steps, 0);
    bench_command(&bench, CONTROL_STEP, "");
    bench_run(&bench, 1);
    assert_int_equal(bench.steps, 1);
    assert_true(fabs(bench.last_step_s) > 15);
    bench_close(&bench);
}

static void reload_keeps_the_samples_of_what_stays(void **state)
{
    struct event event = {.kind = EVENT_CONFIG};
    struct node_options changed;
    uint32_t samples;

    (void)state;
    begin(3, 0);
    bench_run(&bench, 60);
    samples = bench_status(&bench)->sources[0].accepted;
    assert_true(samples > 5);
    changed = bench.options;
    changed.source_count = 2;
    event.config = &changed;
    bench_deliver(&bench, &event);
    bench_run(&bench, 1);
    assert_int_equal(bench_status(&bench)->count, 2);
    assert_true(bench_status(&bench)->sources[0].accepted >= samples);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    assert_int_equal(bench.closes, 1);
    bench_close(&bench);
}

static void a_source_without_its_key_waits_for_a_reload_that_brings_it(void **state)
{
    struct event event = {.kind = EVENT_CONFIG};
    struct node_options changed;
    struct mac_key key = {.id = 9};

    (void)state;
    bench_open(&bench, 2, 0);
    bench.sources[1].key = 9;
    bench_start(&bench);
    bench_run(&bench, 60);
    assert_int_equal(bench_status(&bench)->sources[1].state, SOURCE_NO_KEY);
    assert_int_equal(bench_status(&bench)->sources[1].key, 9);
    assert_int_equal(bench_status(&bench)->sources[1].sent, 0);
    assert_int_equal(bench_status(&bench)->sources[0].key, 0);
    assert_true(mac_key_set(&key, MAC_MD5, (const uint8_t *)"a secret", 8));
    changed = bench.options;
    changed.keys = &key;
    changed.key_count = 1;
    event.config = &changed;
    bench_deliver(&bench, &event);
    bench_run(&bench, 60);
    assert_true(bench_status(&bench)->sources[1].sent > 0);
    /* These servers append no MAC. */
    assert_true(bench_status(&bench)->sources[1].drops[DROP_UNAUTHENTICATED] > 0);
    assert_int_equal(bench_status(&bench)->sources[1].accepted, 0);
    assert_int_equal(bench_status(&bench)->sources[1].state, SOURCE_UNAUTHENTICATED);
    bench_close(&bench);
}

static void a_correction_beyond_maxchange_is_refused_and_said(void **state)
{
    (void)state;
    bench_open(&bench, 1, 0);
    bench.options.change = (struct change_options){.offset_s = 1, .start = 1, .ignore = 0};
    bench_start(&bench);
    bench_run(&bench, 100);
    assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
    bench.truth_ns += 50 * NS_PER_S;
    bench_run(&bench, 600);
    assert_int_equal(bench_status(&bench)->node.state, NODE_UNSYNCHRONISED);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_CHANGE_REFUSED);
    assert_int_equal(bench.steps, 0);
    bench_close(&bench);
}

static void a_foreign_step_is_undone_at_once(void **state)
{
    (void)state;
    begin(1, 0);
    bench_run(&bench, 100);
    bench.real_ns += 3 * NS_PER_S;
    bench_run(&bench, 70);
    assert_int_equal(bench_status(&bench)->node.disturbances, 1);
    assert_int_equal(bench.steps, 1);
    assert_true(fabs(bench.last_step_s + 3) < 1e-3);
    bench_close(&bench);
}

static void a_pause_is_told_once(void **state)
{
    (void)state;
    begin(3, 0);
    bench_run(&bench, 4000);
    assert_int_equal(bench_status(&bench)->node.pauses, 0);
    bench.truth_ns += 20000000;
    bench_run(&bench, 20000);
    assert_int_equal(bench_status(&bench)->node.pauses, 1);
    assert_int_equal(bench.logs[LOG_EVENT_PAUSED], 1);
    bench_close(&bench);
}

static void bend_second_jumps(struct ntp_packet *reply, const struct address *from)
{
    if (from->bytes[3] == 2) {
        reply->receive.raw += UINT64_C(1) << 27; /* 31 ms */
        reply->transmit.raw += UINT64_C(1) << 27;
    }
}

static void a_source_that_jumps_alone_is_no_pause(void **state)
{
    (void)state;
    begin(3, 0);
    bench_run(&bench, 4000);
    bench.bend = bend_second_jumps;
    bench_run(&bench, 20000);
    assert_true(bench.logs[LOG_EVENT_SOURCE_STEPPED] > 0);
    assert_int_equal(bench.logs[LOG_EVENT_PAUSED], 0);
    bench_close(&bench);
}

static void a_program_that_keeps_adjusting_is_left_alone(void **state)
{
    (void)state;
    begin(1, 0);
    bench_run(&bench, 100);
    for (int i = 0; i < 8; i++) {
        bench.real_ns += NS_PER_S;
        bench_run(&bench, 30);
    }
    assert_int_equal(bench.logs[LOG_EVENT_RIVAL], 1);
    assert_int_equal(bench_status(&bench)->node.reason, NODE_REASON_RIVAL);
    bench.steps = 0;
    bench.real_ns += NS_PER_S;
    bench_run(&bench, 120);
    assert_int_equal(bench.steps, 0);
    bench_close(&bench);
}

static void statistics_tell_of_the_last_sample_and_of_the_updates(void **state)
{
    (void)state;
    bench_open(&bench, 2, 0.02);
    bench.sources[1].minpoll = 4;
    bench_start(&bench);
    bench_run(&bench, 60);
    const struct status_record *record = bench_status(&bench);
    const struct source_status *source = &record->sources[0];
    double error_s;

    assert_int_not_equal(source->id, 0);
    assert_int_not_equal(source->id, record->sources[1].id);
    assert_int_equal(record->sources[1].minpoll, 4);
    assert_int_equal(source->packet_mode, NTP_MODE_SERVER);
    assert_int_equal(source->last_result, DROP_NONE);
    assert_true(llabs(source->packet_transmit.ns - record->node.now.ns) < 120 * NS_PER_S);
    assert_true(source->span_s > 5 && source->span_s <= 61);
    assert_true(source->runs >= 1 && source->runs <= source->samples);
    /* What was still to be slewed when it came is in it, and that has only become less since. */
    error_s = source->measured_s - source->last_offset_s;
    assert_true(error_s >= record->node.clock_error_s && error_s < 0.0201);
    assert_true(record->node.rms_correction_s > 0);
    assert_true(record->node.update_interval_s > 0 && record->node.update_interval_s < 60);
    bench_close(&bench);
}

/* Servers announce nothing; 2028-06-30 ends in a leap second by the list of the machine. */
static void a_leap_second_of_the_machines_list_is_armed_and_served(void **state)
{
    static const struct leap_list list = {
        .at = {{{INT64_C(1483228800) * NS_PER_S}, 37}, {{INT64_C(1846022400) * NS_PER_S}, 38}},
        .count = 2};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        bool listed = i > 0;
        int64_t start_s = INT64_C(1846022400) - (i == 1 ? 3600 : 2 * 86400);

        bench_open(&bench, 2, 0);
        bench.truth_ns += start_s * NS_PER_S - bench.real_ns;
        bench.real_ns = start_s * NS_PER_S;
        bench.options.leaps = listed ? &list : NULL;
        bench_start(&bench);
        bench_run(&bench, 60);
        assert_int_equal(bench_status(&bench)->node.state, NODE_SYNCHRONISED);
        assert_int_equal(bench.logs[LOG_EVENT_LEAP_ARMED], i == 1);
        assert_int_equal(bench_status(&bench)->node.leap, i == 1 ? NTP_LEAP_INSERT : NTP_LEAP_NONE);
        bench_close(&bench);
    }
}

static void a_line_that_was_deleted_leaves_its_number_unused(void **state)
{
    uint32_t id;

    (void)state;
    begin(1, 0);
    bench_run(&bench, 1);
    id = bench_status(&bench)->sources[0].id;
    bench_command(&bench, CONTROL_DELETE, "10.0.0.1");
    bench_command(&bench, CONTROL_ADD, "10.0.0.1");
    assert_int_equal(bench_status(&bench)->count, 1);
    assert_true(bench_status(&bench)->sources[0].id > id);
    bench_close(&bench);
}

static void every_source_is_asked_though_a_batch_holds_few(void **state)
{
    (void)state;
    begin(BENCH_SOURCES, 0);
    bench_run(&bench, 120);
    for (unsigned i = 0; i < BENCH_SOURCES; i++) {
        assert_true(bench_status(&bench)->sources[i].accepted > 0);
    }
    assert_true(bench.out.count <= ACTIONS_MAX);
    bench_close(&bench);
}

static struct time_line line_after(double s)
{
    struct clock_reading now;
    struct time_line line;

    bench_run(&bench, s);
    now = bench_reading(&bench);
    node_line(bench.node, &now, &line);
    return line;
}

static double dispersion_of(const struct time_line *line)
{
    return line_root_dispersion_s(line, line->from);
}

static void a_clock_that_was_never_compared_is_announced_with_what_it_may_have_drifted(void **state)
{
    struct time_line first, line;

    (void)state;
    bench_open(&bench, 0, 0);
    bench.options.local.enabled = true;
    bench.options.local.stratum = 7;
    bench_start(&bench);
    first = line_after(1000);
    assert_true(first.local && first.synchronised);
    assert_int_equal(first.stratum, 7);
    assert_true(fabs(dispersion_of(&first) - 15e-6 * 1000) < 1e-4);
    assert_true(first.growth_s_per_s == 15e-6); /* goes on while nothing new is published */
    line = line_after(1000);
    assert_true(fabs(dispersion_of(&line) - 15e-6 * 2000) < 1e-4);
    /* Its clients still follow it after a week: ntpd gives up at 1.5 s. */
    line = line_after(7 * 86400);
    assert_true(line.local && line.stratum == 7);
    assert_true(dispersion_of(&line) == 1.0);
    /* Nobody is promised a bound by it. */
    assert_true(line_bound_s(&line, line.from) >= 1e9);
    bench_close(&bench);
}

static void a_clock_that_may_be_worse_than_usual_is_announced_so(void **state)
{
    struct time_line line;

    (void)state;
    bench_open(&bench, 0, 0);
    bench.options.local.enabled = true;
    bench.options.local.stratum = 10;
    bench.options.max_clock_error_s_per_s = 100e-6;
    bench_start(&bench);
    line = line_after(1000);
    assert_true(fabs(dispersion_of(&line) - 0.1) < 1e-3);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_step_says_ready_once_and_asks_soon),
        cmocka_unit_test(two_replies_synchronise_and_the_error_is_stepped_when_makestep_allows),
        cmocka_unit_test(without_makestep_the_same_error_is_slewed),
        cmocka_unit_test(no_majority_is_logged_once_until_there_was_one),
        cmocka_unit_test(who_drifts_is_named_so),
        cmocka_unit_test(a_liar_among_three_is_found_and_never_moves_the_clock),
        cmocka_unit_test(a_server_without_time_is_refused_by_name_and_nothing_is_promised),
        cmocka_unit_test(silence_ends_in_holdover_with_a_growing_bound),
        cmocka_unit_test(sources_that_were_taken_offline_are_not_called_silent),
        cmocka_unit_test(sources_of_strata_that_are_ruled_out_are_not_followed),
        cmocka_unit_test(who_can_not_be_asked_goes_offline_where_that_was_wanted),
        cmocka_unit_test(a_name_that_does_not_exist_yet_is_used_when_it_does),
        cmocka_unit_test(a_name_that_moves_is_followed_without_losing_time),
        cmocka_unit_test(commands_name_sources_and_say_when_there_is_none),
        cmocka_unit_test(an_operator_steps_what_a_slew_would_take_long_for),
        cmocka_unit_test(reload_keeps_the_samples_of_what_stays),
        cmocka_unit_test(a_source_without_its_key_waits_for_a_reload_that_brings_it),
        cmocka_unit_test(a_correction_beyond_maxchange_is_refused_and_said),
        cmocka_unit_test(a_foreign_step_is_undone_at_once),
        cmocka_unit_test(a_pause_is_told_once),
        cmocka_unit_test(a_source_that_jumps_alone_is_no_pause),
        cmocka_unit_test(a_program_that_keeps_adjusting_is_left_alone),
        cmocka_unit_test(statistics_tell_of_the_last_sample_and_of_the_updates),
        cmocka_unit_test(a_leap_second_of_the_machines_list_is_armed_and_served),
        cmocka_unit_test(a_line_that_was_deleted_leaves_its_number_unused),
        cmocka_unit_test(every_source_is_asked_though_a_batch_holds_few),
        cmocka_unit_test(
            a_clock_that_was_never_compared_is_announced_with_what_it_may_have_drifted),
        cmocka_unit_test(a_clock_that_may_be_worse_than_usual_is_announced_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
