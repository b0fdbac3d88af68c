/* SPDX-License-Identifier: BSD-2-Clause */
/* exchange_bench.h - an exchange with a server whose clock and path a test chooses. */
#ifndef UNIT_CLIENT_EXCHANGE_BENCH_H
#define UNIT_CLIENT_EXCHANGE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/client/exchange.h"

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

static inline struct bench bench_start(void)
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
static inline struct ntp_ts server_time(int64_t raw_ns)
{
    return ntp_ts_from_utc(
        (struct utc_time){base_ns + raw_ns + (int64_t)(server_ahead_s * (double)NS_PER_S)});
}

static inline void ask_how(struct bench *bench, int64_t raw_ns, const struct exchange_request *how)
{
    uint8_t bytes[NTP_HEADER_SIZE];
    struct exchange_request request = *how;

    request.random[0] = ++bench->random;
    request.random[1] = ++bench->random;
    bench->sequence = exchange_ask(&bench->exchange, &request, (struct mono_time){raw_ns}, bytes);
    assert_int_equal(ntp_packet_decode(&bench->request, bytes, sizeof bytes), DROP_NONE);
}

static inline void ask(struct bench *bench, int64_t raw_ns)
{
    ask_how(bench, raw_ns, &(struct exchange_request){.version = 4});
}

/* An honest reply: received at raw time `in_ns`, sent at `out_ns`. */
static inline struct ntp_packet reply_to(const struct ntp_packet *request, int64_t in_ns,
                                         int64_t out_ns)
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

static inline struct local_stamp stamp_at(int64_t raw_ns, enum stamp_class stamp_class)
{
    return (struct local_stamp){{raw_ns}, 1e-7, (uint8_t)stamp_class, true};
}

static inline struct exchange_result deliver(struct bench *bench, const struct ntp_packet *reply,
                                             int64_t raw_ns)
{
    uint8_t bytes[NTP_HEADER_SIZE];
    struct local_stamp received = stamp_at(raw_ns, STAMP_KERNEL);

    ntp_packet_encode(reply, bytes);
    return exchange_receive(&bench->exchange, &bench->limits, bytes, sizeof bytes, &received);
}

#endif
