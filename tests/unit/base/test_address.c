/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct address parsed(const char *text)
{
    struct address address;

    memset(&address, 0xaa, sizeof address);
    if (!address_parse(&address, text)) {
        fail_msg("%s is not understood", text);
    }
    return address;
}

static void literals_are_printed_in_the_form_of_rfc_5952(void **state)
{
    static const char *const rows[][2] = {
        {"10.0.0.4", "10.0.0.4"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "::"},
        {"::1", "::1"},
        {"[fd00::1]", "fd00::1"},
        {"FD00:0:0:0:0:0:0:1", "fd00::1"},
        {"2001:db8::", "2001:db8::"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* the first of two equal runs */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* the longer run */
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* a single group stays */
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"0001:0020:0300:4000:5:6:7:8", "1:20:300:4000:5:6:7:8"},
        {"0:0:1::", "0:0:1::"},
        {"::ffff:10.1.2.3", "::ffff:10.1.2.3"},
        {"::ffff:a01:203", "::ffff:10.1.2.3"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"fe80::1%2", "fe80::1%2"},
        {"[fe80::1%4294967295]", "fe80::1%4294967295"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address = parsed(rows[i][0]);
        char text[ADDRESS_TEXT_SIZE];

        address_print(&address, text);
        assert_string_equal(text, rows[i][1]);
        assert_int_equal(address.port, 0);
    }
}

static void what_is_no_literal_address_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "ntp.example",
        "10.0.0",
        "10.0.0.0.1",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1 ",
        " 10.0.0.1",
        "10.0.0.1:5",
        "[10.0.0.1]",
        "1.2.3.-4",
        ":",
        ":::",
        "1:",
        ":1",
        "1::2::3",
        "12345::",
        "1:2:3:4:5:6:7",
        "::1]",
        "[::1",
        "[::1]x",
        "::1%",
        "::1%eth0",
        "::1%4294967296",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::g",
        "1::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:",
        "::1.2.3.4:5",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address = {.port = 7};

        if (address_parse(&address, rows[i])) {
            fail_msg("\"%s\" was taken for an address", rows[i]);
        }
        assert_int_equal(address.port, 7); /* untouched */
    }
}

static void a_port_is_set_apart_by_brackets_in_ipv6_only(void **state)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address address = parsed("10.0.0.1");

    (void)state;
    address.port = 123;
    address_print_port(&address, text);
    assert_string_equal(text, "10.0.0.1:123");
    address = parsed("fe80::1%3");
    address.port = 65535;
    address_print_port(&address, text);
    assert_string_equal(text, "[fe80::1%3]:65535");
    address = (struct address){0};
    address_print_port(&address, text);
    assert_string_equal(text, "?");
}

static void the_longest_text_fits(void **state)
{
    char text[ADDRESS_TEXT_SIZE];
    struct address address = parsed("abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd%4294967295");

    (void)state;
    address.port = 65535;
    address_print_port(&address, text);
    assert_string_equal(text, "[abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd%4294967295]:65535");
    assert_true(strlen(text) < ADDRESS_TEXT_SIZE);
}

static void equality_takes_the_scope_but_not_the_port(void **state)
{
    struct address a = parsed("fe80::1%1");
    struct address b = a;

    (void)state;
    b.port = 5;
    assert_true(address_equal(&a, &b));
    b.scope = 2;
    assert_false(address_equal(&a, &b));
    a = parsed("0.0.0.0");
    b = parsed("::");
    assert_false(address_equal(&a, &b));
}

static void a_prefix_holds_what_agrees_in_its_bits(void **state)
{
    static const struct {
        const char *address, *prefix;
        unsigned bits;
        bool inside;
    } rows[] = {
        {"10.1.2.3", "10.0.0.0", 8, true},
        {"11.1.2.3", "10.0.0.0", 8, false},
        {"10.127.0.1", "10.0.0.0", 9, true},
        {"10.128.0.1", "10.0.0.0", 9, false},
        {"10.1.2.3", "10.1.2.3", 32, true},
        {"10.1.2.2", "10.1.2.3", 32, false},
        {"200.1.2.3", "10.0.0.0", 0, true},
        {"::1", "0.0.0.0", 0, false},
        {"2001:db8::5", "2001:db8::", 32, true},
        {"2001:db9::5", "2001:db8::", 32, false},
        {"2001:db8::5", "2001:db8::4", 127, true},
        {"2001:db8::6", "2001:db8::4", 127, false},
        {"::5", "::", 0, true},
        {"10.0.0.1", "10.0.0.1", 33, false},
        {"::1", "::1", 128, true},
        {"::1", "::1", 129, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address = parsed(rows[i].address);
        struct address prefix = parsed(rows[i].prefix);

        assert_int_equal(address_in_prefix(&address, &prefix, rows[i].bits), rows[i].inside);
    }
}

static void private_addresses_are_told_from_public_ones(void **state)
{
    static const struct {
        const char *address;
        bool loopback, private;
    } rows[] = {
        {"127.0.0.1", true, true},
        {"127.255.0.9", true, true},
        {"::1", true, true},
        {"10.255.0.1", false, true},
        {"172.16.0.1", false, true},
        {"172.31.9.9", false, true},
        {"172.32.0.1", false, false},
        {"192.168.4.4", false, true},
        {"192.169.0.1", false, false},
        {"100.64.0.1", false, true},
        {"100.127.9.9", false, true},
        {"100.128.0.1", false, false},
        {"169.254.169.123", false, true},
        {"fe80::1", false, true},
        {"febf::1", false, true},
        {"fec0::1", false, false},
        {"fd00::1", false, true},
        {"fc00::1", false, true},
        {"fe00::1", false, false},
        {"8.8.8.8", false, false},
        {"2001:db8::1", false, false},
        {"::", false, false},
    };
    struct address none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address = parsed(rows[i].address);

        assert_int_equal(address_is_loopback(&address), rows[i].loopback);
        assert_int_equal(address_is_private(&address), rows[i].private);
    }
    assert_false(address_is_loopback(&none));
    assert_false(address_is_private(&none));
}

static void localhost_needs_no_resolver(void **state)
{
    static const struct {
        const char *name;
        enum address_family family;
        size_t count;
    } rows[] = {
        {"localhost", ADDRESS_NONE, 2},
        {"LocalHost.", ADDRESS_IPV4, 1},
        {"ntp.localhost", ADDRESS_IPV6, 1},
        {"notlocalhost", ADDRESS_NONE, 0},
        {"localhost.example", ADDRESS_NONE, 0},
        {"", ADDRESS_NONE, 0},
        {".", ADDRESS_NONE, 0},
        {"ocalhost", ADDRESS_NONE, 0},
    };
    struct address addresses[2];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = address_of_localhost(rows[i].name, rows[i].family, addresses);

        assert_int_equal(count, rows[i].count);
        for (size_t k = 0; k < count; k++) {
            assert_true(address_is_loopback(&addresses[k]));
            assert_true(rows[i].family == ADDRESS_NONE || addresses[k].family == rows[i].family);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(localhost_needs_no_resolver),
        cmocka_unit_test(literals_are_printed_in_the_form_of_rfc_5952),
        cmocka_unit_test(what_is_no_literal_address_is_refused),
        cmocka_unit_test(a_port_is_set_apart_by_brackets_in_ipv6_only),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(equality_takes_the_scope_but_not_the_port),
        cmocka_unit_test(a_prefix_holds_what_agrees_in_its_bits),
        cmocka_unit_test(private_addresses_are_told_from_public_ones),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
