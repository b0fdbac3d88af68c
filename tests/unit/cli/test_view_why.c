/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "wire/resolve.h"

#include <string.h>

#include "unit/cli/made.h"

static const char *why(struct made *made)
{
    static char buffer[8192];
    struct text text = text_begin(buffer, sizeof buffer);

    view_why(&text, &made->view, &made->record);
    assert_false(text.overrun);
    return buffer;
}

static const char *clause(struct made *made, const struct source_status *source)
{
    static char buffer[600];
    struct text text = text_begin(buffer, sizeof buffer);

    view_why_source_short(&text, &made->view, source);
    assert_false(text.overrun);
    return buffer;
}

static void silence_of_a_name_that_resolves_points_to_a_firewall(void **state)
{
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_source(&made, "ntp.example", 9, SOURCE_UNREACHABLE);
    source->last_answer = made_time(14, 2, 0);
    assert_string_equal(clause(&made, source), "no reply since 14:02, DNS answers: firewall?");
    source->last_answer.ns = 0;
    assert_string_equal(clause(&made, source), "it has never answered, DNS answers: firewall?");
    source->resolve = RESOLVE_STATE_LITERAL;
    assert_string_equal(clause(&made, source), "it has never answered: firewall?");
    source->send_errors = 40;
    assert_string_equal(clause(&made, source), "it has never answered: no route to it, or nobody "
                                               "listens there (40 send errors)");
    source->send_errors = 0;
    source->address.bytes[0] = 127;
    assert_string_equal(clause(&made, source), "it has never answered: does a server run there?");
}

static void names_that_do_not_resolve_are_told_apart(void **state)
{
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_silent(&made, "ntp.example", SOURCE_UNRESOLVED);
    assert_string_equal(clause(&made, source), "its name is being looked up");
    source->resolve = RESOLVE_STATE_NO_NAME;
    assert_string_equal(clause(&made, source), "its name does not exist since 14:02");
    source->resolve = RESOLVE_STATE_FAILED;
    assert_string_equal(clause(&made, source), "the resolver does not answer since 14:02");
    source->resolve_result = RESOLVE_SERVFAIL;
    assert_string_equal(clause(&made, source),
                        "the resolver answers that it can't find out (SERVFAIL or REFUSED) since "
                        "14:02");
    static const char *const nobody[RESOLVE_METHOD_COUNT] = {
        [RESOLVE_ADDRESSES] = "its name exists, but has no address (NODATA)",
        [RESOLVE_SRV] = "its name has no SRV record of a time server that has an address",
        [RESOLVE_DHCP] = "no DHCP client of this machine was told a time server",
        [RESOLVE_CLOUD] = ("this machine is of no provider that offers a time server, or its "
                           "metadata could not be read (see the log)"),
        [RESOLVE_AUTO] = "neither DHCP nor a provider names a time server",
    };
    source->resolve_result = RESOLVE_NO_DATA;
    for (uint8_t method = 0; method < RESOLVE_METHOD_COUNT; method++) {
        char expected[128];

        source->method = method;
        snprintf(expected, sizeof expected, "%s since 14:02", nobody[method]);
        assert_string_equal(clause(&made, source), expected);
    }
}

static void states_with_numbers_give_them(void **state)
{
    static const struct {
        enum source_state state;
        const char *text;
    } rows[] = {
        {SOURCE_FALSETICKER,
         "disagrees with the majority by 200 ms, although it may be wrong by 1.2 ms at most"},
        {SOURCE_TOO_FAR, "its root distance of 1.2 ms is beyond maxdistance"},
        {SOURCE_MEASURING, "too few answers so far: 1 measurement"},
        {SOURCE_KOD, "it asked not to be asked since 14:02 (kod-rate)"},
        {SOURCE_JUMPED, "its time jumped since 14:02; it is believed again once the next answers "
                        "confirm it"},
        {SOURCE_BAD, "its answers are refused since 14:02: the server asks for fewer requests "
                     "(RATE)"},
        {SOURCE_UNSYNCHRONISED, "it says that it has no time (leap 3, or stratum 16) since 14:02"},
        {SOURCE_NOSELECT, "measured only, as configured"},
        {SOURCE_OFFLINE, "taken offline by the operator"},
    };
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_source(&made, "ntp.example", 9, SOURCE_BAD);
    source->offset_s = -0.2;
    source->samples = 1;
    source->last_drop = DROP_KOD_RATE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        source->state = (uint8_t)rows[i].state;
        assert_string_equal(clause(&made, source), rows[i].text);
    }
}

static void who_drifts_is_said_to_drift(void **state)
{
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_source(&made, "ntp.example", 9, SOURCE_FALSETICKER);
    source->drifting = true;
    source->freq_s_per_s = -20e-6;
    source->moved_s = -4e-3;
    assert_string_equal(clause(&made, source),
                        "drifts away from the majority: 4.0 ms so far, -20.000 ppm now");
}

static void a_server_that_is_steered_is_said_to_be(void **state)
{
    struct made made;
    struct source_status *source;
    char buffer[1024];
    struct text text = {.start = buffer, .size = sizeof buffer};

    (void)state;
    made_init(&made);
    source = made_source(&made, "ntp.example", 9, SOURCE_SELECTED);
    source->wobble_s = 25e-6;
    source->wobble_span_s = 256;
    view_why_source(&text, &made.view, &made.record, source);
    assert_non_null(strstr(buffer, "Its server's clock is itself being steered: it swings by 25 us "
                                   "within 4 min 16 s, which is averaged over.\n"));
}

static void a_source_that_has_not_answered_yet_is_not_said_to_be_measured(void **state)
{
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_silent(&made, "10.0.0.1", SOURCE_MEASURING);
    assert_string_equal(clause(&made, source), "too few answers so far: 0 measurements");
    source->sent = 2;
    assert_string_equal(clause(&made, source), "no answer yet to 2 requests");
    source->send_errors = 1;
    assert_string_equal(clause(&made, source), "no answer yet to 2 requests, 1 send error");
    source->received = 1;
    assert_string_equal(clause(&made, source), "too few answers so far: 0 measurements");
}

static void a_node_without_time_is_explained_with_its_sources(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.state = NODE_UNSYNCHRONISED;
    made.record.node.reason = NODE_REASON_NO_REPLY;
    made_source(&made, "ntp.example", 9, SOURCE_UNREACHABLE)->last_answer = made_time(14, 2, 0);
    made_silent(&made, "time.invalid", SOURCE_UNRESOLVED)->resolve = RESOLVE_STATE_NO_NAME;
    assert_string_equal(
        why(&made),
        "Not synchronised: no source answers (since 15:06, 2 sources configured). Try `noon "
        "why`.\n"
        "Reason: no source answers, since 15:06.\n"
        "Remedy: Check that this machine has a network, and that UDP port 123 may leave it and "
        "come back; `noon query NAME` asks a server without noond.\n"
        "ntp.example (10.0.0.9): no reply since 14:02, DNS answers: firewall?\n"
        "time.invalid: its name does not exist since 14:02.\n");
}

static void a_node_that_lacks_others_names_the_sources_that_agree_too(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.state = NODE_UNSYNCHRONISED;
    made.record.node.reason = NODE_REASON_TOO_FEW;
    (void)made_source(&made, "ntp.example", 9, SOURCE_SELECTED);
    assert_non_null(strstr(why(&made), "Remedy: Add sources, or lower `minsources`.\n"
                                       "ntp.example (10.0.0.9): nothing is wrong with it by "
                                       "itself.\n"));
}

static void a_node_behind_stratum_15_says_that_it_serves_no_time(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.stratum = 15;
    assert_null(strstr(why(&made), "It serves no time"));
    made.record.node.stratum = 16;
    assert_non_null(strstr(why(&made), "It serves no time: what it follows is of stratum 15"));
}

static void a_healthy_node_tells_only_of_those_left_out(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    assert_string_equal(
        why(&made),
        "Right to within 312 us: follows 10.0.0.4 and 2 others of 4 sources, stratum 3, since "
        "14:02.\n"
        "ntp.example (10.0.0.7): disagrees with the majority by 200 ms, although it may be wrong "
        "by 1.2 ms at most.\n");
}

static void a_missing_privilege_is_named(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.privileged = false;
    assert_non_null(strstr(why(&made), "noond may not set the clock (CAP_SYS_TIME is missing)"));
    made.record.node.backend = BACKEND_VIRTUAL; /* needs none */
    assert_null(strstr(why(&made), "CAP_SYS_TIME"));
}

static void every_reason_has_a_remedy(void **state)
{
    struct node_status node = {.reason = NODE_REASON_NONE};

    (void)state;
    assert_string_equal(view_why_advice(&node), "");
    for (node.reason = 1; node.reason < NODE_REASON_COUNT; node.reason++) {
        assert_non_null(view_why_advice(&node));
        assert_true(strlen(view_why_advice(&node)) > 20);
    }
    assert_non_null(strstr(view_why_advice(&node), "older than noond"));
}

static void one_source_gets_reason_and_remedy(void **state)
{
    static char buffer[2000];
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (uint8_t i = 0; i <= SOURCE_STATE_COUNT; i++) {
        struct text text = text_begin(buffer, sizeof buffer);

        made.sources[3].state = i;
        view_why_source(&text, &made.view, &made.record, &made.sources[3]);
        assert_non_null(strstr(buffer, "\nReason: "));
        assert_true(strlen(strstr(buffer, "\nRemedy: ")) > 30);
        if (i == SOURCE_FALSETICKER) {
            assert_string_equal(
                buffer,
                "ntp.example (10.0.0.7): falseticker since 14:02 (1 h 5 min ago).\n"
                "Reason: disagrees with the majority by 200 ms, although it may be wrong by 1.2 ms "
                "at most.\n"
                "Remedy: Either it is wrong, or the path to it is asymmetric, or the majority is "
                "wrong: `noon source NAME` compares it with each of the others.\n"
                "The majority: 3 of 4 usable sources agree.\n");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_of_a_name_that_resolves_points_to_a_firewall),
        cmocka_unit_test(names_that_do_not_resolve_are_told_apart),
        cmocka_unit_test(states_with_numbers_give_them),
        cmocka_unit_test(who_drifts_is_said_to_drift),
        cmocka_unit_test(a_server_that_is_steered_is_said_to_be),
        cmocka_unit_test(a_source_that_has_not_answered_yet_is_not_said_to_be_measured),
        cmocka_unit_test(a_node_without_time_is_explained_with_its_sources),
        cmocka_unit_test(a_node_that_lacks_others_names_the_sources_that_agree_too),
        cmocka_unit_test(a_node_behind_stratum_15_says_that_it_serves_no_time),
        cmocka_unit_test(a_healthy_node_tells_only_of_those_left_out),
        cmocka_unit_test(a_missing_privilege_is_named),
        cmocka_unit_test(every_reason_has_a_remedy),
        cmocka_unit_test(one_source_gets_reason_and_remedy),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
