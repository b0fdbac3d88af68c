/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program in the network driver, run by the kernel on frames that never were on a wire
 * (BPF_PROG_TEST_RUN), beside the server that answers from sockets.
 */
#include "xdp/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/server/reply.h"
#include "daemon/xdp_clients.h"
#include "daemon/xdp_feed.h"
#include "sys/bpf.h"
#include "sys/clock.h"
#include "wire/xdp.h"

enum {
    FRAME_MAX = 256,
    NTP_IPV4 = 14 + 20 + 8,
    NTP_IPV6 = 14 + 40 + 8,
    FUZZ_FRAMES = 60000,
    LOOPBACK = 1, /* by this interface test frames come */
};

static const uint8_t our_mac[6] = {2, 1, 2, 3, 4, 5}, their_mac[6] = {2, 9, 9, 9, 9, 9};

static struct kernel {
    struct bpf_object *object;
    int program;
    struct xdp_feed feed;
    struct xdp_settings *settings;
    int own, clients, access[2];
    struct time_line line;
} kernel;

struct frame {
    uint8_t bytes[FRAME_MAX];
    unsigned size;
};

static int map(const char *name)
{
    return bpf_object__find_map_fd_by_name(kernel.object, name);
}

static int silence(enum libbpf_print_level level, const char *format, va_list values)
{
    (void)level;
    (void)format;
    (void)values;
    return 0;
}

/* 0, or the error that keeps this process from loading anything. */
static int load(void)
{
    (void)libbpf_set_print(silence);
    kernel.object = bpf_object__open_mem(xdp_program, xdp_program_size, NULL);
    if (kernel.object == NULL) {
        return errno;
    }
    int error = bpf_object__load(kernel.object);
    if (error != 0) {
        return -error;
    }
    kernel.program =
        bpf_program__fd(bpf_object__find_program_by_name(kernel.object, "noon_answer"));
    kernel.settings = bpf_memory(map(".data.settings"), sizeof *kernel.settings, true);
    xdp_feed_open(&kernel.feed, map(".data.lines"), map(".data.counters"), map(".data.settings"));
    kernel.own = map("own");
    kernel.clients = map("clients");
    kernel.access[0] = map("access_ipv4");
    kernel.access[1] = map("access_ipv6");
    return 0;
}

static void give_line(void)
{
    kernel.line.from = clock_steady();
    xdp_feed_give(&kernel.feed, &kernel.line, false, kernel.line.from);
}

static void own_address(uint32_t family, const char *text)
{
    struct address address;
    struct xdp_own own = {.family = family};
    const uint32_t one = 1;

    assert_true(address_parse(&address, text));
    memcpy(own.bytes, address.bytes, sizeof own.bytes);
    assert_int_equal(bpf_set(kernel.own, &own, &one), ERR_NONE);
}

static void say_access(const char *text, unsigned bits, uint32_t value)
{
    struct address address;
    struct xdp_prefix key = {.bits = bits};

    assert_true(address_parse(&address, text));
    memcpy(key.bytes, address.bytes, sizeof key.bytes);
    assert_int_equal(bpf_set(kernel.access[address.family == ADDRESS_IPV6], &key, &value),
                     ERR_NONE);
}

/* 10.0.0.1 and fd00::1 serve 10/8 but 10.66/16, and fd00::/16; growth 0: nothing changes with time.
 */
static int begin(void **state)
{
    (void)state;
    kernel.line = (struct time_line){.utc = {INT64_C(1790000000) * NS_PER_S + 123456789},
                                     .rate = 12e-6,
                                     .bound_s = 0.0123,
                                     .void_after = {INT64_MAX / 2},
                                     .root_delay_s = 0.0045,
                                     .reference = {INT64_C(1789999990) * NS_PER_S},
                                     .refid = 0xc0000201,
                                     .stratum = 3,
                                     .precision_log2 = -24,
                                     .synchronised = true};
    *kernel.settings = (struct xdp_settings){.port = 123, .remember = 1};
    kernel.settings->cards[1].index = LOOPBACK;
    memcpy(kernel.settings->cards[1].mac, our_mac, sizeof our_mac);
    own_address(ADDRESS_IPV4, "10.0.0.1");
    own_address(ADDRESS_IPV6, "fd00::1");
    say_access("10.0.0.0", 8, ACCESS_ALLOW);
    say_access("10.66.0.0", 16, ACCESS_DENY);
    say_access("fd00::", 16, ACCESS_ALLOW);
    give_line();
    return 0;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* The Internet checksum's sum, to be continued. */
static uint32_t sum_of(const uint8_t *bytes, size_t size, uint32_t sum)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        sum += get16(bytes + i);
    }
    return (sum & 0xffff) + (sum >> 16);
}

static unsigned folded(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void checksum_ipv4(struct frame *frame)
{
    put16(frame->bytes + 24, 0);
    put16(frame->bytes + 24, ~folded(sum_of(frame->bytes + 14, 20, 0)) & 0xffff);
}

static struct frame request_ipv4(const char *from, unsigned port)
{
    struct frame frame = {.size = NTP_IPV4 + NTP_HEADER_SIZE};
    struct address address;
    uint8_t *b = frame.bytes;

    assert_true(address_parse(&address, from));
    memcpy(b, our_mac, 6);
    memcpy(b + 6, their_mac, 6);
    put16(b + 12, 0x0800);
    b[14] = 0x45;
    put16(b + 16, 20 + 8 + NTP_HEADER_SIZE);
    b[22] = 17;
    b[23] = 17;
    memcpy(b + 26, address.bytes, 4);
    memcpy(b + 30, (const uint8_t[]){10, 0, 0, 1}, 4);
    checksum_ipv4(&frame);
    put16(b + 34, port);
    put16(b + 36, 123);
    put16(b + 38, 8 + NTP_HEADER_SIZE);
    b[NTP_IPV4] = 0x23;
    b[NTP_IPV4 + 2] = 6;
    memcpy(b + NTP_IPV4 + 40, "\xe1\x02\x03\x04\x05\x06\x07\x08", 8);
    return frame;
}

static struct frame request_ipv6(const char *from, unsigned port)
{
    struct frame frame = {.size = NTP_IPV6 + NTP_HEADER_SIZE};
    struct address address;
    uint8_t *b = frame.bytes;

    assert_true(address_parse(&address, from));
    memcpy(b, our_mac, 6);
    memcpy(b + 6, their_mac, 6);
    put16(b + 12, 0x86dd);
    b[14] = 0x60;
    put16(b + 18, 8 + NTP_HEADER_SIZE);
    b[20] = 17;
    b[21] = 55;
    memcpy(b + 22, address.bytes, 16);
    assert_true(address_parse(&address, "fd00::1"));
    memcpy(b + 38, address.bytes, 16);
    put16(b + 54, port);
    put16(b + 56, 123);
    put16(b + 58, 8 + NTP_HEADER_SIZE);
    put16(b + 60, 0x1234);
    b[NTP_IPV6] = 0x1b;
    memcpy(b + NTP_IPV6 + 40, "\xe1\x02\x03\x04\x05\x06\x07\x08", 8);
    return frame;
}

static uint32_t run(const struct frame *in, struct frame *out)
{
    struct bpf_test_run_opts options = {.sz = sizeof options,
                                        .data_in = in->bytes,
                                        .data_size_in = in->size,
                                        .data_out = out->bytes,
                                        .data_size_out = FRAME_MAX,
                                        .repeat = 1};

    memset(out, 0, sizeof *out);
    assert_int_equal(bpf_prog_test_run_opts(kernel.program, &options), 0);
    out->size = options.data_size_out;
    return options.retval;
}

static bool is_ipv6(const struct frame *frame)
{
    return get16(frame->bytes + 12) == 0x86dd;
}

/* What the server says to the same request from a socket. */
static size_t by_socket(const struct frame *in, const struct limits *limits,
                        uint8_t answer[static NTP_PACKET_MAX])
{
    static struct server_tables tables;
    static const struct access_rule rules[] = {
        {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 8, .allow = true},
        {.prefix = {.family = ADDRESS_IPV4, .bytes = {10, 66}}, .bits = 16},
        {.prefix = {.family = ADDRESS_IPV6, .bytes = {0xfd}}, .bits = 16, .allow = true}};
    static struct access_node nodes[64];
    static struct access_tree access;
    size_t bad, at = is_ipv6(in) ? NTP_IPV6 : NTP_IPV4;
    struct server_view view = {
        .line = &kernel.line, .access = &access, .limits = limits, .serving = true};
    struct request request = {.bytes = in->bytes + at,
                              .size = in->size - at,
                              .from = {.family = is_ipv6(in) ? ADDRESS_IPV6 : ADDRESS_IPV4}};
    struct reply reply = {.bytes = answer};

    server_tables_init(&tables, NULL, 0, &(struct siphash_key){{1, 2}});
    access_init(&access, nodes, 64);
    assert_int_equal(access_build(&access, rules, 3, &bad), ERR_NONE);
    memcpy(request.from.bytes, in->bytes + (is_ipv6(in) ? 22 : 26), is_ipv6(in) ? 16 : 4);
    request.from.port = (uint16_t)get16(in->bytes + at - 8);
    request.received = request.now = request.leaves = clock_steady();
    (void)server_reply(&view, &tables, &request, &reply);
    return reply.size;
}

static void assert_turned(const struct frame *in, const struct frame *out)
{
    size_t at = is_ipv6(in) ? NTP_IPV6 : NTP_IPV4;
    size_t addresses = is_ipv6(in) ? 22 : 26, length = is_ipv6(in) ? 16 : 4;

    assert_int_equal(out->size, in->size);
    assert_memory_equal(out->bytes, their_mac, 6);
    assert_memory_equal(out->bytes + 6, our_mac, 6);
    assert_memory_equal(out->bytes + addresses, in->bytes + addresses + length, length);
    assert_memory_equal(out->bytes + addresses + length, in->bytes + addresses, length);
    assert_memory_equal(out->bytes + at - 8, in->bytes + at - 6, 2);
    assert_memory_equal(out->bytes + at - 6, in->bytes + at - 8, 2);
    if (!is_ipv6(in)) {
        assert_int_equal(folded(sum_of(out->bytes + 14, 20, 0)), 0xffff);
        assert_int_equal(get16(out->bytes + 20), 0x4000); /* never in fragments */
    }
    /* Addresses, protocol and length are part of the checksum. */
    uint32_t sum = sum_of(out->bytes + addresses, 2 * length, 17 + 8 + NTP_HEADER_SIZE);
    assert_int_equal(folded(sum_of(out->bytes + at - 8, 8 + NTP_HEADER_SIZE, sum)), 0xffff);
}

static uint64_t stamp_at(const uint8_t *bytes)
{
    uint64_t stamp = 0;

    for (unsigned i = 0; i < 8; i++) {
        stamp = stamp << 8 | bytes[i];
    }
    return stamp;
}

/* Octet for octet what a socket would have sent, but for the two stamps, which are of now. */
static void assert_like_socket(const struct frame *in, const struct frame *out,
                               const struct limits *limits)
{
    size_t at = is_ipv6(in) ? NTP_IPV6 : NTP_IPV4;
    uint8_t answer[NTP_PACKET_MAX];

    assert_turned(in, out);
    assert_int_equal(by_socket(in, limits, answer), NTP_HEADER_SIZE);
    assert_memory_equal(out->bytes + at, answer, 32);
    uint64_t received = stamp_at(out->bytes + at + 32), sent = stamp_at(out->bytes + at + 40);
    assert_int_equal(received & 1, 1);
    assert_int_equal(sent & 1, 0);
    assert_true(sent > received && sent - received < 1000);
    int64_t late = (int64_t)(stamp_at(answer + 32) - received);
    assert_true(late > -1000 && late < INT64_C(4294967296)); /* asked a little earlier */
}

static void plain_requests_are_answered_as_from_a_socket(void **state)
{
    static const uint8_t firsts[] = {0x0b, 0x13, 0x1b, 0x23, 0xe3, 0xdb};
    static const uint8_t polls[] = {0, 3, 6, 17, 0x80, 0xff};
    struct frame out;

    (void)state;
    for (unsigned i = 0; i < sizeof firsts; i++) {
        for (unsigned k = 0; k < sizeof polls; k++) {
            struct frame frames[] = {request_ipv4("10.1.2.3", 40000),
                                     request_ipv6("fd00::2:3", 123)};

            for (unsigned n = 0; n < 2; n++) {
                size_t at = n == 0 ? NTP_IPV4 : NTP_IPV6;

                frames[n].bytes[at] = firsts[i];
                frames[n].bytes[at + 2] = polls[k];
                give_line();
                assert_int_equal(run(&frames[n], &out), XDP_TX);
                assert_like_socket(&frames[n], &out, NULL);
            }
        }
    }
}

static void dispersion_grows_along_the_line(void **state)
{
    struct frame in = request_ipv4("10.1.2.3", 40000), out;
    uint8_t answer[NTP_PACKET_MAX];

    (void)state;
    kernel.line.growth_s_per_s = 5e-3;
    kernel.line.leap = NTP_LEAP_INSERT;
    give_line();
    (void)usleep(200000); /* 1 ms more: 65 units */
    assert_int_equal(run(&in, &out), XDP_TX);
    assert_int_equal(by_socket(&in, NULL, answer), NTP_HEADER_SIZE);
    unsigned one = get16(out.bytes + NTP_IPV4 + 10), other = get16(answer + 10);
    assert_in_range(other - one, 0, 3); /* it was asked a moment later */
    assert_memory_equal(out.bytes + NTP_IPV4, answer, 8);
}

struct change {
    const char *what;
    unsigned at;
    uint8_t value;
    bool ipv6;
};

static void what_is_not_plain_goes_on_to_the_sockets(void **state)
{
    static const struct change changes[] = {
        {"to another card", 5, 99, false},
        {"another protocol", 13, 6, false},
        {"options of IP", 14, 0x46, false},
        {"more fragments", 20, 0x20, false},
        {"a later fragment", 21, 1, false},
        {"TCP", 23, 6, false},
        {"a longer packet than its header says", 17, 75, false},
        {"from 0.0.0.0/8", 26, 0, false},
        {"from this machine", 26, 127, false},
        {"from a group", 26, 224, false},
        {"from everybody", 26, 255, false},
        {"to an address that is not ours", 33, 2, false},
        {"to another port", 37, 124, false},
        {"another length", 39, 57, false},
        {"mode 0", NTP_IPV4, 0x20, false},
        {"mode 1", NTP_IPV4, 0x21, false},
        {"mode 4", NTP_IPV4, 0x24, false},
        {"mode 6", NTP_IPV4, 0x26, false},
        {"version 0", NTP_IPV4, 0x03, false},
        {"version 5", NTP_IPV4, 0x2b, false},
        {"interleaved mode", NTP_IPV4 + 31, 1, false},
        {"an extension header", 20, 0, true},
        {"from ::/64", 22, 0, true},
        {"from a group", 22, 0xff, true},
        {"to an address that is not ours", 53, 2, true},
        {"another payload", 19, 57, true},
        {"mode 1", NTP_IPV6, 0x21, true},
    };
    struct frame out;

    (void)state;
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const struct change *change = &changes[i];
        struct frame in =
            change->ipv6 ? request_ipv6("fd00::2", 40000) : request_ipv4("10.1.2.3", 40000);

        in.bytes[change->at] = change->value;
        if (!change->ipv6 && change->at >= 14 && change->at < 34) {
            checksum_ipv4(&in);
        }
        if (run(&in, &out) != XDP_PASS || memcmp(in.bytes, out.bytes, in.size) != 0) {
            fail_msg("%s is not left alone", change->what);
        }
    }
}

static void neither_are_odd_sizes_and_sources(void **state)
{
    struct frame in = request_ipv4("10.1.2.3", 0), out;

    (void)state;
    assert_int_equal(run(&in, &out), XDP_PASS); /* port 0 */
    in = request_ipv4("10.0.0.1", 123);
    assert_int_equal(run(&in, &out), XDP_PASS); /* ourselves */
    in = request_ipv6("fd00::2", 40000);
    put16(in.bytes + 60, 0);
    assert_int_equal(run(&in, &out), XDP_PASS); /* without a checksum */
    in = request_ipv4("10.1.2.3", 40000);
    in.bytes[24] ^= 1;
    assert_int_equal(run(&in, &out), XDP_PASS); /* with a wrong one */
    for (unsigned size = 14; size < FRAME_MAX; size++) {
        in = request_ipv4("10.1.2.3", 40000);
        in.size = size;
        if (size != NTP_IPV4 + NTP_HEADER_SIZE) {
            assert_int_equal(run(&in, &out), XDP_PASS);
        }
    }
}

static void without_a_line_that_holds_nothing_is_answered(void **state)
{
    struct frame in = request_ipv4("10.1.2.3", 40000), out;
    struct steady_time past = {clock_steady().ns - (XDP_PROMISE_MS + 1) * INT64_C(1000000)};

    (void)state;
    assert_int_equal(run(&in, &out), XDP_TX);
    xdp_feed_give(&kernel.feed, &kernel.line, false, past); /* not renewed since */
    assert_int_equal(run(&in, &out), XDP_PASS);
    xdp_feed_give(&kernel.feed, &kernel.line, true, clock_steady()); /* draining */
    assert_int_equal(run(&in, &out), XDP_PASS);
    kernel.line.synchronised = false;
    give_line();
    assert_int_equal(run(&in, &out), XDP_PASS);
    kernel.line.synchronised = true;
    give_line();
    assert_int_equal(run(&in, &out), XDP_TX);
    kernel.settings->hold = 1; /* rules are being changed */
    assert_int_equal(run(&in, &out), XDP_PASS);
}

static struct xdp_client client_of(uint8_t second)
{
    struct xdp_client_name name = {.bytes = {10, second, 2, 3}, .family = ADDRESS_IPV4};
    struct xdp_client client;

    assert_int_equal(bpf_map_lookup_elem(kernel.clients, &name, &client), 0);
    return client;
}

static void who_is_refused_is_counted_and_remembered(void **state)
{
    struct frame denied = request_ipv4("10.66.2.3", 40000), stranger = request_ipv4("11.1.1.1", 9);
    struct frame out;
    struct server_status before = {0}, after = {0};

    (void)state;
    xdp_feed_count(&kernel.feed, &before);
    assert_int_equal(run(&denied, &out), XDP_DROP);
    assert_int_equal(run(&stranger, &out), XDP_DROP);
    xdp_feed_count(&kernel.feed, &after);
    assert_int_equal(after.drops[DROP_ACCESS] - before.drops[DROP_ACCESS], 2);
    assert_int_equal(after.requests - before.requests, 2);
    assert_int_equal(after.answers, before.answers);
    struct xdp_client client = client_of(66);
    assert_int_equal(client.requests, 1);
    assert_int_equal(client.answers, 0);
    assert_int_equal(client.last_drop, DROP_ACCESS);
}

/* As the server process reads the table. */
static void its_clients_are_listed_with_the_others(void **state)
{
    static struct client_status told[64];
    struct frame out, denied = request_ipv4("10.66.7.7", 40000);
    struct frame in[] = {request_ipv4("10.9.9.9", 1), request_ipv6("fd00::1:0:0:9", 2),
                         request_ipv6("fe80::5:9", 2)};
    struct xdp_clients *clients = xdp_clients_open();
    struct clients_record record = {.clients = told, .count = 1, .known = 1};
    unsigned found = 0;

    (void)state;
    say_access("fe80::", 10, ACCESS_ALLOW);
    told[0] = (struct client_status){.address = {.family = ADDRESS_IPV4, .bytes = {10, 9, 9, 9}},
                                     .requests = 5,
                                     .answers = 4,
                                     .dropped = 1,
                                     .version = 3};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(run(&in[i], &out), XDP_TX);
    }
    assert_int_equal(run(&denied, &out), XDP_DROP);
    assert_non_null(clients);
    xdp_clients_add(clients, kernel.clients, &kernel.line, &record, 64);
    assert_true(record.count >= 4 && record.count == record.known);
    assert_int_equal(told[0].requests, 6);
    assert_int_equal(told[0].answers, 5);
    assert_int_equal(told[0].version, 4);
    for (size_t i = 1; i < record.count; i++) {
        char text[ADDRESS_TEXT_SIZE];

        address_print(&told[i].address, text);
        found += strcmp(text, "fd00::") == 0 && told[i].answers >= 1;
        found += strcmp(text, "fe80::5:9") == 0 && told[i].answers == 1;
        found += strcmp(text, "10.66.7.7") == 0 && told[i].dropped == 1;
        assert_string_not_equal(text, "10.9.9.9");
    }
    assert_int_equal(found, 3);
    free(clients);
}

/* `allow ... authenticated` and the like: the sockets know what it means. */
static void of_whom_more_is_said_goes_to_the_sockets(void **state)
{
    struct frame in = request_ipv4("10.77.2.3", 40000), out;

    (void)state;
    for (unsigned flag = 1; flag <= ACCESS_THIS_VERSION; flag *= 2) {
        const struct access_rule rule = {.allow = true, .flags = (uint8_t)flag};

        say_access("10.77.0.0", 16, access_of_rule(&rule));
        assert_int_equal(run(&in, &out), XDP_PASS);
    }
    say_access("10.77.0.0", 16, ACCESS_ALLOW);
    assert_int_equal(run(&in, &out), XDP_TX);
}

static void set_limit(uint32_t leak_mask, uint32_t kod_mask)
{
    kernel.settings->limited = 1;
    kernel.settings->interval_ns = 8 * NS_PER_S;
    kernel.settings->interval_64_ns = NS_PER_S / 4;
    kernel.settings->allowance_ns = 3 * 8 * NS_PER_S; /* a burst of 4 */
    kernel.settings->leak_mask = leak_mask;
    kernel.settings->kod_mask = kod_mask;
    kernel.settings->interval_log2 = 3;
}

static void beyond_its_burst_a_client_is_answered_by_chance(void **state)
{
    struct frame in = request_ipv4("10.7.2.3", 40000), out;
    unsigned answered = 0;

    (void)state;
    set_limit(15, 0);
    in.bytes[NTP_IPV4 + 2] = 1;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(run(&in, &out), XDP_TX);
        assert_int_equal(out.bytes[NTP_IPV4 + 2], 3); /* what it may do */
    }
    for (unsigned i = 0; i < 800; i++) {
        give_line(); /* under a slow machine, too */
        answered += run(&in, &out) == XDP_TX;
    }
    assert_in_range(answered, 15, 150); /* 50 are expected */
    struct xdp_client client = client_of(7);
    assert_int_equal(client.requests, 804);
    assert_int_equal(client.answers, 4 + answered);
    assert_int_equal(client.last_drop, DROP_RATE_LIMIT);
}

static void some_are_told_to_ask_less_often(void **state)
{
    struct frame in = request_ipv4("10.8.2.3", 40000), out;
    const struct limit_options options = {
        .enabled = true, .interval_log2 = 3, .burst = 4, .leak = 4, .kod = 1};
    struct server_status before = {0}, after = {0};
    unsigned kisses = 0;

    (void)options;
    (void)state;
    set_limit(0xffffffff, 1);
    xdp_feed_count(&kernel.feed, &before);
    for (unsigned i = 0; i < 200; i++) {
        give_line();
        if (run(&in, &out) == XDP_TX && out.bytes[NTP_IPV4 + 1] == 0) {
            kisses++;
            assert_turned(&in, &out);
            assert_int_equal(out.bytes[NTP_IPV4], 0xe4);
            assert_memory_equal(out.bytes + NTP_IPV4 + 12, "RATE", 4);
            assert_memory_equal(out.bytes + NTP_IPV4 + 24, in.bytes + NTP_IPV4 + 40, 8);
        }
    }
    xdp_feed_count(&kernel.feed, &after);
    assert_int_equal(after.kisses - before.kisses, kisses);
    assert_in_range(kisses, 1, 150);
}

/* Anything at all, and requests with some octets that are something else. */
static void no_frame_is_answered_but_plain_requests(void **state)
{
    struct frame out;

    (void)state;
    srand(4);
    for (unsigned i = 0; i < FUZZ_FRAMES; i++) {
        struct frame in =
            i % 3 == 0 ? request_ipv6("fd00::77", 40000) : request_ipv4("10.3.2.3", 40000);

        for (int k = rand() % 6; k > 0; k--) {
            in.bytes[(unsigned)rand() % in.size] = (uint8_t)rand();
        }
        if (i % 16 == 0) {
            in.size = 14 + (unsigned)rand() % (FRAME_MAX - 14);
        }
        if (i % 256 == 0) {
            give_line();
        }
        if (i % 2 == 0 && !is_ipv6(&in)) {
            checksum_ipv4(&in);
        }
        uint32_t action = run(&in, &out);
        if (action == XDP_TX) {
            memcpy(in.bytes + 6, their_mac, 6); /* whatever it was, it is the receiver now */
            memcpy(out.bytes, their_mac, 6);
            assert_like_socket(&in, &out, NULL);
        } else if (action == XDP_PASS) {
            assert_int_equal(out.size, in.size);
            assert_memory_equal(out.bytes, in.bytes, in.size);
        } else {
            uint8_t answer[NTP_PACKET_MAX];

            assert_int_equal(action, XDP_DROP);
            assert_int_equal(by_socket(&in, NULL, answer), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(plain_requests_are_answered_as_from_a_socket, begin),
        cmocka_unit_test_setup(dispersion_grows_along_the_line, begin),
        cmocka_unit_test_setup(what_is_not_plain_goes_on_to_the_sockets, begin),
        cmocka_unit_test_setup(neither_are_odd_sizes_and_sources, begin),
        cmocka_unit_test_setup(without_a_line_that_holds_nothing_is_answered, begin),
        cmocka_unit_test_setup(who_is_refused_is_counted_and_remembered, begin),
        cmocka_unit_test_setup(its_clients_are_listed_with_the_others, begin),
        cmocka_unit_test_setup(of_whom_more_is_said_goes_to_the_sockets, begin),
        cmocka_unit_test_setup(beyond_its_burst_a_client_is_answered_by_chance, begin),
        cmocka_unit_test_setup(some_are_told_to_ask_less_often, begin),
        cmocka_unit_test_setup(no_frame_is_answered_but_plain_requests, begin),
    };
    int error = load();

    if (error != 0) {
        printf("1..0 # SKIP no program can be loaded into this kernel here: %s\n", strerror(error));
        return 0;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
