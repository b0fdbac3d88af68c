/* SPDX-License-Identifier: BSD-2-Clause */
/* test_record_lines.c - the log files' lines, column by column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/record_lines.h"

/* 2026-11-22 05:40:50.25 */
#define NOW ((struct utc_time){INT64_C(1795326050) * NS_PER_S + 250000000})

static struct source_status source;
static struct status_record status;
static char line[RECORD_LINE_SIZE];

static int fill(void **state)
{
    (void)state;
    memset(&source, 0, sizeof source);
    source.state = SOURCE_SELECTED;
    source.prefer = true;
    source.reach = 0x1ff;
    source.poll_log2 = 10;
    source.samples = 16;
    source.runs = 8;
    source.jitter_s = 6.261e-3;
    source.offset_s = 3.247e-3;
    source.last_offset_s = 3e-3;
    source.last_delay_s = 0.2296;
    source.sd_s = 2.22e-3;
    source.freq_s_per_s = -1.874e-6;
    source.freq_sd_s_per_s = 1.08e-6;
    source.distance_s = 0.01;
    source.weight = 0.5;
    source.root_dispersion_s = 7.446e-3;
    source.last_sample.ns = NOW.ns - 2 * NS_PER_S;
    source.packet_receive.ns = NOW.ns;
    source.packet_transmit.ns = NOW.ns + 1000000;
    assert_true(address_parse(&source.address, "203.0.113.15"));
    assert_true(address_parse(&source.local, "192.0.2.7"));
    memset(&status, 0, sizeof status);
    status.sources = &source;
    status.count = 1;
    status.node.now = NOW;
    status.node.stratum = 2;
    status.node.agreeing_count = 3;
    status.node.freq_s_per_s = 3.541e-6;
    status.node.freq_sd_s_per_s = 0.075e-6;
    status.node.last_correction_s = 8.621e-6;
    status.node.rms_correction_s = 3.5e-6;
    status.node.sd_s = 2.94e-4;
    status.node.clock_error_s = -2.084e-4;
    status.node.root_delay_s = 4.21e-2;
    status.node.root_dispersion_s = 2.05e-2;
    status.node.bound_s = 1.1e-1;
    return 0;
}

static struct action_measured measured(enum drop_reason reason)
{
    return (struct action_measured){
        .reason = reason,
        .error_s = -4.966e-3,
        .packet = {.stratum = 2,
                   .mode = 4,
                   .version = 4,
                   .poll_log2 = 9,
                   .precision_log2 = -23,
                   .refid = 0xcb00717b,
                   .root_delay = ntp_short_from_s_up(0.1615),
                   .root_dispersion = ntp_short_from_s_up(0.0074)},
        .sample = {.delay_s = 0.2296, .precision_s = 1.577e-5, .stamp_class = STAMP_KERNEL}};
}

static void columns_of_chrony(void **state)
{
    struct action_measured good = measured(DROP_NONE);
    struct record_answer answer = {&good, &source, NOW};

    (void)state;
    int length = record_measurement(&answer, line);
    assert_int_equal(length, strlen(line));
    assert_string_equal(line, "2026-11-22 05:40:50 203.0.113.15    N  2 111 111 1111  10  9 0.00 "
                              "-4.966e-03  2.296e-01  1.577e-05  1.615e-01  7.401e-03 CB00717B "
                              "4B K K\n");
    source.interleaved = true;
    (void)record_measurement(&answer, line);
    assert_non_null(strstr(line, " 4I K K\n"));
    (void)record_statistics(&source, NOW, line);
    assert_string_equal(line, "2026-11-22 05:40:50 203.0.113.15     6.261e-03 -3.247e-03  "
                              "2.220e-03  1.874e-06  1.080e-06 0.0e+00  16   0   8  0.00\n");
    (void)record_tracking(&status, line);
    assert_string_equal(line, "2026-11-22 05:40:50 203.0.113.15     2     -3.541      0.075 "
                              "-8.621e-06 N  3  2.940e-04 -2.084e-04  4.210e-02  2.050e-02  "
                              "1.100e-01\n");
    (void)record_selection(&source, NOW, line);
    assert_string_equal(line, "2026-11-22 05:40:50 203.0.113.15    * -P---  377  0.50  2.000e+00 "
                              "-6.753e-03  1.325e-02\n");
}

static void a_refused_answer_shows_which_test_it_failed(void **state)
{
    static const struct {
        enum drop_reason reason;
        const char *tests;
    } rows[] = {
        {DROP_ORIGIN, " 101 111 1111 "},         {DROP_FORMAT, " 110 111 1111 "},
        {DROP_BAD_MAC, " 111 011 1111 "},        {DROP_UNSYNCHRONISED, " 111 101 1111 "},
        {DROP_ROOT_DISTANCE, " 111 110 1111 "},  {DROP_DELAY, " 111 111 0111 "},
        {DROP_TEST_DEVIATION, " 111 111 1101 "}, {DROP_LOOP, " 111 111 1110 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct action_measured bad = measured(rows[i].reason);
        struct record_answer answer = {&bad, &source, NOW};

        (void)record_measurement(&answer, line);
        if (!strstr(line, rows[i].tests)) {
            fail_msg("%s instead of %s", line, rows[i].tests);
        }
    }
}

static void each_state_has_chronys_letter(void **state)
{
    static const struct {
        enum source_state state;
        uint32_t samples;
        char letter;
    } rows[] = {
        {SOURCE_COMBINED, 9, '+'}, {SOURCE_TRUECHIMER, 9, '-'},      {SOURCE_FALSETICKER, 9, 'x'},
        {SOURCE_TOO_FAR, 9, 'd'},  {SOURCE_MEASURING, 0, 'M'},       {SOURCE_UNREACHABLE, 9, 'S'},
        {SOURCE_NOSELECT, 9, 'N'}, {SOURCE_UNAUTHENTICATED, 9, 's'},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        source.state = (uint8_t)rows[i].state;
        source.samples = rows[i].samples;
        (void)record_selection(&source, NOW, line);
        assert_int_equal(line[36], rows[i].letter);
    }
}

static void temperatures_in_chronys_columns(void **state)
{
    (void)state;
    status.node.temperature = 26500;
    status.node.tempcomp_s_per_s = 0.3663e-6;
    (void)record_tempcomp(&status.node, line);
    assert_string_equal(line, "2026-11-22 05:40:50  2.6500e+04  3.6630e-01\n");
}

static void columns_of_ntpd(void **state)
{
    struct action_measured good = measured(DROP_NONE);
    struct record_answer answer = {&good, &source, NOW};

    (void)state;
    (void)record_loop(&status, line);
    assert_string_equal(line, "61366 20450.250 0.000008621 3.541 0.000003500 0.075000 10\n");
    (void)record_peer(&source, NOW, line);
    assert_string_equal(line, "61366 20450.250 203.0.113.15 9614 0.003000000 0.229600000 "
                              "0.007446000 0.006261000\n");
    (void)record_raw(&answer, line);
    /* Their mean differences are the offset and the delay again. */
    assert_string_equal(line, "61366 20450.250 203.0.113.15 192.0.2.7 4004314850.140166000 "
                              "4004314850.250000000 4004314850.251000000 4004314850.370766000 "
                              "0 4 4 2 9 -23 0.161514 0.007401 203.0.113.123 0 0 0\n");
    status.node.started.ns = NOW.ns - 7200 * NS_PER_S;
    status.node.server = (struct server_status){.requests = 100, .answers = 90, .kisses = 3};
    status.node.server.drops[DROP_ACCESS] = 4;
    status.node.server.drops[DROP_SHORT] = 1;
    status.node.server.drops[DROP_RATE_LIMIT] = 5;
    (void)record_system(&status.node, line);
    assert_string_equal(line, "61366 20450.250 7200 100 100 90 0 4 1 0 0 5 3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(columns_of_chrony, fill),
        cmocka_unit_test_setup(a_refused_answer_shows_which_test_it_failed, fill),
        cmocka_unit_test_setup(each_state_has_chronys_letter, fill),
        cmocka_unit_test_setup(temperatures_in_chronys_columns, fill),
        cmocka_unit_test_setup(columns_of_ntpd, fill),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
