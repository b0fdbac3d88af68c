/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "wire/ntp_mac.h"

#define MS INT64_C(1000000)

/* 300 us off at most, growing by 1 ppm, for 1000 s. */
static const struct time_line line_good = {
    .from = {5000 * NS_PER_S},
    .utc = {INT64_C(1795361029123456789)},
    .rate = 20e-6,
    .bound_s = 300e-6,
    .growth_s_per_s = 1e-6,
    .void_after = {6000 * NS_PER_S},
    .real_minus_mono_ns = 77 * NS_PER_S,
    .tolerance_ns = MS,
    .root_delay_s = 200e-6,
    .reference = {INT64_C(1795361000000000000)},
    .refid = 0x0a000004,
    .leap = NTP_LEAP_INSERT,
    .stratum = 3,
    .precision_log2 = -25,
    .synchronised = true,
};

struct bench {
    struct time_line line;
    struct access_node nodes[16];
    struct access_tree access;
    _Alignas(64) uint8_t memory[8192];
    struct server_view view;
    struct server_tables tables;
    struct ntp_packet packet;
    uint8_t bytes[2048];
    uint8_t answer[NTP_PACKET_MAX];
    struct request request;
    struct reply reply;
};

static void bench_start(struct bench *bench)
{
    static const struct access_rule rules[] = {
        {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 8, .allow = true}};
    size_t bad;

    memset(bench, 0, sizeof *bench);
    bench->line = line_good;
    access_init(&bench->access, bench->nodes, 16);
    assert_int_equal(access_build(&bench->access, rules, 1, &bad), ERR_NONE);
    server_tables_init(&bench->tables, bench->memory, sizeof bench->memory,
                       &(struct siphash_key){{3, 4}});
    bench->view =
        (struct server_view){.line = &bench->line, .access = &bench->access, .serving = true};
    bench->reply.bytes = bench->answer;
    bench->packet = (struct ntp_packet){.version = 4,
                                        .mode = NTP_MODE_CLIENT,
                                        .poll_log2 = 7,
                                        .origin = {12},
                                        .receive = {22},
                                        .transmit = {UINT64_C(0x0123456789abcdef)}};
    bench->request = (struct request){
        .bytes = bench->bytes,
        .size = NTP_HEADER_SIZE,
        .from = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 9}, .port = 40000},
        .received = {5100 * NS_PER_S},
        .to = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}},
        .now = {5100 * NS_PER_S + 50000},
        .leaves = {5100 * NS_PER_S + 70000},
        .flags = REQUEST_TELLABLE,
    };
}

static enum drop_reason ask(struct bench *bench)
{
    ntp_packet_encode(&bench->packet, bench->bytes);
    return server_reply(&bench->view, &bench->tables, &bench->request, &bench->reply);
}

static struct ntp_packet answered(struct bench *bench)
{
    struct ntp_packet out;

    assert_int_equal(ask(bench), DROP_NONE);
    assert_int_equal(bench->reply.size, NTP_HEADER_SIZE);
    assert_int_equal(ntp_packet_decode(&out, bench->answer, bench->reply.size), DROP_NONE);
    return out;
}

static void an_answer_tells_the_time_of_the_line(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    struct ntp_packet out = answered(&bench);

    assert_int_equal(out.leap, NTP_LEAP_INSERT);
    assert_int_equal(out.version, 4);
    assert_int_equal(out.mode, NTP_MODE_SERVER);
    assert_int_equal(out.stratum, 3);
    assert_int_equal(out.poll_log2, 7);
    assert_int_equal(out.precision_log2, -25);
    assert_int_equal(out.refid, 0x0a000004);
    assert_true(out.origin.raw == bench.packet.transmit.raw);
    assert_true(out.reference.raw == ntp_ts_from_utc(line_good.reference).raw);
    /* 100 s along the line, which runs 20 ppm fast; 70 us later it leaves. */
    struct utc_time came = {line_good.utc.ns + 100 * NS_PER_S + 2 * MS};
    struct utc_time left = {came.ns + 70000 + 1};
    assert_true(out.receive.raw == (ntp_ts_from_utc(came).raw | 1));
    assert_true(out.transmit.raw == (ntp_ts_from_utc(left).raw & ~UINT64_C(1)));
    assert_true(bench.reply.handle == 0);
    assert_int_equal(bench.tables.counters.requests, 1);
    assert_int_equal(bench.tables.counters.answers, 1);
    assert_int_equal(bench.tables.counters.newcomers, 1);
}

static void what_is_announced_covers_the_bound_until_the_line_is_void(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    for (int64_t s = 5000; s < 6000; s += 7) {
        bench.request.received.ns = s * NS_PER_S;
        bench.request.now.ns = bench.request.leaves.ns = s * NS_PER_S + 1000;
        struct ntp_packet out = answered(&bench);
        double announced_s =
            ntp_short_to_s(out.root_delay) / 2 + ntp_short_to_s(out.root_dispersion);

        assert_true(ntp_short_to_s(out.root_delay) >= 200e-6);
        assert_true(announced_s >= 300e-6 + (double)(s - 5000) * 1e-6 + 0x1p-25);
        assert_true(announced_s < 300e-6 + (double)(s - 5000) * 1e-6 + 4 * 0x1p-16);
    }
}

static void without_valid_time_the_answer_says_so(void **state)
{
    static struct bench bench;

    (void)state;
    for (int i = 0; i < 5; i++) {
        bench_start(&bench);
        if (i == 0) {
            bench.line.synchronised = false;
        } else if (i == 1) {
            bench.line.leap = NTP_LEAP_UNSYNC;
        } else if (i == 2) {
            bench.line.void_after = bench.request.leaves; /* it leaves too late */
        } else if (i == 3) {
            bench.line.stratum = 16;
        } else {
            bench.line.stratum = 0;
        }
        struct ntp_packet out = answered(&bench);

        assert_int_equal(out.leap, NTP_LEAP_UNSYNC);
        assert_int_equal(out.stratum, 0);
        assert_int_equal(out.refid, 0);
        assert_true(out.reference.raw == 0);
        assert_true(ntp_short_to_s(out.root_dispersion) >= 16);
        assert_true(out.origin.raw == bench.packet.transmit.raw);
        assert_true(out.receive.raw != 0 && out.transmit.raw != 0);
    }
}

static void each_version_and_mode_is_answered_in_kind_or_not_at_all(void **state)
{
    static const struct {
        uint8_t version, mode;
        uint16_t port;
        enum drop_reason reason;
        uint8_t answer;
    } rows[] = {
        {1, 3, 40000, DROP_NONE, 4},    {2, 3, 123, DROP_NONE, 4},
        {3, 3, 40000, DROP_NONE, 4},    {4, 3, 40000, DROP_NONE, 4},
        {4, 1, 123, DROP_NONE, 2},      {3, 1, 40000, DROP_NONE, 2},
        {1, 0, 40000, DROP_NONE, 4},    {1, 0, 123, DROP_MODE, 0},
        {4, 0, 40000, DROP_MODE, 0},    {4, 2, 123, DROP_MODE, 0},
        {4, 4, 123, DROP_MODE, 0},      {4, 5, 123, DROP_MODE, 0},
        {2, 6, 40000, DROP_MODE, 0},    {2, 7, 40000, DROP_MODE, 0},
        {0, 3, 40000, DROP_VERSION, 0}, {5, 3, 40000, DROP_VERSION, 0},
        {7, 3, 40000, DROP_VERSION, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;

        bench_start(&bench);
        bench.packet.version = rows[i].version;
        bench.packet.mode = rows[i].mode;
        bench.request.from.port = rows[i].port;
        enum drop_reason reason = ask(&bench);
        if (reason != rows[i].reason) {
            fail_msg("row %zu: %s", i, drop_word(reason));
        }
        assert_int_equal(bench.tables.counters.drops[reason], reason != DROP_NONE);
        if (reason == DROP_NONE) {
            struct ntp_packet out = answered(&bench);

            assert_int_equal(out.version, rows[i].version);
            assert_int_equal(out.mode, rows[i].answer);
        }
    }
}

/* What may follow the header: lengths of extension fields, then the octets of a MAC. */
static void what_follows_the_header_must_be_well_formed(void **state)
{
    static const struct {
        uint8_t version;
        size_t extensions[3], mac;
        enum drop_reason reason;
    } rows[] = {
        {4, {0}, 0, DROP_NONE},           {4, {0}, 4, DROP_BAD_MAC},
        {4, {0}, 20, DROP_BAD_MAC},       {4, {0}, 24, DROP_BAD_MAC},
        {4, {28}, 0, DROP_NONE},          {4, {28}, 20, DROP_BAD_MAC},
        {4, {36, 104, 40}, 0, DROP_NONE}, {4, {16, 28}, 24, DROP_BAD_MAC},
        {4, {0}, 3, DROP_FORMAT},         {4, {0}, 27, DROP_FORMAT},
        {4, {0}, 28, DROP_FORMAT},        {3, {0}, 12, DROP_FORMAT},
        {3, {0}, 20, DROP_BAD_MAC},       {3, {0}, 13, DROP_FORMAT},
        {4, {500, 476}, 0, DROP_NONE},    {4, {500, 480}, 0, DROP_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct bench bench;

        bench_start(&bench);
        bench.packet.version = rows[i].version;
        for (unsigned k = 0; k < 3; k++) {
            bench.bytes[bench.request.size + 2] = (uint8_t)(rows[i].extensions[k] >> 8);
            bench.bytes[bench.request.size + 3] = (uint8_t)rows[i].extensions[k];
            bench.request.size += rows[i].extensions[k];
        }
        bench.request.size += rows[i].mac;
        enum drop_reason reason = ask(&bench);
        if (reason != rows[i].reason) {
            fail_msg("row %zu: %s", i, drop_word(reason));
        }
    }
}

static void extension_fields_with_impossible_lengths_are_refused(void **state)
{
    /* The second column leaves what could be a MAC behind the field. */
    static const struct {
        uint16_t length;
        size_t size;
    } rows[] = {
        {0, 60}, {1, 60}, {4, 28}, {12, 36}, {15, 36}, {17, 41}, {30, 52}, {64, 60}, {0xffff, 60},
    };
    static struct bench bench;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_start(&bench);
        bench.request.size = NTP_HEADER_SIZE + rows[i].size;
        bench.bytes[NTP_HEADER_SIZE + 2] = (uint8_t)(rows[i].length >> 8);
        bench.bytes[NTP_HEADER_SIZE + 3] = (uint8_t)rows[i].length;
        assert_int_equal(ask(&bench), DROP_FORMAT);
    }
}

static void time_is_valid_to_the_last_moment_and_stratum(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    bench.line.stratum = 15;
    bench.line.void_after.ns = bench.request.leaves.ns + 1;
    assert_int_equal(answered(&bench).stratum, 15);
    bench.line.stratum = 1;
    assert_int_equal(answered(&bench).stratum, 1);
    bench.line.void_after.ns--;
    assert_int_equal(answered(&bench).leap, NTP_LEAP_UNSYNC);
}

static void other_requests_are_dropped_and_counted_by_reason(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    bench.request.size = 47;
    assert_int_equal(ask(&bench), DROP_SHORT);
    bench.request.size = 0;
    assert_int_equal(ask(&bench), DROP_SHORT);
    bench.request.size = NTP_HEADER_SIZE;
    bench.request.from.bytes[0] = 11;
    assert_int_equal(ask(&bench), DROP_ACCESS);
    bench.request.from.bytes[0] = 10;
    bench.request.received.ns = bench.request.now.ns - 100 * MS - 1;
    assert_int_equal(ask(&bench), DROP_STALE);
    bench.view.fresh = true; /* the server has just begun: who has waited for it is answered */
    assert_int_equal(ask(&bench), DROP_NONE);
    bench.view.fresh = false;
    bench.request.received.ns++;
    assert_int_equal(ask(&bench), DROP_NONE);
    assert_int_equal(bench.tables.counters.requests, 6);
    assert_int_equal(bench.tables.counters.answers, 2);
    assert_int_equal(bench.tables.counters.drops[DROP_SHORT], 2);
    assert_int_equal(bench.tables.counters.drops[DROP_ACCESS], 1);
    assert_int_equal(bench.tables.counters.drops[DROP_STALE], 1);
    assert_int_equal(bench.tables.counters.drops[DROP_NONE], 0);
    assert_int_equal(bench.tables.counters.newcomers, 2);
    /* Not serving: nobody is looked at. */
    bench.view.serving = false;
    assert_int_equal(ask(&bench), DROP_NOT_SERVING);
    assert_int_equal(bench.tables.counters.drops[DROP_NOT_SERVING], 1);
    bench.request.from.bytes[3]++;
    assert_int_equal(ask(&bench), DROP_NOT_SERVING);
    assert_int_equal(bench.tables.counters.newcomers, 2);
}

static void nothing_leaves_before_it_came(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    bench.request.received.ns = bench.request.now.ns + 5 * MS;
    struct ntp_packet out = answered(&bench);
    assert_true(out.receive.raw ==
                (ntp_ts_from_utc(line_utc(&bench.line, bench.request.now)).raw | 1));
    assert_true(out.transmit.raw > out.receive.raw);
}

static void a_kernel_stamp_is_moved_to_the_monotonic_clock_unless_it_was_stepped(void **state)
{
    static const struct {
        int64_t stepped_ns;
        bool usable;
    } rows[] = {{0, true}, {MS, true}, {-MS, true}, {MS + 1, false}, {-MS - 1, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clock_pair pair = {.mono = {5100 * NS_PER_S},
                                  .real = {5177 * NS_PER_S + rows[i].stepped_ns}};
        struct utc_time stamp = {pair.real.ns - 123456};
        struct steady_time received;

        assert_int_equal(server_received(&line_good, &pair, stamp, &received), rows[i].usable);
        assert_true(received.ns == 5100 * NS_PER_S - 123456);
    }
}

static void answers_go_to_no_address_that_is_no_clients(void **state)
{
    static const struct {
        const char *from, *to;
        uint16_t port;
        enum drop_reason reason;
    } rows[] = {
        {"10.0.0.9", "10.0.0.1", 40000, DROP_NONE},
        {"10.0.0.9", "10.0.0.1", 0, DROP_SOURCE},
        {"0.0.0.0", "10.0.0.1", 40000, DROP_SOURCE},
        {"0.1.2.3", "10.0.0.1", 40000, DROP_SOURCE},
        {"255.255.255.255", "10.0.0.1", 40000, DROP_SOURCE},
        {"224.0.1.1", "10.0.0.1", 123, DROP_SOURCE},
        {"239.255.0.1", "10.0.0.1", 123, DROP_SOURCE},
        {"127.0.0.1", "10.0.0.1", 40000, DROP_SOURCE},
        {"127.0.0.1", "127.0.0.1", 40000, DROP_NONE},
        {"127.0.0.1", "127.0.0.1", 123, DROP_SOURCE}, /* our own answers would come back */
        {"10.0.0.1", "10.0.0.1", 123, DROP_SOURCE},
        {"10.0.0.1", "10.0.0.1", 40000, DROP_NONE}, /* a program on this machine */
        {"10.0.0.2", "10.0.0.1", 123, DROP_NONE},
        {"::", "fd00::1", 40000, DROP_SOURCE},
        {"ff02::101", "fd00::1", 123, DROP_SOURCE},
        {"::1", "fd00::1", 40000, DROP_SOURCE},
        {"::1", "::1", 40000, DROP_NONE},
        {"fd00::1", "fd00::1", 123, DROP_SOURCE},
        {"fd00::2", "fd00::1", 123, DROP_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const struct access_rule everybody = {.allow = true};
        static struct bench bench;
        size_t bad;

        bench_start(&bench);
        assert_int_equal(access_build(&bench.access, &everybody, 1, &bad), ERR_NONE);
        assert_true(address_parse(&bench.request.from, rows[i].from));
        assert_true(address_parse(&bench.request.to, rows[i].to));
        bench.request.from.port = rows[i].port;
        enum drop_reason reason = ask(&bench);
        if (reason != rows[i].reason) {
            fail_msg("row %zu: %s", i, drop_word(reason));
        }
        assert_int_equal(bench.reply.size, reason == DROP_NONE ? NTP_HEADER_SIZE : 0);
    }
}

static void no_size_and_no_first_octet_brings_an_answer_longer_than_the_request(void **state)
{
    static const struct {
        size_t from, to, by;
    } sizes[] = {{0, 140, 1}, {1000, 1100, 1}, {1100, 65508, 911}, {65507, 65508, 1}};
    static struct bench bench;
    static uint8_t datagram[65508];
    uint64_t asked = 0, answers = 0;

    (void)state;
    bench_start(&bench);
    bench.request.bytes = datagram;
    for (unsigned octet = 0; octet < 256; octet++) {
        datagram[0] = (uint8_t)octet;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (size_t size = sizes[i].from; size < sizes[i].to; size += sizes[i].by) {
                bench.request.size = size;
                enum drop_reason reason =
                    server_reply(&bench.view, &bench.tables, &bench.request, &bench.reply);
                assert_true(bench.reply.size <= size);
                assert_int_equal(bench.reply.size > 0, reason == DROP_NONE);
                asked++;
                answers += reason == DROP_NONE;
            }
        }
    }
    assert_true(bench.tables.counters.requests == asked);
    assert_true(bench.tables.counters.answers == answers && answers > 0);
    uint64_t dropped = 0;
    for (unsigned i = 0; i < DROP_COUNT; i++) {
        dropped += bench.tables.counters.drops[i];
    }
    assert_true(dropped == asked - answers);
}

/* The client's next request in interleaved mode (RFC 9769, section 2). */
static void ask_on(struct bench *bench, const struct ntp_packet *last)
{
    bench->packet.origin = last->receive;
    bench->packet.receive.raw = 1234567 + bench->packet.transmit.raw;
    bench->packet.transmit.raw += 999999937;
    bench->request.received.ns += 16 * NS_PER_S;
    bench->request.now.ns += 16 * NS_PER_S;
    bench->request.leaves.ns += 16 * NS_PER_S;
}

static void the_third_request_of_an_interleaved_client_brings_the_true_departure(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    bench.packet.origin.raw = bench.packet.receive.raw = 0;
    struct ntp_packet last = answered(&bench); /* basic: nothing is remembered */
    assert_true(bench.reply.handle == 0);
    ask_on(&bench, &last);
    last = answered(&bench); /* it asks for more: basic still, but remembered */
    assert_true(last.origin.raw == bench.packet.transmit.raw);
    assert_true(bench.reply.handle != 0);
    for (unsigned i = 0; i < 5; i++) {
        /* It left 31 us later than was thought; the kernel said so. */
        struct steady_time left = {bench.request.leaves.ns + 31000};
        server_sent(&bench.view, &bench.tables, bench.reply.handle, left);
        ask_on(&bench, &last);
        struct ntp_packet out = answered(&bench);

        assert_true(out.origin.raw == bench.packet.receive.raw);
        assert_true(out.transmit.raw ==
                    (ntp_ts_from_utc(line_utc(&bench.line, left)).raw & ~UINT64_C(1)));
        assert_true(out.receive.raw > out.transmit.raw);
        assert_true(bench.reply.handle != 0);
        assert_int_equal(bench.tables.counters.interleaved, i + 1);
        last = out;
    }
}

static void without_the_kernels_stamp_the_prediction_stands(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    struct ntp_packet last = answered(&bench);
    ask_on(&bench, &last);
    bench.request.flags = 0; /* a worker that can't learn departures */
    last = answered(&bench);
    assert_true(bench.reply.handle == 0);
    ask_on(&bench, &last);
    struct ntp_packet out = answered(&bench);
    assert_true(out.origin.raw == bench.packet.receive.raw);
    assert_true(out.transmit.raw == last.transmit.raw);
}

static void interleaved_mode_is_for_who_asked_for_it_with_a_stamp_of_his_own(void **state)
{
    static struct bench bench;
    struct ntp_packet last;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        bench_start(&bench);
        last = answered(&bench);
        ask_on(&bench, &last);
        last = answered(&bench);
        ask_on(&bench, &last);
        if (i == 0) {
            bench.packet.origin = last.transmit; /* as ntpd does in basic mode */
        } else if (i == 1) {
            bench.packet.receive = bench.packet.transmit; /* section 2: no way to tell them apart */
        } else if (i == 2) {
            bench.packet.origin.raw += 2;
        } else if (i == 3) {
            bench.request.from.bytes[3]++; /* somebody else's stamp */
        } else if (i == 4) {
            bench.packet.mode = NTP_MODE_ACTIVE; /* no state for peers */
        } else {
            bench.line.synchronised = false;
        }
        assert_true(answered(&bench).origin.raw == bench.packet.transmit.raw);
        assert_int_equal(bench.tables.counters.interleaved, 0);
    }
}

static void a_lost_answer_does_not_end_interleaved_mode(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    struct ntp_packet last = answered(&bench);
    ask_on(&bench, &last);
    last = answered(&bench);
    ask_on(&bench, &last);
    (void)answered(&bench); /* this one is lost: the client names the one before again */
    ask_on(&bench, &last);
    struct ntp_packet out = answered(&bench);
    assert_true(out.origin.raw == bench.packet.receive.raw);
    assert_true(out.transmit.raw == last.transmit.raw);
    assert_int_equal(bench.tables.counters.interleaved, 2);
}

static void a_request_with_a_known_key_is_answered_with_its_mac(void **state)
{
    static const uint8_t secret[16] = {7};
    struct mac_key key = {.id = 5};
    static struct bench bench;
    struct ntp_mac mac;

    (void)state;
    bench_start(&bench);
    assert_true(mac_key_set(&key, MAC_AES128, secret, sizeof secret));
    bench.view.secrets = (struct auth_secrets){&key, 1};
    ntp_packet_encode(&bench.packet, bench.bytes);
    bench.request.size = ntp_mac_put(&key, 4, bench.bytes, NTP_HEADER_SIZE);
    assert_int_equal(server_reply(&bench.view, &bench.tables, &bench.request, &bench.reply),
                     DROP_NONE);
    assert_int_equal(bench.reply.size, 68);
    assert_int_equal(ntp_mac_find(&mac, 4, bench.answer, bench.reply.size), NTP_MAC_FOUND);
    assert_true(ntp_mac_check(&mac, &key, 4, bench.answer));
    bench.bytes[60] ^= 1;
    assert_int_equal(server_reply(&bench.view, &bench.tables, &bench.request, &bench.reply),
                     DROP_BAD_MAC);
    assert_int_equal(bench.reply.size, 0);
    assert_int_equal(bench.tables.counters.drops[DROP_BAD_MAC], 1);
}

static void beyond_the_limit_the_reason_is_told_now_and_then(void **state)
{
    static const struct limit_options options = {
        .enabled = true, .interval_log2 = 3, .burst = 8, .leak = 2, .kod = 1};
    static struct bench bench;
    struct limits limits;
    unsigned kisses = 0;

    (void)state;
    bench_start(&bench);
    limits_init(&limits, &options, 1);
    bench.view.limits = &limits;
    bench.packet.poll_log2 = 1;
    assert_int_equal(answered(&bench).poll_log2, 3); /* what would meet no limit */
    bench.packet.poll_log2 = 6;
    assert_int_equal(answered(&bench).poll_log2, 6);
    for (unsigned i = 0; i < 40; i++) {
        struct ntp_packet out;
        enum drop_reason reason = ask(&bench);

        if (reason == DROP_RATE_LIMIT && bench.reply.size > 0) {
            kisses++;
            assert_int_equal(bench.reply.size, NTP_HEADER_SIZE);
            assert_int_equal(ntp_packet_decode(&out, bench.answer, bench.reply.size), DROP_NONE);
            assert_int_equal(out.leap, NTP_LEAP_UNSYNC);
            assert_int_equal(out.stratum, 0);
            assert_int_equal(out.refid, 0x52415445);
            assert_int_equal(out.poll_log2, 6);
            assert_true(out.origin.raw == bench.packet.transmit.raw);
            assert_true(bench.reply.handle == 0);
        }
    }
    assert_in_range(kisses, 5, 25);
    assert_true(bench.tables.counters.kisses == kisses);
    assert_true(bench.tables.counters.drops[DROP_RATE_LIMIT] + bench.tables.counters.answers == 42);
    assert_true(bench.tables.counters.answers >= 8);
    /* A peer is not told: it would not understand. */
    bench.packet.mode = NTP_MODE_ACTIVE;
    for (unsigned i = 0; i < 40; i++) {
        assert_true(ask(&bench) == DROP_NONE || bench.reply.size == 0);
    }
}

static void
with_noclientlog_nobody_is_remembered_limited_or_answered_in_interleaved_mode(void **state)
{
    static const struct limit_options options = {
        .enabled = true, .interval_log2 = 3, .burst = 8, .leak = 2, .kod = 1};
    static struct node_options node = {.client_log_octets = 524288};
    static struct bench bench;
    struct limits limits;

    (void)state;
    assert_int_equal(server_memory(&node), 524288);
    node.no_client_log = true;
    assert_int_equal(server_memory(&node), 0);
    bench_start(&bench);
    memset(bench.memory, 0xa5, sizeof bench.memory); /* stays as it is */
    server_tables_init(&bench.tables, bench.memory, server_memory(&node),
                       &(struct siphash_key){{3, 4}});
    limits_init(&limits, &options, 1);
    bench.view.limits = &limits;
    struct ntp_packet last = answered(&bench);
    for (unsigned i = 0; i < 40; i++) { /* far beyond the limit of a client that is known */
        bench.packet.origin = last.receive;
        bench.packet.transmit.raw += 999999937;
        last = answered(&bench);
        assert_true(last.origin.raw == bench.packet.transmit.raw);
        assert_true(bench.reply.handle == 0);
    }
    assert_true(bench.tables.counters.answers == 41);
    assert_true(bench.tables.counters.interleaved == 0);
    assert_true(bench.tables.counters.drops[DROP_RATE_LIMIT] == 0);
    assert_true(bench.tables.counters.newcomers == 0);
    for (size_t i = 0; i < sizeof bench.memory; i++) {
        assert_int_equal(bench.memory[i], 0xa5);
    }
}

/* The bench's only rule, with these flags. */
static void set_flags(struct bench *bench, uint8_t flags)
{
    const struct access_rule rule = {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}},
                                     .bits = 8,
                                     .allow = true,
                                     .flags = flags};
    size_t bad;

    assert_int_equal(access_build(&bench->access, &rule, 1, &bad), ERR_NONE);
}

static void limits_that_are_listed_are_about_whose_rule_says_so(void **state)
{
    static const struct {
        uint8_t flags;
        bool limited, told;
    } rows[] = {{0, false, false},
                {ACCESS_KOD, false, false},
                {ACCESS_LIMITED, true, false},
                {ACCESS_LIMITED | ACCESS_KOD, true, true}};
    const struct limit_options options = {
        .enabled = true, .listed = true, .interval_log2 = 6, .burst = 2, .leak = 4, .kod = 1};
    struct limits limits;

    (void)state;
    limits_init(&limits, &options, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct bench bench;

        bench_start(&bench);
        bench.view.limits = &limits;
        set_flags(&bench, rows[i].flags);
        for (unsigned n = 0; n < 40; n++) {
            (void)ask(&bench);
        }
        assert_true((bench.tables.counters.drops[DROP_RATE_LIMIT] > 0) == rows[i].limited);
        assert_true((bench.tables.counters.kisses > 0) == rows[i].told);
    }
}

static void who_has_to_prove_himself_gets_nothing_without(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    set_flags(&bench, ACCESS_AUTHENTICATED);
    assert_int_equal(ask(&bench), DROP_UNAUTHENTICATED);
    assert_int_equal(bench.reply.size, 0);
    assert_int_equal(bench.tables.counters.drops[DROP_UNAUTHENTICATED], 1);
}

static void an_old_version_is_answered_unless_the_rule_wants_ours(void **state)
{
    static struct bench bench;

    (void)state;
    bench_start(&bench);
    bench.packet.version = 3;
    assert_int_equal(ask(&bench), DROP_NONE);
    set_flags(&bench, ACCESS_THIS_VERSION);
    assert_int_equal(ask(&bench), DROP_VERSION);
    bench.packet.version = 4;
    assert_int_equal(ask(&bench), DROP_NONE);
}

static void a_million_clients_fit_into_64_megabytes(void **state)
{
    enum { SIZE = 64000000, CLIENTS = 1000000 };
    struct server_tables *tables = test_calloc(1, sizeof *tables);
    uint8_t *memory = test_calloc(1, SIZE + 64);

    (void)state;
    server_tables_init(tables, memory + (64 - (uintptr_t)memory % 64), SIZE,
                       &(struct siphash_key){{3, 4}});
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct address from = {.family = ADDRESS_IPV6, .bytes = {0x20, 1}};

        memcpy(from.bytes + 4, &i, sizeof i);
        (void)client_log_visit(&tables->clients, &from, (struct steady_time){i});
    }
    assert_true(tables->clients.head->known > CLIENTS - CLIENTS / 1000);
    test_free(memory);
    test_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_the_time_of_the_line),
        cmocka_unit_test(what_is_announced_covers_the_bound_until_the_line_is_void),
        cmocka_unit_test(without_valid_time_the_answer_says_so),
        cmocka_unit_test(each_version_and_mode_is_answered_in_kind_or_not_at_all),
        cmocka_unit_test(what_follows_the_header_must_be_well_formed),
        cmocka_unit_test(a_request_with_a_known_key_is_answered_with_its_mac),
        cmocka_unit_test(extension_fields_with_impossible_lengths_are_refused),
        cmocka_unit_test(time_is_valid_to_the_last_moment_and_stratum),
        cmocka_unit_test(other_requests_are_dropped_and_counted_by_reason),
        cmocka_unit_test(nothing_leaves_before_it_came),
        cmocka_unit_test(answers_go_to_no_address_that_is_no_clients),
        cmocka_unit_test(no_size_and_no_first_octet_brings_an_answer_longer_than_the_request),
        cmocka_unit_test(the_third_request_of_an_interleaved_client_brings_the_true_departure),
        cmocka_unit_test(without_the_kernels_stamp_the_prediction_stands),
        cmocka_unit_test(interleaved_mode_is_for_who_asked_for_it_with_a_stamp_of_his_own),
        cmocka_unit_test(a_lost_answer_does_not_end_interleaved_mode),
        cmocka_unit_test(beyond_the_limit_the_reason_is_told_now_and_then),
        cmocka_unit_test(
            with_noclientlog_nobody_is_remembered_limited_or_answered_in_interleaved_mode),
        cmocka_unit_test(limits_that_are_listed_are_about_whose_rule_says_so),
        cmocka_unit_test(who_has_to_prove_himself_gets_nothing_without),
        cmocka_unit_test(an_old_version_is_answered_unless_the_rule_wants_ours),
        cmocka_unit_test(a_million_clients_fit_into_64_megabytes),
        cmocka_unit_test(a_kernel_stamp_is_moved_to_the_monotonic_clock_unless_it_was_stepped),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
