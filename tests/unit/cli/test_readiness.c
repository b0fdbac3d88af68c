/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/readiness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/made.h"

static void readiness_is_what_was_asked_for(void **state)
{
    static const struct {
        double bound_s;
        long sources;
        bool ready;
        const char *text;
    } rows[] = {
        {0, 0, true, "Ready: right to within 312 us, 3 sources agree."},
        {5e-3, 3, true, "Ready: right to within 312 us, 3 sources agree."},
        {312e-6, 0, true, "Ready: right to within 312 us, 3 sources agree."},
        {100e-6, 0, false, "Not ready: right to within 312 us, but 100 us is asked for."},
        {0, 4, false, "Not ready: 3 sources agree, but 4 are asked for."},
    };
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cli_options options = {.bound_s = rows[i].bound_s, .sources = rows[i].sources};
        char buffer[300];
        struct text text = text_begin(buffer, sizeof buffer);

        assert_int_equal(readiness(&made.record.node, &options, &text), rows[i].ready);
        assert_string_equal(buffer, rows[i].text);
    }
}

static void a_node_without_time_is_never_ready(void **state)
{
    static const enum node_state states[] = {NODE_STARTING, NODE_LOCAL, NODE_UNSYNCHRONISED};
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.reason = NODE_REASON_NO_MAJORITY;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct cli_options options = {.sources = 0};
        char buffer[300];
        struct text text = text_begin(buffer, sizeof buffer);

        made.record.node.state = (uint8_t)states[i];
        assert_false(readiness(&made.record.node, &options, &text));
        assert_string_equal(buffer,
                            "Not ready: the sources contradict each other and no majority agrees.");
    }
}

static void a_coasting_node_is_ready_while_its_bound_holds(void **state)
{
    struct cli_options options = {.bound_s = 1e-3};
    struct made made;
    char buffer[300];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    made_synchronised(&made);
    made.record.node.state = NODE_HOLDOVER;
    made.record.node.agreeing_count = 1;
    assert_true(readiness(&made.record.node, &options, &text));
    assert_string_equal(buffer, "Ready: right to within 312 us, 1 source agrees.");
    text = text_begin(buffer, sizeof buffer);
    made.record.node.bound_s = -1; /* nothing is promised */
    assert_false(readiness(&made.record.node, &options, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_is_what_was_asked_for),
        cmocka_unit_test(a_node_without_time_is_never_ready),
        cmocka_unit_test(a_coasting_node_is_ready_while_its_bound_holds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
