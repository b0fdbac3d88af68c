/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "unit/client/exchange_bench.h"

static const struct exchange_request interleaving = {.version = 4, .interleaved = true};

/* A server of RFC 9769: its transmit stamp proper is 5 ms after the one it announces. */
static struct ntp_packet interleaved_reply(const struct ntp_packet *request, int64_t in_ns,
                                           int64_t previous_out_ns)
{
    struct ntp_packet reply = reply_to(request, in_ns, previous_out_ns + 5 * MS);

    reply.origin = request->receive;
    return reply;
}

static void an_interleaved_reply_measures_the_exchange_before(void **state)
{
    struct bench bench = bench_start();
    struct exchange_result result;
    struct ntp_packet reply;

    (void)state;
    /* Nothing to build on yet: an ordinary request, measured with the announced time. */
    ask_how(&bench, 0, &interleaving);
    assert_true(bench.request.origin.raw == 0 && bench.request.receive.raw == 0);
    reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    result = deliver(&bench, &reply, 25 * MS);
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(fabs(result.sample.delay_s - 0.025) < 1e-9);

    /* The first interleaved reply is about an exchange that was measured. */
    ask_how(&bench, 1000 * MS, &interleaving);
    assert_true(bench.request.origin.raw == reply.receive.raw);
    assert_true(bench.request.receive.raw != 0);
    assert_true(bench.request.receive.raw != bench.request.transmit.raw);
    reply = interleaved_reply(&bench.request, 1010 * MS, 10 * MS);
    result = deliver(&bench, &reply, 1025 * MS);
    assert_int_equal(result.outcome, EXCHANGE_ANSWERED);

    /* From then on each tells when the one before really left. */
    ask_how(&bench, 2000 * MS, &interleaving);
    reply = interleaved_reply(&bench.request, 2010 * MS, 1010 * MS);
    reply.root_delay.raw = 7777; /* of now, not of then */
    result = deliver(&bench, &reply, 2025 * MS);
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(result.interleaved);
    assert_true(fabs(result.sample.delay_s - 0.020) < 1e-9);
    assert_true(fabs(result.sample.offset_s - server_ahead_s) < 1e-9);
    assert_true(result.sample.when.ns == 1000 * MS + 25 * MS / 2);
    assert_true(result.sample.root_delay_s == (0x10000 / 100) / 65536.0);
}

static void a_server_that_was_set_since_its_last_reply_is_believed(void **state)
{
    struct bench bench = bench_start();
    struct exchange_result result;
    struct ntp_packet reply;

    (void)state;
    ask_how(&bench, 0, &interleaving);
    reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    (void)deliver(&bench, &reply, 25 * MS);
    ask_how(&bench, 60000 * MS, &interleaving);
    reply = interleaved_reply(&bench.request, 60010 * MS, 10 * MS);
    /* Long after the departure that is told, a second before the request came. */
    reply.reference.raw = reply.receive.raw - (UINT64_C(1) << 32);
    result = deliver(&bench, &reply, 60025 * MS);
    assert_int_equal(result.outcome, EXCHANGE_ANSWERED);
}

static void interleaved_mode_falls_back_and_survives_losses(void **state)
{
    struct bench bench = bench_start();
    struct exchange_result result;
    struct ntp_packet reply;

    (void)state;
    ask_how(&bench, 0, &interleaving);
    reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    deliver(&bench, &reply, 20 * MS);
    /* A server that does not know the mode answers as usual. */
    ask_how(&bench, 1000 * MS, &interleaving);
    reply = reply_to(&bench.request, 1010 * MS, 1010 * MS);
    result = deliver(&bench, &reply, 1020 * MS);
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_false(result.interleaved);
    struct ntp_ts known = reply.receive;
    /* A lost reply: the next request still refers to the last one that came. */
    ask_how(&bench, 2000 * MS, &interleaving);
    ask_how(&bench, 3000 * MS, &interleaving);
    assert_true(bench.request.origin.raw == known.raw);
    /* After a step of the clock nothing is known. */
    exchange_spoil(&bench.exchange);
    ask_how(&bench, 4000 * MS, &interleaving);
    assert_true(bench.request.origin.raw == 0 && bench.request.receive.raw == 0);
    /* Version 3 has no such mode. */
    reply = reply_to(&bench.request, 4010 * MS, 4010 * MS);
    assert_int_equal(deliver(&bench, &reply, 4020 * MS).outcome, EXCHANGE_SAMPLE);
    ask_how(&bench, 5000 * MS, &(struct exchange_request){.version = 3, .interleaved = true});
    assert_true(bench.request.receive.raw == 0);
    assert_int_equal(bench.request.version, 3);
}

static void an_interleaved_reply_uses_a_transmit_stamp_that_came_late(void **state)
{
    struct bench bench = bench_start();
    struct ntp_packet reply;
    uint32_t second;

    (void)state;
    ask_how(&bench, 0, &interleaving);
    reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    deliver(&bench, &reply, 25 * MS);
    ask_how(&bench, 1000 * MS, &interleaving);
    second = bench.sequence;
    reply = interleaved_reply(&bench.request, 1010 * MS, 10 * MS);
    deliver(&bench, &reply, 1025 * MS);
    struct local_stamp kernel = stamp_at(1002 * MS, STAMP_KERNEL);
    exchange_sent(&bench.exchange, second, &kernel);
    ask_how(&bench, 2000 * MS, &interleaving);
    reply = interleaved_reply(&bench.request, 2010 * MS, 1010 * MS);
    struct exchange_result result = deliver(&bench, &reply, 2025 * MS);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(fabs(result.sample.delay_s - 0.018) < 1e-9);
    assert_int_equal(result.sample.stamp_class, STAMP_KERNEL);
}

static void a_refused_answer_ends_the_chain(void **state)
{
    struct bench bench = bench_start();
    struct ntp_packet reply;

    (void)state;
    ask_how(&bench, 0, &interleaving);
    reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    deliver(&bench, &reply, 20 * MS);
    ask_how(&bench, 1000 * MS, &interleaving);
    assert_true(bench.request.origin.raw != 0);
    reply = interleaved_reply(&bench.request, 1010 * MS, 10 * MS);
    reply.leap = NTP_LEAP_UNSYNC;
    assert_int_equal(deliver(&bench, &reply, 1020 * MS).reason, DROP_UNSYNCHRONISED);
    ask_how(&bench, 2000 * MS, &interleaving);
    assert_true(bench.request.origin.raw == 0);
}

static void a_reply_whose_arrival_is_unknown_ends_the_chain(void **state)
{
    struct bench bench = bench_start();
    struct local_stamp unknown = {{20 * MS}, 0, STAMP_KERNEL, false};
    uint8_t bytes[NTP_HEADER_SIZE];

    (void)state;
    ask_how(&bench, 0, &interleaving);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    ntp_packet_encode(&reply, bytes);
    assert_int_equal(
        exchange_receive(&bench.exchange, &bench.limits, bytes, sizeof bytes, &unknown).reason,
        DROP_AMBIGUOUS_STAMP);
    ask_how(&bench, 1000 * MS, &interleaving);
    assert_true(bench.request.origin.raw == 0);
}

static void only_stamps_of_the_last_exchange_touch_it(void **state)
{
    struct local_stamp kernel = stamp_at(1003 * MS, STAMP_KERNEL);
    struct local_stamp unknown = {{0}, 0, STAMP_KERNEL, false};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench bench = bench_start();
        struct ntp_packet reply;

        ask_how(&bench, 0, &interleaving);
        reply = reply_to(&bench.request, 10 * MS, 10 * MS);
        deliver(&bench, &reply, 20 * MS);
        ask_how(&bench, 1000 * MS, &interleaving);
        reply = interleaved_reply(&bench.request, 1010 * MS, 10 * MS);
        deliver(&bench, &reply, 1025 * MS);
        if (i == 1) {
            exchange_sent(&bench.exchange, bench.sequence - 1, &kernel); /* of the one before */
            exchange_sent(&bench.exchange, bench.sequence - 1, &unknown);
        } else if (i == 2) {
            exchange_sent(&bench.exchange, bench.sequence, &unknown);
        }
        ask_how(&bench, 2000 * MS, &interleaving);
        assert_int_equal(bench.request.origin.raw != 0, i < 2);
        if (i < 2) {
            reply = interleaved_reply(&bench.request, 2010 * MS, 1010 * MS);
            struct exchange_result result = deliver(&bench, &reply, 2025 * MS);

            assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
            assert_true(fabs(result.sample.delay_s - 0.020) < 1e-9);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interleaved_reply_measures_the_exchange_before),
        cmocka_unit_test(a_server_that_was_set_since_its_last_reply_is_believed),
        cmocka_unit_test(interleaved_mode_falls_back_and_survives_losses),
        cmocka_unit_test(an_interleaved_reply_uses_a_transmit_stamp_that_came_late),
        cmocka_unit_test(a_refused_answer_ends_the_chain),
        cmocka_unit_test(a_reply_whose_arrival_is_unknown_ends_the_chain),
        cmocka_unit_test(only_stamps_of_the_last_exchange_touch_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
