/* SPDX-License-Identifier: BSD-2-Clause */
/* test_names.c - addresses of names on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/node/names.h"

enum { NAMES = 4 };
static struct saved_name names[NAMES];
static unsigned skipped;

static size_t parse(const char *text)
{
    return names_parse(names, NAMES, text, strlen(text), &skipped);
}

static void what_is_written_is_read_again(void **state)
{
    static const char one[] = "time.example.org 0 0 1700000000 192.0.2.1:123 0 "
                              "[2001:db8::1]:1123 0\n",
                      other[] = "example.org 1 1 1700000001 192.0.2.7:123 10 192.0.2.8:123 65535\n";
    char text[SAVED_NAME_LINE_SIZE], both[2 * SAVED_NAME_LINE_SIZE];

    (void)state;
    snprintf(both, sizeof both, "%s%s", one, other);
    assert_int_equal(parse(both), 2);
    assert_int_equal(skipped, 0);
    assert_int_equal(names[0].count, 2);
    assert_int_equal(names[0].addresses[1].port, 1123);
    assert_int_equal(names[0].found[0].how, FOUND_DNS);
    assert_int_equal(names[1].found[1].how, FOUND_SRV);
    assert_int_equal(names[1].found[0].priority, 5);
    assert_int_equal(names[1].found[1].spare, 1);
    assert_true(names[1].when.ns == INT64_C(1700000001) * NS_PER_S);
    assert_int_equal(names_format(&names[0], text), strlen(one));
    assert_string_equal(text, one);
    names_format(&names[1], text);
    assert_string_equal(text, other);
}

static void lines_of_nonsense_are_skipped_and_counted(void **state)
{
    static const char *const lines[] = {
        "a",
        "a 0 0 1",
        "a 2 0 1 192.0.2.1:123 0",
        "a 0 3 1 192.0.2.1:123 0",
        "a 0 0 0 192.0.2.1:123 0",
        "a 0 0 99999999999 192.0.2.1:123 0",
        "a 0 0 1 192.0.2.1 0",
        "a 0 0 1 192.0.2.1:0 0",
        "a 0 0 1 192.0.2.1:65536 0",
        "a 0 0 1 192.0.2.1:123",
        "a 0 0 1 192.0.2.1:123 x",
        "a 0 0 1 224.0.0.1:123 0",
        "a 0 0 1 0.0.0.0:123 0",
        "a 0 0 -1 192.0.2.1:123 0",
        "a  0 0 1 192.0.2.1:123 0",
        "a 0 0 1 name:123 0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, "%s\n\nb 0 0 1 192.0.2.1:123 0", lines[i]);
        if (parse(text) != 1 || skipped != 1 || names[0].name[0] != 'b') {
            fail_msg("taken: %s", lines[i]);
        }
    }
}

static void as_many_as_there_is_room_for(void **state)
{
    char text[4096] = "a 0 0 1";

    (void)state;
    for (int i = 1; i <= RESOLVED_MAX + 1; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), " 192.0.2.%d:123 0", i);
    }
    assert_int_equal(parse(text), 0); /* more addresses than a name can have */
    text[0] = '\0';
    for (int i = 0; i < NAMES + 2; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "n%d 0 0 1 10.0.0.1:123 0\n", i);
    }
    assert_int_equal(parse(text), NAMES);
}

static void a_line_is_found_by_its_name_family_and_method(void **state)
{
    struct source_options options = {.name = "b", .family = ADDRESS_IPV6, .method = RESOLVE_SRV};

    (void)state;
    assert_int_equal(parse("b 0 2 1 [fd00::1]:123 0\nb 1 0 1 10.0.0.1:123 0\n"
                           "b 1 2 1 [fd00::2]:123 0\n"),
                     3);
    assert_ptr_equal(names_find(names, 3, &options), &names[2]);
    options.family = ADDRESS_IPV4;
    assert_null(names_find(names, 3, &options));
    assert_null(names_find(NULL, 0, &options));
}

static void a_private_address_is_odd_for_a_public_name_only(void **state)
{
    static const struct {
        const char *name, *address;
        bool odd;
    } rows[] = {
        {"time.example.org", "10.0.0.1", true},
        {"time.example.org.", "fe80::1", true},
        {"time.example.org", "192.0.2.1", false},
        {"localhost", "127.0.0.1", false},
        {"ntp", "10.0.0.1", false},
        {"ntp.lan", "192.168.1.1", false},
        {"NTP.Home.ARPA.", "192.168.1.1", false},
        {"metadata.google.internal", "169.254.169.254", false},
        {"xlan.org", "10.0.0.1", true},
        {"a.notlan", "10.0.0.1", true},
        {"a.svc.cluster.local", "10.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address address;

        assert_true(address_parse(&address, rows[i].address));
        if (names_odd_address(rows[i].name, &address) != rows[i].odd) {
            fail_msg("%s %s", rows[i].name, rows[i].address);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(lines_of_nonsense_are_skipped_and_counted),
        cmocka_unit_test(as_many_as_there_is_room_for),
        cmocka_unit_test(a_line_is_found_by_its_name_family_and_method),
        cmocka_unit_test(a_private_address_is_odd_for_a_public_name_only),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
