/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "unit/client/exchange_bench.h"

static void a_request_shows_nothing_but_random_bits(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 5 * NS_PER_S);
    assert_int_equal(bench.request.version, 4);
    assert_int_equal(bench.request.mode, NTP_MODE_CLIENT);
    assert_true(bench.request.transmit.raw == 1001);
    bench.request.version = 0;
    bench.request.mode = 0;
    bench.request.transmit.raw = 0;
    assert_memory_equal(&bench.request, &(struct ntp_packet){0}, sizeof bench.request);
}

static void a_reply_gives_offset_delay_and_what_the_server_announced(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 11 * MS);
    struct exchange_result result = deliver(&bench, &reply, 41 * MS);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(result.matched);
    assert_int_equal(result.sequence, bench.sequence);
    /* 10 ms out, 30 ms back: the middle of the exchange is 10 ms off. */
    assert_true(fabs(result.sample.offset_s - (server_ahead_s - 0.010)) < 1e-9);
    assert_true(fabs(result.sample.delay_s - 0.040) < 1e-9);
    assert_true(result.sample.when.ns == 41 * MS / 2);
    assert_true(result.sample.root_delay_s == (0x10000 / 100) / 65536.0);
    assert_true(result.sample.root_dispersion_s == (0x10000 / 50) / 65536.0);
    assert_int_equal(result.sample.stratum, 2);
    assert_int_equal(result.sample.kind, SAMPLE_TWO_WAY);
    assert_int_equal(result.sample.stamp_class, STAMP_USER);
    assert_false(result.sample.authenticated);
}

static void options_shift_the_offset_and_raise_the_stratum(void **state)
{
    struct bench bench = bench_start();
    struct source_options options = {.max_delay_s = 3.0, .offset_s = 0.5, .min_stratum = 7};

    (void)state;
    bench.limits.options = &options;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    struct exchange_result result = deliver(&bench, &reply, 20 * MS);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(fabs(result.sample.offset_s - (server_ahead_s + 0.5)) < 1e-9);
    assert_int_equal(result.sample.stratum, 7);
}

static void our_own_frequency_error_is_taken_out_of_the_delay(void **state)
{
    struct bench bench = bench_start();
    struct estimate estimate = {.freq_s_per_s = 1e-4, .samples = 2};

    (void)state;
    bench.limits.estimate = &estimate;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 500 * MS, 500 * MS);
    struct exchange_result result = deliver(&bench, &reply, 1000 * MS);

    assert_true(fabs(result.sample.delay_s - 1.0001) < 1e-9);
}

/* The edge of NTP era 0 is on 7 February 2036, 06:28:16 UTC. */
static void an_exchange_across_the_edge_of_the_era_is_measured(void **state)
{
    const int64_t edge_ns = (INT64_C(4294967296) - NTP_UNIX_EPOCH_S) * NS_PER_S;
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 0, 0);
    bench.limits.utc.ns = edge_ns;
    bench.limits.base_ns = edge_ns;
    reply.receive = ntp_ts_from_utc((struct utc_time){edge_ns - 5 * MS});
    reply.transmit = ntp_ts_from_utc((struct utc_time){edge_ns + 5 * MS});
    reply.reference = ntp_ts_from_utc((struct utc_time){edge_ns - NS_PER_S});
    struct exchange_result result = deliver(&bench, &reply, 40 * MS);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(fabs(result.sample.offset_s + 0.020) < 1e-8);
    assert_true(fabs(result.sample.delay_s - 0.030) < 1e-8);
}

/* One field of a reply, replaced. */
struct change {
    size_t offset;
    size_t size;
    uint64_t value;
};

static void apply(struct ntp_packet *reply, const struct change *change)
{
    uint8_t *at = (uint8_t *)reply + change->offset;
    uint8_t octet = (uint8_t)change->value;
    uint32_t word = (uint32_t)change->value;

    memcpy(at,
           change->size == 1   ? (const void *)&octet
           : change->size == 4 ? (const void *)&word
                               : (const void *)&change->value,
           change->size);
}

#define SET(field, value)                                                                          \
    {                                                                                              \
        offsetof(struct ntp_packet, field), sizeof((struct ntp_packet){0}.field), (value)          \
    }
#define SECONDS(n) ((uint64_t)(n) << 32)
#define KISS(a, b, c, d)                                                                           \
    SET(leap, 3), SET(stratum, 0),                                                                 \
        SET(refid, (uint64_t)(a) << 24 | (uint64_t)(b) << 16 | (uint64_t)(c) << 8 | (d))

static void each_test_of_a_reply_has_its_reason(void **state)
{
    const uint64_t t2 = server_time(10 * MS).raw, t3 = server_time(11 * MS).raw;
    const struct {
        const char *what;
        enum drop_reason reason;
        bool matched; /* proves that the server is there */
        struct change changes[3];
    } rows[] = {
        {"an honest reply", DROP_NONE, true, {{0}}},
        {"version 3", DROP_NONE, true, {SET(version, 3)}},
        {"a leap second announced", DROP_NONE, true, {SET(leap, NTP_LEAP_INSERT)}},
        {"stratum 1 named like our address",
         DROP_NONE,
         true,
         {SET(stratum, 1), SET(refid, 0x0a000002)}},
        {"follows a server of this machine", DROP_NONE, true, {SET(refid, 0x7f000001)}},
        {"no reference time", DROP_NONE, true, {SET(reference, 0)}},
        {"set 13 days ago", DROP_NONE, true, {SET(reference, t3 - SECONDS(13 * 86400))}},
        {"set back by a leap second", DROP_NONE, true, {SET(reference, t3 + SECONDS(1))}},
        {"nonsense precision", DROP_NONE, true, {SET(precision_log2, 127)}},
        {"mode 3", DROP_MODE, false, {SET(mode, NTP_MODE_CLIENT)}},
        {"mode 5", DROP_MODE, false, {SET(mode, NTP_MODE_BROADCAST)}},
        {"version 0", DROP_VERSION, false, {SET(version, 0)}},
        {"version 5", DROP_VERSION, false, {SET(version, 5)}},
        {"another origin", DROP_ORIGIN, false, {SET(origin, 1000)}},
        {"origin zero", DROP_ORIGIN, false, {SET(origin, 0)}},
        {"leap 3", DROP_UNSYNCHRONISED, true, {SET(leap, 3)}},
        {"leap 3, stratum 0",
         DROP_UNSYNCHRONISED,
         true,
         {SET(leap, 3), SET(stratum, 0), SET(refid, 0)}},
        {"INIT", DROP_UNSYNCHRONISED, true, {KISS('I', 'N', 'I', 'T')}},
        {"stratum 16", DROP_STRATUM, true, {SET(stratum, 16)}},
        {"stratum 0 without a code", DROP_STRATUM, true, {SET(stratum, 0), SET(refid, 0x7f000001)}},
        {"RATE", DROP_KOD_RATE, true, {KISS('R', 'A', 'T', 'E')}},
        {"DENY", DROP_KOD_DENY, true, {KISS('D', 'E', 'N', 'Y')}},
        {"RSTR", DROP_KOD_DENY, true, {KISS('R', 'S', 'T', 'R')}},
        {"another code", DROP_KOD_OTHER, true, {SET(stratum, 0), SET(refid, 0x42435354)}},
        {"T3 zero", DROP_SERVER_TIME, true, {SET(transmit, 0)}},
        {"T2 zero", DROP_SERVER_TIME, true, {SET(receive, 0)}},
        {"T3 before T2", DROP_SERVER_TIME, true, {SET(transmit, t2 - SECONDS(1) / 256)}},
        {"five seconds in the server", DROP_SERVER_TIME, true, {SET(transmit, t2 + SECONDS(5))}},
        {"root dispersion 16 s", DROP_ROOT_DISTANCE, true, {SET(root_dispersion, 16 << 16)}},
        {"root delay 32 s", DROP_ROOT_DISTANCE, true, {SET(root_delay, 32 << 16)}},
        {"set after it answered", DROP_REFERENCE_TIME, true, {SET(reference, t3 + SECONDS(3))}},
        {"set a month ago", DROP_REFERENCE_TIME, true, {SET(reference, t3 - SECONDS(30 * 86400))}},
        {"follows us", DROP_LOOP, true, {SET(refid, 0x0a000002)}},
        {"follows our first address", DROP_LOOP, true, {SET(refid, 0x0a000001)}},
        {"faster than its own part",
         DROP_NEGATIVE_DELAY,
         true,
         {SET(transmit, t2 + SECONDS(1) / 2)}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();

        ask(&bench, 0);
        struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 11 * MS);
        for (unsigned k = 0; k < 3 && rows[i].changes[k].size > 0; k++) {
            apply(&reply, &rows[i].changes[k]);
        }
        struct exchange_result result = deliver(&bench, &reply, 21 * MS);

        if (result.reason != rows[i].reason || result.matched != rows[i].matched) {
            fail_msg("%s: %s, expected %s; matched %d", rows[i].what, drop_word(result.reason),
                     drop_word(rows[i].reason), result.matched);
        }
        assert_int_equal(result.outcome,
                         rows[i].reason == DROP_NONE ? EXCHANGE_SAMPLE : EXCHANGE_DROPPED);
    }
}

static void a_reply_is_accepted_once_even_if_it_was_refused(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 11 * MS);
    assert_int_equal(deliver(&bench, &reply, 21 * MS).outcome, EXCHANGE_SAMPLE);
    assert_int_equal(deliver(&bench, &reply, 22 * MS).reason, DROP_ORIGIN);
    assert_true(exchange_idle(&bench.exchange));

    ask(&bench, NS_PER_S);
    reply = reply_to(&bench.request, NS_PER_S, NS_PER_S);
    reply.leap = NTP_LEAP_UNSYNC;
    assert_int_equal(deliver(&bench, &reply, NS_PER_S + MS).reason, DROP_UNSYNCHRONISED);
    reply.leap = NTP_LEAP_NONE;
    assert_int_equal(deliver(&bench, &reply, NS_PER_S + MS).reason, DROP_ORIGIN);
}

static void replies_to_the_last_four_requests_are_accepted_in_any_order(void **state)
{
    struct bench bench = bench_start();
    struct ntp_packet replies[5];

    (void)state;
    for (int i = 0; i < 5; i++) {
        ask(&bench, i * 100 * MS);
        replies[i] = reply_to(&bench.request, i * 100 * MS + 10 * MS, i * 100 * MS + 10 * MS);
    }
    for (int i = 4; i >= 1; i--) {
        struct exchange_result result = deliver(&bench, &replies[i], 600 * MS);

        assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
        assert_int_equal(result.sequence, i + 1);
        assert_true(result.asked.ns == i * 100 * MS);
    }
    assert_int_equal(deliver(&bench, &replies[0], 600 * MS).reason, DROP_ORIGIN);
}

static void datagrams_of_odd_sizes_are_refused(void **state)
{
    static const struct {
        size_t size;
        enum drop_reason reason;
    } rows[] = {
        {0, DROP_SHORT}, {1, DROP_SHORT}, {47, DROP_SHORT}, {49, DROP_FORMAT}, {50, DROP_FORMAT},
        {48, DROP_NONE}, {52, DROP_NONE}, {68, DROP_NONE},  {1024, DROP_NONE}, {1028, DROP_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();
        uint8_t bytes[2048] = {0};
        struct local_stamp received = stamp_at(20 * MS, STAMP_USER);

        ask(&bench, 0);
        struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
        ntp_packet_encode(&reply, bytes);
        assert_int_equal(
            exchange_receive(&bench.exchange, &bench.limits, bytes, rows[i].size, &received).reason,
            rows[i].reason);
    }
}

static void root_distance_is_limited_as_configured(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    bench.limits.max_distance_s = 1.0;
    ask(&bench, 0);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    reply.root_delay.raw = 1 << 16;
    reply.root_dispersion.raw = (1 << 15) + 1;
    assert_int_equal(deliver(&bench, &reply, 20 * MS).reason, DROP_ROOT_DISTANCE);
    ask(&bench, NS_PER_S);
    reply.origin = bench.request.transmit;
    reply.root_dispersion.raw = 1 << 15;
    assert_int_not_equal(deliver(&bench, &reply, 20 * MS).reason, DROP_ROOT_DISTANCE);
}

static void delays_are_limited_as_configured(void **state)
{
    static const struct {
        struct source_options options;
        int delay_ms;
        enum drop_reason reason;
    } rows[] = {
        {{.max_delay_s = 0.1}, 99, DROP_NONE},
        {{.max_delay_s = 0.1}, 101, DROP_DELAY},
        {{.max_delay_ratio = 2}, 19, DROP_NONE},
        {{.max_delay_ratio = 2}, 21, DROP_DELAY},
        {{.max_delay_dev_ratio = 10}, 28, DROP_NONE},
        {{.max_delay_dev_ratio = 10}, 34, DROP_TEST_DEVIATION},
        {{.max_delay_s = 0}, 2000, DROP_NONE},
    };
    /* Floor 10 ms, jitter 1 ms. */
    struct estimate estimate = {.floor_s = 0.010,
                                .jitter_s = 0.001,
                                .samples = 20,
                                .offset_s = server_ahead_s,
                                .var_offset_s2 = 1e-12};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();
        int64_t half_ns = (int64_t)rows[i].delay_ms * MS / 2;

        bench.limits.options = &rows[i].options;
        bench.limits.estimate = &estimate;
        ask(&bench, 0);
        struct ntp_packet reply = reply_to(&bench.request, half_ns, half_ns);
        enum drop_reason reason = deliver(&bench, &reply, 2 * half_ns).reason;
        if (reason != rows[i].reason) {
            fail_msg("row %zu: %s", i, drop_word(reason));
        }
    }
}

/* Delays like those of a loaded path: of all of them so many pass, also after the path has changed.
 */
static void a_quantile_of_delays_lets_its_share_pass(void **state)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.9};

    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        const struct source_options options = {.max_delay_quantile = shares[i]};
        struct bench bench = bench_start();
        uint64_t draw = 12345 + i;
        unsigned passed = 0, counted = 0;

        bench.limits.options = &options;
        for (unsigned n = 0; n < 6000; n++) {
            draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            /* The smaller of waits has a long tail; from the middle on the path is longer. */
            double u = (double)(draw >> 33) / (double)(UINT64_C(1) << 31);
            int64_t half_ns = (int64_t)((u * u * u * 20 + 5 + (n < 3000 ? 0 : 30)) * MS);

            ask(&bench, n);
            struct ntp_packet reply = reply_to(&bench.request, half_ns, half_ns);
            enum drop_reason reason = deliver(&bench, &reply, 2 * half_ns).reason;
            assert_true(reason == DROP_NONE || reason == DROP_DELAY);
            if ((n > 500 && n < 3000) || n > 3500) {
                counted++;
                passed += reason == DROP_NONE;
            }
        }
        double share = (double)passed / counted;
        if (share < shares[i] * 0.6 - 0.01 || share > shares[i] * 1.3 + 0.03) {
            fail_msg("%.2f of all pass instead of %.2f", share, shares[i]);
        }
    }
}

static void an_outstanding_delay_is_not_held_against_news_or_for_ever(void **state)
{
    struct bench bench = bench_start();
    struct source_options options = {.max_delay_dev_ratio = 10};
    struct estimate estimate = {.floor_s = 0.010,
                                .jitter_s = 0.001,
                                .samples = 20,
                                .offset_s = server_ahead_s,
                                .var_offset_s2 = 1e-12};
    struct ntp_packet reply;

    (void)state;
    bench.limits.options = &options;
    bench.limits.estimate = &estimate;
    /* The offset is off by 1 s, which 45 ms of delay can't explain. */
    ask(&bench, 0);
    reply = reply_to(&bench.request, NS_PER_S + 50 * MS, NS_PER_S + 50 * MS);
    assert_int_equal(deliver(&bench, &reply, 100 * MS).reason, DROP_NONE);
    /* A new path, 90 ms longer: four are dropped, then the estimator must see it. */
    for (int i = 1; i <= 8; i++) {
        int64_t t = i * NS_PER_S;

        ask(&bench, t);
        reply = reply_to(&bench.request, t + 50 * MS, t + 50 * MS);
        assert_int_equal(deliver(&bench, &reply, t + 100 * MS).reason,
                         i <= 4 ? DROP_TEST_DEVIATION : DROP_NONE);
    }
    /* One within the limits: the test is strict again. */
    ask(&bench, 10 * NS_PER_S);
    reply = reply_to(&bench.request, 10 * NS_PER_S + 5 * MS, 10 * NS_PER_S + 5 * MS);
    assert_int_equal(deliver(&bench, &reply, 10 * NS_PER_S + 10 * MS).reason, DROP_NONE);
    ask(&bench, 11 * NS_PER_S);
    reply = reply_to(&bench.request, 11 * NS_PER_S + 50 * MS, 11 * NS_PER_S + 50 * MS);
    assert_int_equal(deliver(&bench, &reply, 11 * NS_PER_S + 100 * MS).reason, DROP_TEST_DEVIATION);
}

static void precision_is_the_worst_of_both_ends(void **state)
{
    static const struct {
        double error_s;
        enum stamp_class stamp_class;
        int8_t server_log2;
        double precision_s;
    } rows[] = {
        {1e-9, STAMP_HARDWARE, -32, 1e-8},
        {1e-9, STAMP_KERNEL, -30, 1e-8},
        {1e-9, STAMP_USER, -30, 1e-6},
        {3e-5, STAMP_HARDWARE, -30, 3e-5},
        {1e-9, STAMP_KERNEL, -23, 0x1p-23 * 0.4082482904638631}, /* chronyd's */
        {1e-9, STAMP_KERNEL, -6, 0x1p-6 * 0.4082482904638631},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();
        uint8_t bytes[NTP_HEADER_SIZE];
        struct local_stamp sent = {{0}, rows[i].error_s, (uint8_t)rows[i].stamp_class, true};
        struct local_stamp received = {{MS}, 1e-9, STAMP_HARDWARE, true};

        ask(&bench, 0);
        exchange_sent(&bench.exchange, bench.sequence, &sent);
        struct ntp_packet reply = reply_to(&bench.request, MS / 2, MS / 2);
        reply.precision_log2 = rows[i].server_log2;
        ntp_packet_encode(&reply, bytes);
        struct exchange_result result =
            exchange_receive(&bench.exchange, &bench.limits, bytes, sizeof bytes, &received);
        assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
        assert_true(fabs(result.sample.precision_s - rows[i].precision_s) < 1e-15);
        assert_int_equal(result.sample.stamp_class, rows[i].stamp_class);
    }
}

static void a_delay_slightly_negative_by_quantised_stamps_counts_as_zero(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    /* A server with stamps of 1/64 s; the round trip took 10 us. */
    struct ntp_packet reply = reply_to(&bench.request, 0, 12 * MS);
    reply.precision_log2 = -6;
    struct exchange_result result = deliver(&bench, &reply, 10000);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(result.sample.delay_s == 0);
}

static void stamps_contradict_each_other_within_their_coarseness_only(void **state)
{
    static const struct {
        int64_t server_ns;
        int8_t server_log2;
        enum drop_reason reason;
    } rows[] = {
        {11500, -30, DROP_NONE},           /* 1.5 us less, stamps of programs */
        {12500, -30, DROP_NEGATIVE_DELAY}, /* 2.5 us */
        {16000, -18, DROP_NONE},           /* 6 us, the server's unit is 4 us */
        {20000, -18, DROP_NEGATIVE_DELAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench = bench_start();

        ask(&bench, 0);
        struct ntp_packet reply = reply_to(&bench.request, 0, rows[i].server_ns);
        reply.precision_log2 = rows[i].server_log2;
        assert_int_equal(deliver(&bench, &reply, 10000).reason, rows[i].reason);
    }
}

static void a_better_transmit_stamp_is_used_and_a_worse_one_ignored(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask(&bench, 0);
    struct local_stamp user = stamp_at(1 * MS, STAMP_USER);
    struct local_stamp kernel = stamp_at(2 * MS, STAMP_KERNEL);
    exchange_sent(&bench.exchange, bench.sequence, &user);
    exchange_sent(&bench.exchange, bench.sequence, &kernel);
    exchange_sent(&bench.exchange, bench.sequence, &user);
    exchange_sent(&bench.exchange, bench.sequence + 1, &user);
    exchange_sent(&bench.exchange, 0, &user);
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    struct exchange_result result = deliver(&bench, &reply, 20 * MS);

    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(fabs(result.sample.delay_s - 0.018) < 1e-9);
    assert_int_equal(result.sample.stamp_class, STAMP_KERNEL);
}

/* A bench that has seen a kernel stamp, so that it expects them. */
static struct bench bench_with_kernel_stamps(void)
{
    struct bench bench = bench_start();
    struct local_stamp kernel = stamp_at(0, STAMP_KERNEL);

    ask(&bench, 0);
    exchange_sent(&bench.exchange, bench.sequence, &kernel);
    struct ntp_packet reply = reply_to(&bench.request, MS, MS);
    assert_int_equal(deliver(&bench, &reply, 2 * MS).outcome, EXCHANGE_SAMPLE);
    return bench;
}

static void a_reply_waits_for_the_kernels_transmit_stamp(void **state)
{
    struct bench bench = bench_with_kernel_stamps();
    struct exchange_result result;

    (void)state;
    assert_true(exchange_deadline(&bench.exchange).ns == INT64_MAX);
    ask(&bench, 100 * MS);
    struct ntp_packet reply = reply_to(&bench.request, 110 * MS, 110 * MS);
    result = deliver(&bench, &reply, 120 * MS);
    assert_int_equal(result.outcome, EXCHANGE_HELD);
    assert_true(exchange_deadline(&bench.exchange).ns == 170 * MS);
    assert_false(exchange_idle(&bench.exchange));
    assert_false(
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){130 * MS}, &result));

    struct local_stamp kernel = stamp_at(101 * MS, STAMP_KERNEL);
    exchange_sent(&bench.exchange, bench.sequence, &kernel);
    assert_true(
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){130 * MS}, &result));
    assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
    assert_true(result.matched);
    assert_int_equal(result.sequence, bench.sequence);
    assert_int_equal(result.sample.stamp_class, STAMP_KERNEL);
    assert_true(fabs(result.sample.delay_s - 0.019) < 1e-9);
    assert_false(
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){999 * MS}, &result));
    assert_true(exchange_idle(&bench.exchange));
}

static void a_stamp_that_never_comes_is_waited_for_50_ms_and_three_times(void **state)
{
    struct bench bench = bench_with_kernel_stamps();
    struct exchange_result result;

    (void)state;
    for (int i = 1; i <= 5; i++) {
        int64_t t = i * NS_PER_S;

        ask(&bench, t);
        struct ntp_packet reply = reply_to(&bench.request, t + 10 * MS, t + 10 * MS);
        result = deliver(&bench, &reply, t + 20 * MS);
        if (i > 3) {
            assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
            continue;
        }
        assert_int_equal(result.outcome, EXCHANGE_HELD);
        assert_false(exchange_release(&bench.exchange, &bench.limits,
                                      (struct mono_time){t + 69 * MS}, &result));
        assert_true(exchange_release(&bench.exchange, &bench.limits,
                                     (struct mono_time){t + 70 * MS}, &result));
        assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
        assert_int_equal(result.sample.stamp_class, STAMP_USER);
    }
}

static void every_held_reply_is_released(void **state)
{
    struct bench bench = bench_with_kernel_stamps();
    struct exchange_result result;
    unsigned released = 0;

    (void)state;
    for (int i = 1; i <= EXCHANGE_PENDING; i++) {
        ask(&bench, i * MS);
        struct ntp_packet reply = reply_to(&bench.request, i * MS, i * MS);
        assert_int_equal(deliver(&bench, &reply, i * MS + MS).outcome, EXCHANGE_HELD);
    }
    assert_true(exchange_deadline(&bench.exchange).ns == 52 * MS);
    while (
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){NS_PER_S}, &result)) {
        assert_int_equal(result.outcome, EXCHANGE_SAMPLE);
        released++;
    }
    assert_int_equal(released, EXCHANGE_PENDING);
    assert_true(exchange_idle(&bench.exchange));
}

static void whatever_was_in_flight_over_a_step_is_not_measured(void **state)
{
    struct bench bench = bench_with_kernel_stamps();
    struct exchange_result result;
    struct ntp_packet flying[EXCHANGE_PENDING - 1], fresh;
    struct local_stamp unknown = {{0}, 0, STAMP_KERNEL, false};

    (void)state;
    ask(&bench, 100 * MS);
    fresh = reply_to(&bench.request, 110 * MS, 110 * MS);
    assert_int_equal(deliver(&bench, &fresh, 120 * MS).outcome, EXCHANGE_HELD);
    for (int i = 0; i < EXCHANGE_PENDING - 1; i++) {
        ask(&bench, 130 * MS);
        flying[i] = reply_to(&bench.request, 140 * MS, 140 * MS);
    }
    exchange_spoil(&bench.exchange);
    assert_true(
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){135 * MS}, &result));
    assert_int_equal(result.reason, DROP_AMBIGUOUS_STAMP);
    for (int i = 0; i < EXCHANGE_PENDING - 1; i++) {
        assert_int_equal(deliver(&bench, &flying[i], 150 * MS).reason, DROP_AMBIGUOUS_STAMP);
    }

    ask(&bench, 200 * MS);
    exchange_sent(&bench.exchange, bench.sequence, &unknown);
    fresh = reply_to(&bench.request, 210 * MS, 210 * MS);
    assert_int_equal(deliver(&bench, &fresh, 220 * MS).reason, DROP_AMBIGUOUS_STAMP);

    ask(&bench, 300 * MS);
    struct local_stamp kernel = stamp_at(300 * MS, STAMP_KERNEL);
    exchange_sent(&bench.exchange, bench.sequence, &kernel);
    fresh = reply_to(&bench.request, 310 * MS, 310 * MS);
    assert_int_equal(deliver(&bench, &fresh, 320 * MS).outcome, EXCHANGE_SAMPLE);
}

static void an_answer_to_a_request_that_opens_the_path_is_not_measured(void **state)
{
    struct bench bench = bench_start();

    (void)state;
    ask_how(&bench, 0, &(struct exchange_request){.version = 4, .presend = true});
    struct ntp_packet reply = reply_to(&bench.request, 10 * MS, 10 * MS);
    struct exchange_result result = deliver(&bench, &reply, 900 * MS);

    assert_int_equal(result.outcome, EXCHANGE_ANSWERED);
    assert_true(result.presend);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_shows_nothing_but_random_bits),
        cmocka_unit_test(a_reply_gives_offset_delay_and_what_the_server_announced),
        cmocka_unit_test(options_shift_the_offset_and_raise_the_stratum),
        cmocka_unit_test(our_own_frequency_error_is_taken_out_of_the_delay),
        cmocka_unit_test(an_exchange_across_the_edge_of_the_era_is_measured),
        cmocka_unit_test(each_test_of_a_reply_has_its_reason),
        cmocka_unit_test(a_reply_is_accepted_once_even_if_it_was_refused),
        cmocka_unit_test(replies_to_the_last_four_requests_are_accepted_in_any_order),
        cmocka_unit_test(datagrams_of_odd_sizes_are_refused),
        cmocka_unit_test(root_distance_is_limited_as_configured),
        cmocka_unit_test(delays_are_limited_as_configured),
        cmocka_unit_test(a_quantile_of_delays_lets_its_share_pass),
        cmocka_unit_test(an_outstanding_delay_is_not_held_against_news_or_for_ever),
        cmocka_unit_test(precision_is_the_worst_of_both_ends),
        cmocka_unit_test(stamps_contradict_each_other_within_their_coarseness_only),
        cmocka_unit_test(a_delay_slightly_negative_by_quantised_stamps_counts_as_zero),
        cmocka_unit_test(a_better_transmit_stamp_is_used_and_a_worse_one_ignored),
        cmocka_unit_test(a_reply_waits_for_the_kernels_transmit_stamp),
        cmocka_unit_test(a_stamp_that_never_comes_is_waited_for_50_ms_and_three_times),
        cmocka_unit_test(every_held_reply_is_released),
        cmocka_unit_test(whatever_was_in_flight_over_a_step_is_not_measured),
        cmocka_unit_test(an_answer_to_a_request_that_opens_the_path_is_not_measured),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
