/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/drift.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum drift_result parse(struct node_saved *saved, const char *text)
{
    return drift_parse(saved, (const uint8_t *)text, strlen(text));
}

static void each_daemon_is_read_with_its_own_sign(void **state)
{
    static const struct {
        const char *text;
        double freq, sd;
    } rows[] = {
        /* chrony: this clock is fast. */
        {"           12.345678             0.250000\n", -12.345678e-6, 0.125e-6},
        {"          -12.345678             0.000000\n", 12.345678e-6, 0},
        {"-12.5 1", 12.5e-6, 0.5e-6},
        /* ntpd, OpenNTPD: this clock is slow. */
        {"12.345\n", 12.345e-6, 0},
        {"-12.345\n", -12.345e-6, 0},
        {"+12", 12e-6, 0},
        {"0.000\n", 0, 0},
        {".5", 0.5e-6, 0},
        {"5.", 5e-6, 0},
        {"1.2e1\n", 12e-6, 0},
        {"120E-1", 12e-6, 0},
        {"1e+1\r\n", 10e-6, 0},
        {"0e999", 0, 0},
        {"\t-1\n\n", -1e-6, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_saved saved;

        assert_int_equal(parse(&saved, rows[i].text), DRIFT_OK);
        assert_true(saved.have_freq);
        assert_true(fabs(saved.freq_s_per_s - rows[i].freq) < 1e-15);
        assert_true(fabs(saved.freq_sd_s_per_s - rows[i].sd) < 1e-15);
    }
}

static void nonsense_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *text;
        enum drift_result result;
    } rows[] = {
        {"", DRIFT_EMPTY},
        {" \n\t\r\n", DRIFT_EMPTY},
        {"fast", DRIFT_NO_NUMBER},
        {"12,5", DRIFT_NO_NUMBER},
        {"12ppm", DRIFT_NO_NUMBER},
        {"nan", DRIFT_NO_NUMBER},
        {"inf 1", DRIFT_NO_NUMBER},
        {"0x10", DRIFT_NO_NUMBER},
        {"--1", DRIFT_NO_NUMBER},
        {"+-1", DRIFT_NO_NUMBER},
        {".", DRIFT_NO_NUMBER},
        {"-", DRIFT_NO_NUMBER},
        {"1e", DRIFT_NO_NUMBER},
        {"1 x", DRIFT_NO_NUMBER},
        {"1 2 3", DRIFT_TOO_MANY},
        {"100001", DRIFT_FREQ_RANGE},
        {"-1e9 1", DRIFT_FREQ_RANGE},
        {"1e400", DRIFT_FREQ_RANGE},
        {"99999999999999999999999999999999999999", DRIFT_FREQ_RANGE},
        {"5 -1", DRIFT_SKEW_RANGE},
        {"0.000000 1000000.000000", DRIFT_UNSURE},
        {"5 1e300", DRIFT_UNSURE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_saved saved = {.have_freq = true};

        assert_int_equal(parse(&saved, rows[i].text), rows[i].result);
        assert_false(saved.have_freq);
        assert_true(strlen(drift_sentence(rows[i].result)) > 10);
    }
}

static void a_file_cut_off_by_a_crash_or_full_of_zeros_is_refused(void **state)
{
    static const uint8_t zeros[4096];
    uint8_t digits[70000];
    struct node_saved saved;

    (void)state;
    memset(digits, '0', sizeof digits);
    digits[1] = '.';
    saved.kod_count = 3;
    assert_int_equal(drift_parse(&saved, zeros, sizeof zeros), DRIFT_NO_NUMBER);
    assert_int_equal(saved.kod_count, 3); /* of no concern to the drift file */
    assert_int_equal(drift_parse(&saved, NULL, 0), DRIFT_EMPTY);
    /* However long, still a zero. */
    assert_int_equal(drift_parse(&saved, digits, sizeof digits), DRIFT_OK);
    assert_true(saved.freq_s_per_s == 0);
}

static void what_is_written_is_chronys_and_reads_back(void **state)
{
    static const struct {
        double freq, sd;
        const char *text;
    } rows[] = {
        {-12.345678e-6, 0.125e-6, "           12.345678             0.250000\n"},
        {500.5e-6, 1e-9, "         -500.500000             0.002000\n"},
        {0, 0, "            0.000000             0.000000\n"},
        {0.1, 1e-3, "      -100000.000000          2000.000000\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_saved saved = {
            .have_freq = true, .freq_s_per_s = rows[i].freq, .freq_sd_s_per_s = rows[i].sd};
        struct node_saved back;
        char text[DRIFT_TEXT_SIZE];

        assert_int_equal(drift_format(&saved, text), strlen(rows[i].text));
        assert_string_equal(text, rows[i].text);
        assert_int_equal(parse(&back, text), DRIFT_OK);
        assert_true(fabs(back.freq_s_per_s - rows[i].freq) < 1e-12);
        assert_true(fabs(back.freq_sd_s_per_s - rows[i].sd) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_daemon_is_read_with_its_own_sign),
        cmocka_unit_test(nonsense_is_refused_with_a_reason),
        cmocka_unit_test(a_file_cut_off_by_a_crash_or_full_of_zeros_is_refused),
        cmocka_unit_test(what_is_written_is_chronys_and_reads_back),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
