/* SPDX-License-Identifier: BSD-2-Clause */
/* test_restraint.c - kiss codes on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/node/restraint.h"

static struct node_saved saved;

static unsigned parse(const char *text)
{
    memset(&saved, 0, sizeof saved);
    return restraint_parse(&saved, text, strlen(text));
}

static void what_is_written_is_read_again(void **state)
{
    char text[RESTRAINT_TEXT_SIZE];

    (void)state;
    assert_int_equal(parse("10.0.0.1 1800000000 -128 3\nfd00::1 0 9 0\n"), 0);
    assert_int_equal(saved.kod_count, 2);
    assert_int_equal(saved.kod[0].until.ns / NS_PER_S, 1800000000);
    assert_int_equal(saved.kod[0].denials, 3);
    assert_int_equal(saved.kod[1].poll_floor, 9);
    restraint_format(&saved, text);
    assert_string_equal(text, "10.0.0.1 1800000000 -128 3\nfd00::1 0 9 0\n");
}

static void lines_of_nonsense_are_skipped_and_counted(void **state)
{
    static const char *const lines[] = {
        "x 1 2 3",          "10.0.0.1",
        "10.0.0.1 1 2 3 4", "10.0.0.1 -1 2 3",
        "10.0.0.1 1 18 3",  "10.0.0.1 1 2 256",
        "10.0.0.1  2 3",    "10.0.0.1 1 2 ",
        "10.0.0.1 - 2 3",   "10.0.0.1 9999999999999 2 3",
        "10.0.0.1 1 2 3x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[128];

        snprintf(text, sizeof text, "%s\n\n10.0.0.2 1 2 3", lines[i]);
        assert_int_equal(parse(text), 1);
        assert_int_equal(saved.kod_count, 1);
        assert_int_equal(saved.kod[0].address.bytes[3], 2);
    }
}

static void as_many_as_there_is_room_for(void **state)
{
    char text[8192] = "";
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 2 * NODE_KOD_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "10.0.0.%d 7 8 9\n", i);
    }
    parse(text);
    assert_int_equal(saved.kod_count, NODE_KOD_MAX);
    assert_true(restraint_format(&saved, text) < RESTRAINT_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(lines_of_nonsense_are_skipped_and_counted),
        cmocka_unit_test(as_many_as_there_is_room_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("restraint", tests, NULL, NULL);
}
