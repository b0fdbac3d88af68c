/* SPDX-License-Identifier: BSD-2-Clause */
/* When noond is good enough to lead clients to it. */
#include "register/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct node_status good = {
    .state = NODE_SYNCHRONISED, .bound_s = 0.01, .agreeing_count = 3, .server = {.serving = true}};

static void each_thing_that_is_missing_is_told(void **state)
{
    const struct standing_limits limits = {.bound_s = 0.05, .sources = 2};
    struct node_status nodes[8];
    static const char *const expected[] = {
        "right to within 10 ms", "right to within 10 ms", "no source answers",
        "right only to within",  "1 sources agree, and",  "serves nobody",
        "being drained",         "serving its own clock",
    };

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        nodes[i] = good;
    }
    nodes[1].state = NODE_HOLDOVER;
    nodes[2].state = NODE_UNSYNCHRONISED;
    nodes[2].reason = NODE_REASON_NO_REPLY;
    nodes[3].bound_s = 0.051;
    nodes[4].agreeing_count = 1;
    nodes[5].server.serving = false;
    nodes[6].server.draining = true;
    nodes[7].state = NODE_LOCAL;
    for (size_t i = 0; i < 8; i++) {
        char buffer[400];
        struct text why = text_begin(buffer, sizeof buffer);

        assert_int_equal(standing_is_good(&nodes[i], &limits, &why), i < 2);
        assert_non_null(strstr(buffer, expected[i]));
    }
}

static void who_does_not_answer_or_knows_no_bound_is_not_good(void **state)
{
    const struct standing_limits limits = {.bound_s = 0.05};
    struct node_status node = good;
    char buffer[400];
    struct text why = text_begin(buffer, sizeof buffer);

    (void)state;
    assert_false(standing_is_good(NULL, &limits, &why));
    assert_string_equal(buffer, "noond does not answer");
    node.bound_s = -1;
    assert_false(standing_is_good(&node, &limits, &why));
    node.bound_s = 0.0 / (node.steps * 1.0); /* not a number */
    assert_false(standing_is_good(&node, &limits, &why));
    node = good;
    node.agreeing_count = 0;
    assert_true(standing_is_good(&node, &limits, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_that_is_missing_is_told),
        cmocka_unit_test(who_does_not_answer_or_knows_no_bound_is_not_good),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
