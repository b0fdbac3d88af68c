/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void decimal_text_becomes_the_nearest_double(void **state)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"0", 0},
        {"-0.0", 0},
        {"1", 1},
        {"+3", 3},
        {"-3.5", -3.5},
        {".25", 0.25},
        {"7.", 7},
        {"0.1", 0.1},
        {"1e-9", 1e-9},
        {"100e-9", 100e-9},
        {"1E3", 1000},
        {"83333.333", 83333.333},
        {"9007199254740993", 9007199254740992.0}, /* halfway: to even */
        {"9007199254740995", 9007199254740996.0},
        {"0.30000000000000004", 0.30000000000000004},
        {"123456789012345678", 123456789012345678.0},
        {"000000000000000000000000000001", 1},
        {"1e30", 1e30},
        {"1e-30", 1e-30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = -1;

        assert_true(number_decimal(rows[i].text, 0, &value));
        if (value != rows[i].value) {
            fail_msg("%s: %.17g instead of %.17g", rows[i].text, value, rows[i].value);
        }
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "-",
        ".",
        "e5",
        "1e",
        "1x",
        "0x10",
        "nan",
        "inf",
        "1,5",
        "1..2",
        "1.2.3",
        "1e1.5",
        "1e31",
        "1e-31",
        "1e999999999999999999999",
        "1 ",
        "--1",
        "1e400",
        "1e-400",
        "1234567890123456789012",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double value = 0;

        if (number_decimal(rows[i], 0, &value)) {
            fail_msg("\"%s\" was taken for %g", rows[i], value);
        }
    }
}

static void whole_numbers_are_read_in_both_bases(void **state)
{
    int64_t value = 0;

    (void)state;
    assert_true(number_whole("-12", 10, &value));
    assert_int_equal(value, -12);
    assert_true(number_whole("+7", 10, &value));
    assert_int_equal(value, 7);
    assert_true(number_whole("F323", 16, &value));
    assert_int_equal(value, 0xf323);
    assert_false(number_whole("", 10, &value));
    assert_false(number_whole("-", 10, &value));
    assert_false(number_whole("1.5", 10, &value));
    assert_false(number_whole("12a", 10, &value));
    assert_false(number_whole("0xf", 16, &value));
    assert_false(number_whole("99999999999999999999", 10, &value));
}

static void printed_numbers_are_short(void **state)
{
    static const struct {
        const char *text;
        int exponent;
    } rows[] = {
        {"0", 0},        {"1", 0},        {"-37", 0},        {"0.1", 0},  {"0.0001", 0},
        {"1e-9", 0},     {"3600", 0},     {"83333.333", -6}, {"1", -6},   {"500000", -6},
        {"-0.00005", 0}, {"1.25e-10", 0}, {"1e20", 0},       {"2.5", -6}, {"1000000000", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char printed[64];
        struct text text = text_begin(printed, sizeof printed);
        double value = 0;

        assert_true(number_decimal(rows[i].text, rows[i].exponent, &value));
        number_print(&text, value, rows[i].exponent);
        assert_string_equal(printed, rows[i].text);
    }
}

/* xorshift64: enough to reach all kinds of mantissas. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void reading_agrees_with_the_c_library_and_printing_with_reading(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        char word[64];
        char printed[64];
        struct text text = text_begin(word, sizeof word);
        double value = 0;
        double again = 0;
        int exponent = i % 2 ? 0 : -6;

        text_u64(&text, next_random(&seed) >> (5 + next_random(&seed) % 58));
        text_char(&text, 'e');
        text_i64(&text, (int64_t)(next_random(&seed) % 40) - 25);
        if (!number_decimal(word, 0, &value)) {
            continue;
        }
        if (value != strtod(word, NULL)) {
            fail_msg("%s: %.17g instead of %.17g", word, value, strtod(word, NULL));
        }
        if (!number_decimal(word, exponent, &value)) {
            continue;
        }
        text = text_begin(printed, sizeof printed);
        number_print(&text, value, exponent);
        assert_true(number_decimal(printed, exponent, &again));
        assert_true(again == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_text_becomes_the_nearest_double),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(whole_numbers_are_read_in_both_bases),
        cmocka_unit_test(printed_numbers_are_short),
        cmocka_unit_test(reading_agrees_with_the_c_library_and_printing_with_reading),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/number", tests, NULL, NULL);
}
