/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static void lengths_of_time_read_as_people_write_them(void **state)
{
    static const struct {
        double s;
        const char *text;
    } rows[] = {
        {0, "0 ns"},
        {0.4e-9, "0 ns"},
        {85e-9, "85 ns"},
        {999.4e-9, "999 ns"},
        {999.6e-9, "1.0 us"},
        {4.24e-6, "4.2 us"},
        {9.94e-6, "9.9 us"},
        {9.96e-6, "10 us"},
        {312e-6, "312 us"},
        {999.4e-6, "999 us"},
        {999.6e-6, "1.0 ms"},
        {4.2e-3, "4.2 ms"},
        {200e-3, "200 ms"},
        {0.9996, "1.0 s"},
        {1.3, "1.3 s"},
        {59.4, "59 s"},
        {59.6, "1 min"},
        {125, "2 min 5 s"},
        {3599.4, "59 min 59 s"},
        {3599.6, "1 h"},
        {7500, "2 h 5 min"},
        {86369, "23 h 59 min"},
        {86371, "1 d"},
        {273600, "3 d 4 h"},
        {1e15, "forever"},
        {-4.2e-3, "-4.2 ms"},
        {-0.3e-9, "0 ns"},
        {-7500, "-2 h 5 min"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buffer[32];
        struct text text = text_begin(buffer, sizeof buffer);

        text_duration(&text, rows[i].s);
        assert_string_equal(buffer, rows[i].text);
    }
}

static void lengths_that_are_no_number_are_named(void **state)
{
    char buffer[32];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    text_duration(&text, (double)NAN);
    text_char(&text, ' ');
    text_duration(&text, (double)INFINITY);
    text_char(&text, ' ');
    text_duration(&text, -(double)INFINITY);
    assert_string_equal(buffer, "unknown forever -forever");
}

static void an_offset_always_has_its_sign(void **state)
{
    static const struct {
        double s;
        const char *text;
    } rows[] = {{4.2e-3, "+4.2 ms"}, {-4.2e-3, "-4.2 ms"}, {0, "+0 ns"}, {-0.2e-9, "+0 ns"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buffer[32];
        struct text text = text_begin(buffer, sizeof buffer);

        text_offset(&text, rows[i].s);
        assert_string_equal(buffer, rows[i].text);
    }
}

static void fixed_point_numbers_round_half_up(void **state)
{
    static const struct {
        double value;
        unsigned decimals;
        const char *text;
    } rows[] = {
        {12.345, 2, "12.35"},    {12.3449, 2, "12.34"},
        {-1.5, 0, "-2"},         {0.05, 1, "0.1"},
        {-0.04, 1, "0.0"},       {-0.06, 1, "-0.1"},
        {999.995, 2, "1000.00"}, {1e-9, 9, "0.000000001"},
        {0, 3, "0.000"},         {123456789, 0, "123456789"},
        {1e30, 0, "huge"},       {-1e30, 2, "-huge"},
    };
    char buffer[40];
    struct text text;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text = text_begin(buffer, sizeof buffer);
        text_fixed(&text, rows[i].value, rows[i].decimals);
        assert_string_equal(buffer, rows[i].text);
    }
    text = text_begin(buffer, sizeof buffer);
    text_fixed(&text, (double)NAN, 1);
    text_fixed(&text, (double)INFINITY, 1);
    text_fixed(&text, -(double)INFINITY, 1);
    assert_string_equal(buffer, "naninf-inf");
}

static void whole_numbers_are_printed_to_their_limits(void **state)
{
    char buffer[128];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    text_u64(&text, UINT64_MAX);
    text_char(&text, ' ');
    text_i64(&text, INT64_MIN);
    text_char(&text, ' ');
    text_i64(&text, -7);
    text_char(&text, ' ');
    text_padded(&text, 42, 5);
    text_char(&text, ' ');
    text_hex(&text, 0x7f0a, 6);
    assert_string_equal(buffer, "18446744073709551615 -9223372036854775808 -7 00042 007f0a");
}

static void frequencies_are_in_ppm(void **state)
{
    char buffer[40];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    text_ppm(&text, 12.3454e-6);
    text_char(&text, ' ');
    text_ppm(&text, -0.002e-6);
    assert_string_equal(buffer, "12.345 ppm -0.002 ppm");
}

static void instants_are_printed_as_utc(void **state)
{
    char buffer[80];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    text_time(&text, (struct utc_time){INT64_C(1795361029012345678)}, 0);
    text_char(&text, ' ');
    text_time(&text, (struct utc_time){INT64_C(1795361029012345678)}, 3);
    text_char(&text, ' ');
    text_time(&text, (struct utc_time){-1}, 9);
    assert_string_equal(buffer, "2026-11-22T15:23:49Z 2026-11-22T15:23:49.012Z "
                                "1969-12-31T23:59:59.999999999Z");
}

static void what_does_not_fit_is_cut_off_and_noticed(void **state)
{
    char buffer[9] = "xxxxxxxx";
    struct text text = text_begin(buffer, 8);

    (void)state;
    text_add(&text, "1234567");
    assert_false(text.overrun);
    text_add(&text, "");
    assert_false(text.overrun);
    text_add(&text, "8");
    assert_true(text.overrun);
    assert_string_equal(buffer, "1234567");
    assert_int_equal(buffer[8], '\0');
    text_to_column(&text, 0, 100); /* ends though no column is ever reached */
    text_align_right(&text, 2, 100);
    assert_string_equal(buffer, "1234567");
}

static void columns_line_up_to_both_sides(void **state)
{
    char buffer[64];
    struct text text = text_begin(buffer, sizeof buffer);
    size_t from;

    (void)state;
    text_add(&text, "name");
    text_to_column(&text, 0, 8);
    from = text.length;
    text_add(&text, "42");
    text_align_right(&text, from, 5);
    text_char(&text, '|');
    from = text.length;
    text_add(&text, "too long");
    text_align_right(&text, from, 5);
    text_to_column(&text, from, 5);
    text_char(&text, '|');
    assert_string_equal(buffer, "name       42|too long |");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_time_read_as_people_write_them),
        cmocka_unit_test(lengths_that_are_no_number_are_named),
        cmocka_unit_test(an_offset_always_has_its_sign),
        cmocka_unit_test(fixed_point_numbers_round_half_up),
        cmocka_unit_test(whole_numbers_are_printed_to_their_limits),
        cmocka_unit_test(frequencies_are_in_ppm),
        cmocka_unit_test(instants_are_printed_as_utc),
        cmocka_unit_test(what_does_not_fit_is_cut_off_and_noticed),
        cmocka_unit_test(columns_line_up_to_both_sides),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
