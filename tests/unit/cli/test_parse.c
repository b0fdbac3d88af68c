/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

static void lengths_are_read_with_their_units(void **state)
{
    static const struct {
        const char *text;
        double s;
    } rows[] = {
        {"5ms", 0.005}, {"5 ms", 0.005},     {"312us", 312e-6}, {"85ns", 85e-9}, {"1ns", 1e-9},
        {"0.25", 0.25}, {"2s", 2},           {"2min", 120},     {"1h", 3600},    {"1d", 86400},
        {"1e-3", 1e-3}, {"-1.5ms", -1.5e-3}, {".5s", 0.5},      {"60", 60},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double s = -77;

        assert_true(parse_length(rows[i].text, &s));
        assert_true(fabs(s - rows[i].s) < 1e-15);
    }
}

static void what_is_no_length_is_refused(void **state)
{
    static const char *const rows[] = {"",    "ms",  "5 m",   "5  ms", "5ms ", "5parsec",
                                       "nan", "inf", "-nan",  "-inf",  "0x5",  "-0x5",
                                       "--5", "5,5", "1e999", " 5",    "5ms6"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double s = -77;

        if (parse_length(rows[i], &s)) {
            fail_msg("\"%s\" was taken for a length of time", rows[i]);
        }
        assert_true(s == -77);
    }
}

static void seconds_are_exact_to_the_nanosecond(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"0", 0},
        {"1795361029.123456789", INT64_C(1795361029123456789)},
        {"-0.000000001", -1},
        {"+2.5", 2500000000},
        {"7.", 7000000000},
        {"0.1", 100000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct duration d = {-77};

        assert_true(parse_seconds(rows[i].text, &d));
        assert_int_equal(d.ns, rows[i].ns);
    }
}

static void what_is_no_exact_number_of_seconds_is_refused(void **state)
{
    static const char *const rows[] = {
        "",   "-",   ".5",           "1e3",        "1.2.3",
        "5s", "--5", "0.1234567890", "9223372037", "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct duration d = {-77};

        if (parse_seconds(rows[i], &d)) {
            fail_msg("\"%s\" was taken for seconds", rows[i]);
        }
        assert_int_equal(d.ns, -77);
    }
}

static void counts_keep_within_their_limits(void **state)
{
    long value = -77;

    (void)state;
    assert_true(parse_count("1", 1, 9, &value) && value == 1);
    assert_true(parse_count("9", 1, 9, &value) && value == 9);
    assert_false(parse_count("0", 1, 9, &value));
    assert_false(parse_count("10", 1, 9, &value));
    assert_false(parse_count("-1", -5, 9, &value));
    assert_false(parse_count("", 0, 9, &value));
    assert_false(parse_count("3x", 0, 9, &value));
    assert_false(parse_count("99999999999999999999", 0, 9, &value));
    assert_int_equal(value, 9);
}

static void a_port_is_told_from_a_host(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: there is no port */
        long port;
    } rows[] = {
        {"127.0.0.1:11123", "127.0.0.1", 11123},
        {"ntp.example:123", "ntp.example", 123},
        {"[::1]:2123", "::1", 2123},
        {"[fe80::1%2]:1", "fe80::1%2", 1},
        {"::1", NULL, 0},
        {"fd00::1:123", NULL, 0},
        {"[::1]", NULL, 0},
        {"ntp.example", NULL, 0},
        {"ntp.example:", NULL, 0},
        {"ntp.example:0", NULL, 0},
        {"ntp.example:65536", NULL, 0},
        {"ntp.example:x", NULL, 0},
        {":123", NULL, 0},
        {"", NULL, 0},
        {"[]:1", NULL, 0},
        {"a-name-that-is-longer-than-its-room:123", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char host[24] = "untouched";
        long port = -1;
        bool good = parse_host_port(rows[i].text, host, sizeof host, &port);

        if (good != (rows[i].host != NULL)) {
            fail_msg("\"%s\"", rows[i].text);
        }
        assert_string_equal(host, good ? rows[i].host : "untouched");
        assert_true(!good || port == rows[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_read_with_their_units),
        cmocka_unit_test(what_is_no_length_is_refused),
        cmocka_unit_test(seconds_are_exact_to_the_nanosecond),
        cmocka_unit_test(what_is_no_exact_number_of_seconds_is_refused),
        cmocka_unit_test(counts_keep_within_their_limits),
        cmocka_unit_test(a_port_is_told_from_a_host),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
