/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/cli/made.h"

static const char *sentence(struct made *made)
{
    static char buffer[600];
    struct text text = text_begin(buffer, sizeof buffer);

    view_sentence(&text, &made->view, &made->record);
    assert_false(text.overrun);
    return buffer;
}

static void a_synchronised_node_names_its_bound_and_its_sources(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    assert_string_equal(sentence(&made), "Right to within 312 us: follows 10.0.0.4 and 2 others of "
                                         "4 sources, stratum 3, since 14:02.");
}

static void a_single_source_is_not_counted(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.count = 1;
    made.record.node.source_count = 1;
    assert_string_equal(sentence(&made),
                        "Right to within 312 us: follows 10.0.0.4, stratum 3, since 14:02.");
}

static void one_companion_is_one_other(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.sources[2].state = SOURCE_TRUECHIMER;
    assert_non_null(strstr(sentence(&made), "follows 10.0.0.4 and 1 other of 4 sources"));
}

static void a_clock_still_being_corrected_is_mentioned(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.clock_error_s = 0.012;
    assert_non_null(
        strstr(sentence(&made), "since 14:02. The clock is still 12 ms slow and being corrected."));
    made.record.node.clock_error_s = 311e-6; /* within the bound: not worth a word */
    assert_null(strstr(sentence(&made), "corrected"));
}

static void a_clock_that_is_left_alone_is_told_by_its_error(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.backend = BACKEND_NONE;
    made.record.node.clock_error_s = -2.5;
    assert_non_null(strstr(sentence(&made), ". The system clock is left alone; it is 2.5 s fast."));
}

static void a_coasting_node_says_so(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.state = NODE_HOLDOVER;
    made.record.node.reason = NODE_REASON_NO_REPLY;
    made.record.node.bound_s = 1.2e-3;
    assert_string_equal(sentence(&made), "Coasting since 14:02, no usable source: right to within "
                                         "1.2 ms, and growing. Try `noon why`.");
}

static void a_node_without_time_says_why_and_since_when(void **state)
{
    static const struct {
        enum node_reason reason;
        const char *text;
    } rows[] = {
        {NODE_REASON_NO_REPLY, "Not synchronised: no source answers (since 14:02, 3 sources "
                               "configured). Try `noon why`."},
        {NODE_REASON_NO_MAJORITY,
         "Not synchronised: the sources contradict each other and no majority agrees (since 14:02, "
         "3 sources configured). Try `noon why`."},
        {NODE_REASON_NO_SOURCES,
         "Not synchronised: no source is configured (since 14:02). Try `noon why`."},
        {NODE_REASON_UNRESOLVED, "Not synchronised: no source's name could be resolved yet (since "
                                 "14:02, 3 sources configured). Try `noon why`."},
    };
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.state = NODE_UNSYNCHRONISED;
    made.record.node.state_since = made_time(14, 2, 0);
    made.record.node.source_count = 3;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        made.record.node.reason = (uint8_t)rows[i].reason;
        assert_string_equal(sentence(&made), rows[i].text);
    }
}

static void a_starting_node_is_starting(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.source_count = 1;
    assert_string_equal(sentence(&made), "Starting: too few answers so far (since 15:06, 1 source "
                                         "configured). Try `noon why`.");
}

static void a_node_on_its_own_says_so(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    made.record.node.state = NODE_LOCAL;
    made.record.node.stratum = 10;
    assert_string_equal(
        sentence(&made),
        "Serves its own clock as stratum 10 since 15:06: no source can be followed.");
}

static void times_are_local_and_have_a_date_on_other_days(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.view.zone_s = 5 * 3600 + 1800;
    assert_non_null(strstr(sentence(&made), "since 19:32."));
    made.view.zone_s = 9 * 3600 + 1800; /* now is the 23rd, 00:37; then was the 22nd */
    assert_non_null(strstr(sentence(&made), "since 2026-11-22 23:32."));
    made.view.zone_s = -15 * 3600;
    assert_non_null(strstr(sentence(&made), "since 2026-11-21 23:02."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_synchronised_node_names_its_bound_and_its_sources),
        cmocka_unit_test(a_single_source_is_not_counted),
        cmocka_unit_test(one_companion_is_one_other),
        cmocka_unit_test(a_clock_still_being_corrected_is_mentioned),
        cmocka_unit_test(a_clock_that_is_left_alone_is_told_by_its_error),
        cmocka_unit_test(a_coasting_node_says_so),
        cmocka_unit_test(a_node_without_time_says_why_and_since_when),
        cmocka_unit_test(a_starting_node_is_starting),
        cmocka_unit_test(a_node_on_its_own_says_so),
        cmocka_unit_test(times_are_local_and_have_a_date_on_other_days),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
