/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

/* The node's frame: UTC = raw + base, and the server is 4.75 s ahead of that. */
static const int64_t base_ns = INT64_C(1790000000) * NS_PER_S;
static const double server_ahead_s = 4.75;
#define MS INT64_C(1000000)

static const struct source_options plain = {.max_delay_s = 3.0};
static const uint32_t own_refids[] = {0x0a000001, 0x0a000002, 0x7f000001};

struct bench {
    struct exchange exchange;
    struct exchange_limits limits;
    struct ntp_packet request; /* the newest, as the server decodes it */
    uint32_t sequence;
    uint64_t random;
};

static struct bench bench_start(void)
{
    struct bench bench = {
        .limits =
            {
                .utc = {base_ns},
                .base_ns = base_ns,
                .own_refids = own_refids,
                .own_refid_count = 3,
                .options = &plain,
            },
        .random = 1000,
    };

    exchange_init(&bench.exchange);
    return bench;
}

/* What the server's clock shows when the raw clock shows `raw_ns`. */
static struct ntp_ts server_time(int64_t raw_ns)
{
    return ntp_ts_from_utc(
        (struct utc_time){base_ns + raw_ns + (int64_t)(server_ahead_s * (double)NS_PER_S)});
}

static void ask_how(struct bench *bench, int64_t raw_ns, const struct exchange_request *how)
{
    uint8_t bytes[NTP_HEADER_SIZE];
    struct exchange_request request = *how;

    request.random[0] = ++bench->random;
    request.random[1] = ++bench->random;
    bench->sequence = exchange_ask(&bench->exchange, &request, (struct mono_time){raw_ns}, bytes);
    assert_int_equal(ntp_packet_decode(&bench->request, bytes, sizeof bytes), DROP_NONE);
}

static void ask(struct bench *bench, int64_t raw_ns)
{
    ask_how(bench, raw_ns, &(struct exchange_request){.version = 4});
}

/* An honest reply: received at raw time `in_ns`, sent at `out_ns`. */
static struct ntp_packet reply_to(const struct ntp_packet *request, int64_t in_ns, int64_t out_ns)
{
    return (struct ntp_packet){
        .version = 4,
        .mode = NTP_MODE_SERVER,
        .stratum = 2,
        .precision_log2 = -25,
        .root_delay = {0x10000 / 100},
        .root_dispersion = {0x10000 / 50},
        .refid = 0xc0000201,
        .reference = server_time(in_ns - 100 * NS_PER_S),
        .origin = request->transmit,
        .receive = server_time(in_ns),
        .transmit = server_time(out_ns),
    };
}

static struct local_stamp stamp_at(int64_t raw_ns, enum stamp_class stamp_class)
{
    return (struct local_stamp){{raw_ns}, 1e-7, (uint8_t)stamp_class, true};
}

static struct exchange_result deliver(struct bench *bench, const struct ntp_packet *reply,
                                      int64_t raw_ns)
{
    uint8_t bytes[NTP_HEADER_SIZE];
    struct local_stamp received = stamp_at(raw_ns, STAMP_KERNEL);

    ntp_packet_encode(reply, bytes);
    return exchange_receive(&bench->exchange, &bench->limits, bytes, sizeof bytes, &received);
}

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
        {1e-9, STAMP_HARDWARE, -32, 2e-8},
        {1e-9, STAMP_KERNEL, -30, 2e-7},
        {1e-9, STAMP_USER, -30, 1e-6},
        {3e-5, STAMP_HARDWARE, -30, 3e-5},
        {1e-9, STAMP_KERNEL, -6, 0x1p-6 * 0.5773502691896258},
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

static void what_was_in_flight_over_a_step_is_not_measured(void **state)
{
    struct bench bench = bench_with_kernel_stamps();
    struct exchange_result result;
    struct ntp_packet held, flying, fresh;
    struct local_stamp unknown = {{0}, 0, STAMP_KERNEL, false};

    (void)state;
    ask(&bench, 100 * MS);
    held = reply_to(&bench.request, 110 * MS, 110 * MS);
    assert_int_equal(deliver(&bench, &held, 120 * MS).outcome, EXCHANGE_HELD);
    ask(&bench, 130 * MS);
    flying = reply_to(&bench.request, 140 * MS, 140 * MS);
    exchange_spoil(&bench.exchange);
    assert_true(
        exchange_release(&bench.exchange, &bench.limits, (struct mono_time){135 * MS}, &result));
    assert_int_equal(result.reason, DROP_AMBIGUOUS_STAMP);
    assert_int_equal(deliver(&bench, &flying, 150 * MS).reason, DROP_AMBIGUOUS_STAMP);

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
        cmocka_unit_test(an_outstanding_delay_is_not_held_against_news_or_for_ever),
        cmocka_unit_test(precision_is_the_worst_of_both_ends),
        cmocka_unit_test(a_delay_slightly_negative_by_quantised_stamps_counts_as_zero),
        cmocka_unit_test(a_better_transmit_stamp_is_used_and_a_worse_one_ignored),
        cmocka_unit_test(a_reply_waits_for_the_kernels_transmit_stamp),
        cmocka_unit_test(a_stamp_that_never_comes_is_waited_for_50_ms_and_three_times),
        cmocka_unit_test(what_was_in_flight_over_a_step_is_not_measured),
        cmocka_unit_test(an_answer_to_a_request_that_opens_the_path_is_not_measured),
        cmocka_unit_test(an_interleaved_reply_measures_the_exchange_before),
        cmocka_unit_test(interleaved_mode_falls_back_and_survives_losses),
        cmocka_unit_test(an_interleaved_reply_uses_a_transmit_stamp_that_came_late),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
