/* SPDX-License-Identifier: BSD-2-Clause */
/* test_server.c - servers of every character say what their character says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/server.h"

#define MIDNIGHT_NS (INT64_C(20634) * 86400 * NS_PER_S)
#define DAY_S 86400.0

/* The world begins one day before the midnight of the leap. */
static struct utc_scale scale_of(int leap)
{
    return (struct utc_scale){
        .epoch = {MIDNIGHT_NS - 86400 * NS_PER_S}, .leap = leap, .day_end = {MIDNIGHT_NS}};
}

struct reply {
    unsigned count;
    struct ntp_packet packet; /* the last of them */
    struct server_answer answers[SERVER_ANSWERS_MAX];
};

static struct reply ask(struct server *server, const struct utc_scale *utc, double s,
                        double since_last_s)
{
    struct ntp_packet packet = {
        .version = 4, .mode = NTP_MODE_CLIENT, .transmit.raw = 0x123456789abcdef0 + (uint64_t)s};
    uint8_t bytes[NTP_HEADER_SIZE];
    struct reply reply;

    ntp_packet_encode(&packet, bytes);
    reply.count = server_answer(server, utc,
                                &(struct server_request){.arrived = true_time_from_s(s),
                                                         .since_last_s = since_last_s,
                                                         .bytes = bytes,
                                                         .size = sizeof bytes},
                                reply.answers);
    if (reply.count > 0) {
        assert_int_equal(
            ntp_packet_decode(&reply.packet, reply.answers[reply.count - 1].bytes, NTP_HEADER_SIZE),
            DROP_NONE);
        assert_true(reply.packet.origin.raw == packet.transmit.raw);
    }
    return reply;
}

/* T2 of an answer, minus UTC, s. */
static double error_at(const struct server_options *options, const struct utc_scale *utc, double s)
{
    struct server server;

    server_init(&server, options, prng_stream(2, PRNG_SERVER, 0));
    struct reply reply = ask(&server, utc, s, -1);
    return ntp_ts_diff_s(reply.packet.receive,
                         ntp_ts_from_utc(utc_scale_at(utc, true_time_from_s(s))));
}

static void clocks_are_wrong_by_what_was_asked(void **state)
{
    (void)state;
    const struct utc_scale plain = scale_of(0);
    const struct {
        struct server_options options;
        double at_s, error_s;
    } rows[] = {
        {{.stratum = 1}, 100, 0},
        {{.stratum = 1, .error_s = 0.2}, 100, 0.2},
        {{.stratum = 1, .drift_s_per_s = 1e-5}, 1000, 0.01},
        {{.stratum = 1, .jump_s = -3, .jump_at = {500 * NS_PER_S}}, 499, 0},
        {{.stratum = 1, .jump_s = -3, .jump_at = {500 * NS_PER_S}}, 501, -3},
        {{.stratum = 1, .sawtooth_s = 1e-3, .sawtooth_period_s = 100}, 125, -5e-4},
        {{.stratum = 1, .granularity_s = 0.015625}, 100.01, -0.01},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(fabs(error_at(&rows[i].options, &plain, rows[i].at_s) - rows[i].error_s) <
                    2e-9);
    }
}

static void leap_seconds_are_met_in_five_ways(void **state)
{
    (void)state;
    static const struct {
        enum leap_character leap;
        int sign;
        double at_s, error_s;
        uint8_t announced;
    } rows[] = {
        {SERVER_LEAPS, 1, 0.5 * DAY_S, 0, NTP_LEAP_INSERT},
        {SERVER_LEAPS, -1, 0.5 * DAY_S, 0, NTP_LEAP_DELETE},
        {SERVER_LEAPS, 1, DAY_S + 1, 0, NTP_LEAP_NONE},
        {SERVER_LEAPS_SILENTLY, 1, 0.5 * DAY_S, 0, NTP_LEAP_NONE},
        {SERVER_IGNORES_LEAP, 1, DAY_S - 10, 0, NTP_LEAP_NONE},
        {SERVER_IGNORES_LEAP, 1, DAY_S + 10, 1, NTP_LEAP_NONE},
        {SERVER_IGNORES_LEAP, -1, DAY_S + 10, -1, NTP_LEAP_NONE},
        {SERVER_SMEARS, 1, 0.5 * DAY_S, 0, NTP_LEAP_NONE},
        {SERVER_SMEARS, 1, 0.75 * DAY_S, -0.25, NTP_LEAP_NONE},
        {SERVER_SMEARS, 1, 1.25 * DAY_S, 0.25, NTP_LEAP_NONE},
        {SERVER_SMEARS, 1, 1.5 * DAY_S + 1, 0, NTP_LEAP_NONE},
        {SERVER_CRIES_LEAP, 0, 0.5 * DAY_S, 0, NTP_LEAP_INSERT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct utc_scale utc = scale_of(rows[i].sign);
        const struct server_options options = {.stratum = 1, .leap = rows[i].leap};
        struct server server;
        server_init(&server, &options, prng_stream(2, PRNG_SERVER, 0));
        assert_true(fabs(error_at(&options, &utc, rows[i].at_s) - rows[i].error_s) < 1e-5);
        assert_int_equal(ask(&server, &utc, rows[i].at_s, -1).packet.leap, rows[i].announced);
    }
}

static void refusals_come_in_their_time(void **state)
{
    (void)state;
    const struct utc_scale utc = scale_of(0);
    const struct period middle = {{100 * NS_PER_S}, {200 * NS_PER_S}};
    struct server_options options = server_options_honest();
    struct server server;

    options.silent = middle;
    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    assert_int_equal(ask(&server, &utc, 99, -1).count, 1);
    assert_int_equal(ask(&server, &utc, 100, 1).count, 0);
    assert_int_equal(ask(&server, &utc, 200, 100).count, 1);

    options = server_options_honest();
    options.unsynchronised = middle;
    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    assert_int_equal(ask(&server, &utc, 150, -1).packet.leap, NTP_LEAP_UNSYNC);
    assert_int_equal(ask(&server, &utc, 250, 1).packet.leap, NTP_LEAP_NONE);

    options = server_options_honest();
    options.kod = middle;
    options.kiss = KISS_DENY;
    options.rate_limit_s = 8;
    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    struct reply kissed = ask(&server, &utc, 150, -1);
    assert_int_equal(kissed.packet.stratum, 0);
    assert_true(kissed.packet.refid == KISS_DENY);
    assert_true(ask(&server, &utc, 300, 7.9).packet.refid == KISS_RATE);
    assert_int_equal(ask(&server, &utc, 308, 8.1).packet.stratum, 1);
}

static void a_replaying_server_sends_its_last_answer_first(void **state)
{
    (void)state;
    const struct utc_scale utc = scale_of(0);
    struct server_options options = server_options_honest();
    struct server server;

    options.replay = 1;
    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    struct reply first = ask(&server, &utc, 10, -1);
    struct reply second = ask(&server, &utc, 20, 10);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 2);
    assert_memory_equal(second.answers[0].bytes, first.answers[0].bytes, NTP_HEADER_SIZE);
}

static void an_answer_may_claim_to_have_left_too_early(void **state)
{
    (void)state;
    const struct utc_scale utc = scale_of(0);
    const struct server_options options = {.stratum = 1, .backwards_s = 0.01};
    struct server server;

    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    struct reply reply = ask(&server, &utc, 10, -1);
    assert_true(fabs(ntp_ts_diff_s(reply.packet.transmit, reply.packet.receive) + 0.01) < 1e-8);
}

static void what_is_no_request_gets_no_answer(void **state)
{
    (void)state;
    const struct utc_scale utc = scale_of(0);
    const struct server_options options = server_options_honest();
    struct server_answer answers[SERVER_ANSWERS_MAX];
    struct server server;
    uint8_t bytes[NTP_HEADER_SIZE] = {0x24}; /* mode 4 */

    server_init(&server, &options, prng_stream(1, PRNG_SERVER, 0));
    assert_int_equal(
        server_answer(&server, &utc, &(struct server_request){.bytes = bytes, .size = 48}, answers),
        0);
    bytes[0] = 0x23;
    assert_int_equal(
        server_answer(&server, &utc, &(struct server_request){.bytes = bytes, .size = 47}, answers),
        0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_are_wrong_by_what_was_asked),
        cmocka_unit_test(leap_seconds_are_met_in_five_ways),
        cmocka_unit_test(refusals_come_in_their_time),
        cmocka_unit_test(a_replaying_server_sends_its_last_answer_first),
        cmocka_unit_test(an_answer_may_claim_to_have_left_too_early),
        cmocka_unit_test(what_is_no_request_gets_no_answer),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
