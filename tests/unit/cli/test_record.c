/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/made.h"

static void sources_are_found_by_name_address_and_port(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    assert_ptr_equal(record_find(&made.record, "ntp.example", 0), &made.sources[3]);
    assert_ptr_equal(record_find(&made.record, "10.0.0.7", 0), &made.sources[3]);
    assert_ptr_equal(record_find(&made.record, "10.0.0.6:11123", 0), &made.sources[2]);
    assert_ptr_equal(record_find(&made.record, "10.0.0.6", 0), &made.sources[2]);
    assert_null(record_find(&made.record, "10.0.0.6:123", 0));
    assert_null(record_find(&made.record, "10.0.0.99", 0));
    assert_null(record_find(&made.record, "", 0));
}

static void all_sources_of_a_pool_are_found_one_after_another(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    (void)made_source(&made, "pool.example", 1, SOURCE_SELECTED);
    (void)made_source(&made, "ntp.example", 2, SOURCE_COMBINED);
    (void)made_source(&made, "pool.example", 3, SOURCE_COMBINED);
    assert_ptr_equal(record_find(&made.record, "pool.example", 0), &made.sources[0]);
    assert_ptr_equal(record_find(&made.record, "pool.example", 1), &made.sources[2]);
    assert_null(record_find(&made.record, "pool.example", 3));
}

/* The index comes over a socket: it may be anything. */
static void a_selected_source_that_is_not_there_is_none(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    assert_ptr_equal(record_selected(&made.record), &made.sources[0]);
    made.record.node.selected = 4;
    assert_null(record_selected(&made.record));
    made.record.node.selected = -7;
    assert_null(record_selected(&made.record));
}

static void time_is_known_when_synchronised_or_coasting_within_a_bound(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (uint8_t i = 0; i < NODE_STATE_COUNT; i++) {
        made.record.node.state = i;
        made.record.node.bound_s = 1e-3;
        assert_int_equal(node_status_has_time(&made.record.node),
                         i == NODE_SYNCHRONISED || i == NODE_HOLDOVER);
        made.record.node.bound_s = -1;
        assert_false(node_status_has_time(&made.record.node));
    }
    assert_int_equal(record_count_state(&made.record, SOURCE_COMBINED), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_found_by_name_address_and_port),
        cmocka_unit_test(all_sources_of_a_pool_are_found_one_after_another),
        cmocka_unit_test(a_selected_source_that_is_not_there_is_none),
        cmocka_unit_test(time_is_known_when_synchronised_or_coasting_within_a_bound),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
