/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "unit/cli/made.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void every_field_becomes_a_key_of_its_type(void **state)
{
    struct made made;
    const json_t *server;
    json_t *node;

    (void)state;
    made_synchronised(&made);
    made.record.node.server.requests = UINT64_C(1) << 40;
    made.record.node.server.drops[DROP_RATE_LIMIT] = 7;
    made.record.node.selected = -1;
    node = json_of_node(&made.record.node);
    assert_string_equal(text_of(node, "version"), "0.1.0");
    assert_string_equal(text_of(node, "state"), "synchronised");
    assert_string_equal(text_of(node, "backend"), "kernel");
    assert_string_equal(text_of(node, "now"), "2026-11-22T15:07:00.000000000Z");
    assert_true(json_is_null(json_object_get(node, "last_step_time")));
    assert_true(json_is_true(json_object_get(node, "privileged")));
    assert_true(json_real_value(json_object_get(node, "bound_s")) == 312e-6);
    assert_int_equal(json_integer_value(json_object_get(node, "selected")), -1);
    assert_int_equal(json_integer_value(json_object_get(node, "pid")), 4711);
    server = json_object_get(node, "server");
    assert_int_equal(json_integer_value(json_object_get(server, "requests")), INT64_C(1) << 40);
    server = json_object_get(server, "drops");
    assert_int_equal(json_integer_value(json_object_get(server, "rate-limit")), 7);
    assert_int_equal(json_object_size(server), DROP_COUNT - 1);
    json_decref(node);
}

static void a_source_has_its_address_counters_and_history(void **state)
{
    struct made made;
    json_t *array;
    json_t *source;

    (void)state;
    made_synchronised(&made);
    made.sources[2].poll_log2 = -3;
    made.sources[2].drops[DROP_DELAY] = 4;
    made.sources[2].hours[71] = (struct source_hour){12, 11};
    (void)made_silent(&made, "time.invalid", SOURCE_UNRESOLVED);
    array = json_of_sources(&made.record);
    assert_int_equal(json_array_size(array), 5);
    source = json_array_get(array, 2);
    assert_string_equal(text_of(source, "address"), "10.0.0.6:11123");
    assert_int_equal(json_integer_value(json_object_get(source, "poll_log2")), -3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(source, "drops"), "delay")),
                     4);
    source = json_array_get(json_object_get(source, "hours"), 71);
    assert_int_equal(json_integer_value(json_array_get(source, 0)), 12);
    assert_int_equal(json_integer_value(json_array_get(source, 1)), 11);
    source = json_array_get(array, 4);
    assert_true(json_is_null(json_object_get(source, "address")));
    assert_string_equal(text_of(source, "state"), "unresolved");
    json_decref(array);
}

static void what_json_cannot_say_is_null(void **state)
{
    struct made made;
    json_t *node;

    (void)state;
    made_synchronised(&made);
    made.record.node.bound_s = (double)NAN;
    made.record.node.sd_s = (double)INFINITY;
    memcpy(made.record.node.version, "\xff\xfe", 3);
    made.record.node.state = 99;
    node = json_of_node(&made.record.node);
    assert_true(json_is_null(json_object_get(node, "bound_s")));
    assert_true(json_is_null(json_object_get(node, "sd_s")));
    assert_true(json_is_null(json_object_get(node, "version")));
    assert_string_equal(text_of(node, "state"), "unknown");
    json_decref(node);
}

static void no_key_of_the_tables_is_missing(void **state)
{
    struct made made;
    size_t count;
    const struct status_field *fields = status_source_fields(&count);
    json_t *source;

    (void)state;
    made_synchronised(&made);
    source = json_of_source(&made.sources[0]);
    assert_int_equal(json_object_size(source), count);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(json_object_get(source, fields[i].name));
    }
    json_decref(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_becomes_a_key_of_its_type),
        cmocka_unit_test(a_source_has_its_address_counters_and_history),
        cmocka_unit_test(what_json_cannot_say_is_null),
        cmocka_unit_test(no_key_of_the_tables_is_missing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
