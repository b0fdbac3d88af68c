/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram at the server's port, in any state of its clock, again and again within its limits
 * and beyond, and in interleaved mode: no answer is longer than what was asked, none answers an
 * answer, and none claims more than the line does. */
#include <assert.h>
#include <string.h>

#include "core/server/reply.h"
#include "fuzz/fuzz.h"

enum { HEAD = 4, MEMORY = 16384, TIMES = 5, ORIGIN_AT = 24, RECEIVE_AT = 32 };

static void check_answer(const struct time_line *line, const struct request *request,
                         const struct reply *reply)
{
    struct ntp_packet in, out;

    assert(reply->size <= request->size);
    assert(ntp_packet_decode(&in, request->bytes, request->size) == DROP_NONE);
    assert(ntp_packet_decode(&out, reply->bytes, reply->size) == DROP_NONE);
    assert(in.mode == NTP_MODE_CLIENT || in.mode == NTP_MODE_ACTIVE || in.mode == 0);
    assert(out.mode == (in.mode == NTP_MODE_ACTIVE ? NTP_MODE_PASSIVE : NTP_MODE_SERVER));
    assert(out.version == in.version);
    assert(reply->bytes[0] >> 3 != 7 && out.mode != NTP_MODE_PRIVATE);
    if (out.origin.raw == in.transmit.raw) {
        assert(ntp_ts_diff_s(out.transmit, out.receive) >= 0);
    } else { /* interleaved: it was asked for, and with a time */
        assert(in.mode == NTP_MODE_CLIENT && out.origin.raw == in.receive.raw);
        assert((in.origin.raw & 1) != 0 && out.leap != NTP_LEAP_UNSYNC);
    }
    if (out.leap == NTP_LEAP_UNSYNC) {
        assert(out.stratum == 0);
    } else {
        assert(line->synchronised && out.stratum == line->stratum);
        assert(ntp_short_to_s(out.root_delay) / 2 + ntp_short_to_s(out.root_dispersion) >=
               line_bound_s(line, request->now));
    }
}

static void check_counts(const struct server_status *counters, uint64_t asked)
{
    uint64_t sum = counters->answers;

    for (unsigned i = 0; i < DROP_COUNT; i++) {
        sum += counters->drops[i];
    }
    assert(counters->requests == asked && sum == asked);
}

/* The same client asks again and again, as one of interleaved mode would if `follows`. */
static void ask(const struct server_view *view, const struct request *first, bool follows)
{
    static const struct siphash_key key = {{1, 2}};
    _Alignas(64) uint8_t memory[MEMORY] = {0};
    uint8_t bytes[NTP_PACKET_MAX], again[NTP_PACKET_MAX];
    struct reply reply = {.bytes = bytes};
    struct request request = *first;
    struct server_tables tables;

    server_tables_init(&tables, memory, sizeof memory, &key);
    for (uint64_t i = 0; i < TIMES; i++) {
        enum drop_reason reason = server_reply(view, &tables, &request, &reply);

        assert(reason < DROP_COUNT);
        assert(reply.size > 0 ? reason == DROP_NONE || reason == DROP_RATE_LIMIT
                              : reason != DROP_NONE);
        check_counts(&tables.counters, i + 1);
        if (reply.size == 0) {
            continue;
        }
        check_answer(view->line, &request, &reply);
        server_sent(view, &tables, reply.handle, request.leaves);
        if (follows) {
            memmove(again, request.bytes, request.size);
            memcpy(again + ORIGIN_AT, bytes + RECEIVE_AT, 8);
            request.bytes = again;
        }
    }
}

/* The first four octets choose the state, the rest is the datagram. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct limit_options options = {
        .enabled = true, .interval_log2 = 3, .burst = 2, .leak = 1, .kod = 1};
    struct access_node nodes[16];
    const struct access_rule rules[] = {
        {.allow = true}, {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 9}};
    struct access_tree access;
    struct limits limits;
    size_t bad;

    if (size < HEAD) {
        return 0;
    }
    struct time_line line = {.utc = {INT64_C(1795361029123456789)},
                             .rate = 1e-5,
                             .bound_s = 1e-4 * data[0],
                             .growth_s_per_s = 1e-6,
                             .void_after = {INT64_C(60) * NS_PER_S},
                             .stratum = data[0] & 31,
                             .leap = data[1] & 3,
                             .precision_log2 = -20,
                             .synchronised = (data[1] & 4) != 0};
    struct server_view view = {.line = &line,
                               .access = &access,
                               .limits = data[3] & 2 ? &limits : NULL,
                               .serving = data[1] >= 16};
    struct request request = {.bytes = data + HEAD,
                              .size = size - HEAD,
                              .from = {.family = data[2] & 1 ? ADDRESS_IPV4 : ADDRESS_IPV6,
                                       .bytes = {10, data[2]},
                                       .port = data[3] & 1 ? 123 : 40000},
                              .received = {data[3] * NS_PER_S / 2},
                              .now = {data[3] * NS_PER_S / 2 + (data[2] - 10) * 1000000},
                              .flags = data[1] >> 3 & 3};

    request.leaves.ns = request.now.ns + data[0];
    access_init(&access, nodes, 16);
    assert(access_build(&access, rules, 2, &bad) == ERR_NONE);
    limits_init(&limits, &options, 1);
    ask(&view, &request, (data[3] & 4) != 0);
    return 0;
}
