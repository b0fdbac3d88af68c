/* SPDX-License-Identifier: BSD-2-Clause */
/* The published line as the program in the network driver gets it: scaled integers, or nothing. */
#include "daemon/xdp_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "wire/ntp_packet.h"

static const struct steady_time now = {INT64_C(5000) * NS_PER_S};
static const int64_t promise_ns = XDP_PROMISE_MS * INT64_C(1000000);

static struct time_line line_default(void)
{
    return (struct time_line){.from = {INT64_C(4990) * NS_PER_S},
                              .utc = {INT64_C(1790000000) * NS_PER_S},
                              .rate = -25e-6,
                              .bound_s = 0.010,
                              .growth_s_per_s = 1e-6,
                              .void_after = {INT64_C(5040) * NS_PER_S},
                              .root_delay_s = 0.004,
                              .reference = {INT64_C(1789999999) * NS_PER_S},
                              .refid = 0xc0000201,
                              .leap = NTP_LEAP_INSERT,
                              .stratum = 15,
                              .precision_log2 = -20,
                              .synchronised = true};
}

static void numbers_are_those_of_the_line(void **state)
{
    const struct time_line line = line_default();
    struct xdp_line out = xdp_feed_line(&line, false, now);

    (void)state;
    assert_int_equal(out.from_ns, now.ns);
    assert_int_equal(out.until_ns, now.ns + promise_ns);
    /* Ten seconds along the line, 250 us less; NTP counts from 1900. */
    assert_true(out.utc_ns ==
                INT64_C(1790000010) * NS_PER_S - 250000 + INT64_C(2208988800) * NS_PER_S);
    assert_true(fabs((double)out.rate / 4294967296.0 + 25e-6) < 1e-9);
    /* The bound of then, its growth, without half of the delay; reading the clock. */
    double dispersion_s = 0.010 + 10e-6 - 0.002 + ldexp(1, -20);
    assert_true(fabs(ldexp((double)out.dispersion, -48) - dispersion_s) < 1e-12);
    assert_true(fabs(ldexp((double)out.growth, -48 - XDP_GROWTH_SHIFT) * 1e9 - 1e-6) < 1e-9);
    assert_true(out.reference >> 32 == 1789999999U + 2208988800U);
    assert_in_range(out.root_delay, 0.004 * 65536, 0.004 * 65536 + 1);
    assert_int_equal(out.refid, 0xc0000201);
    assert_int_equal(out.leap, NTP_LEAP_INSERT);
    assert_int_equal(out.stratum, 15);
    assert_int_equal((int8_t)out.precision, -20);
}

static void a_line_that_is_void_sooner_is_served_no_longer(void **state)
{
    struct time_line line = line_default();

    (void)state;
    line.void_after.ns = now.ns + 1000;
    assert_int_equal(xdp_feed_line(&line, false, now).until_ns, now.ns + 1000);
    line.void_after.ns = now.ns;
    assert_int_equal(xdp_feed_line(&line, false, now).until_ns, 0);
}

static void what_must_not_be_served_is_not(void **state)
{
    struct row {
        const char *what;
        struct time_line line;
        bool draining;
    } rows[12];
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        rows[i].line = line_default();
        rows[i].draining = false;
    }
    rows[count].what = "draining";
    rows[count++].draining = true;
    rows[count].what = "not synchronised";
    rows[count++].line.synchronised = false;
    rows[count].what = "leap 3";
    rows[count++].line.leap = NTP_LEAP_UNSYNC;
    rows[count].what = "stratum 0";
    rows[count++].line.stratum = 0;
    rows[count].what = "stratum 16";
    rows[count++].line.stratum = 16;
    rows[count].what = "a rate that the integers can't hold";
    rows[count++].line.rate = 0.2;
    rows[count].what = "the same, backwards";
    rows[count++].line.rate = -0.2;
    rows[count].what = "a rate that is none";
    rows[count++].line.rate = NAN;
    rows[count].what = "a growth that the integers can't hold";
    rows[count++].line.growth_s_per_s = 0.02;
    rows[count].what = "a bound that shrinks";
    rows[count++].line.growth_s_per_s = -1e-9;
    rows[count].what = "a growth that is none";
    rows[count++].line.growth_s_per_s = NAN;
    rows[count].what = "more than 16 s of dispersion";
    rows[count++].line.bound_s = 16.1;
    for (unsigned i = 0; i < count; i++) {
        if (xdp_feed_line(&rows[i].line, rows[i].draining, now).until_ns != 0) {
            fail_msg("served: %s", rows[i].what);
        }
    }
}

static void without_a_program_there_is_nothing_to_do(void **state)
{
    const struct time_line line = line_default();
    struct server_status status;
    struct xdp_feed feed;

    (void)state;
    memset(&status, 0, sizeof status);
    xdp_feed_open(&feed, -1, -1, -1);
    xdp_feed_give(&feed, &line, false, now);
    assert_true(xdp_feed_wait(&feed, now).ns < 0);
    xdp_feed_count(&feed, &status);
    assert_int_equal(status.requests, 0);
    assert_int_equal(status.driver_native, 0);
}

static void it_is_renewed_several_times_within_its_promise(void **state)
{
    static struct xdp_lines lines;
    static struct xdp_counters counters[XDP_CPUS];
    static struct xdp_settings settings;
    struct xdp_feed feed = {.lines = &lines, .counters = counters, .settings = &settings};
    struct time_line line = line_default();
    struct server_status status;

    (void)state;
    xdp_feed_give(&feed, &line, false, now);
    assert_int_equal(lines.index, 1);
    assert_int_equal(lines.line[1].from_ns, now.ns);
    int64_t wait_ns = xdp_feed_wait(&feed, now).ns;
    assert_in_range(wait_ns, 1, promise_ns / 3);
    assert_int_equal(xdp_feed_wait(&feed, (struct steady_time){now.ns + wait_ns}).ns, 0);
    line.synchronised = false;
    xdp_feed_give(&feed, &line, false, now);
    assert_int_equal(lines.line[0].until_ns, 0);
    assert_true(xdp_feed_wait(&feed, now).ns < 0); /* what is not served need not be renewed */
    counters[0] = (struct xdp_counters){.requests = 10, .answers = 6, .refused = 3, .limited = 1};
    counters[XDP_CPUS - 1] =
        (struct xdp_counters){.requests = 5, .answers = 4, .limited = 1, .kisses = 1};
    settings.cards[0].index = 2;
    settings.cards[7] = (struct xdp_card){.index = 9, .generic = 1};
    memset(&status, 0, sizeof status);
    status.requests = 100;
    xdp_feed_count(&feed, &status);
    assert_int_equal(status.requests, 115);
    assert_int_equal(status.answers, 10);
    assert_int_equal(status.driver_answers, 10);
    assert_int_equal(status.drops[DROP_ACCESS], 3);
    assert_int_equal(status.drops[DROP_RATE_LIMIT], 2);
    assert_int_equal(status.kisses, 1);
    assert_int_equal(status.driver_native, 1);
    assert_int_equal(status.driver_generic, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_line),
        cmocka_unit_test(a_line_that_is_void_sooner_is_served_no_longer),
        cmocka_unit_test(what_must_not_be_served_is_not),
        cmocka_unit_test(without_a_program_there_is_nothing_to_do),
        cmocka_unit_test(it_is_renewed_several_times_within_its_promise),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
