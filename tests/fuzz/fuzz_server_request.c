/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram at the server's port, in any state of its clock: no answer is longer than what was
 * asked, none answers an answer, and none claims more than the line does. */
#include <assert.h>
#include <string.h>

#include "core/server/reply.h"
#include "fuzz/fuzz.h"

enum { HEAD = 4, MEMORY = 2048 };

static void check_answer(const struct time_line *line, const struct request *request,
                         const struct reply *reply)
{
    struct ntp_packet in, out;

    assert(reply->size <= request->size);
    assert(ntp_packet_decode(&in, request->bytes, request->size) == DROP_NONE);
    assert(ntp_packet_decode(&out, reply->bytes, reply->size) == DROP_NONE);
    assert(in.mode == NTP_MODE_CLIENT || in.mode == NTP_MODE_ACTIVE || in.mode == 0);
    assert(out.mode == (in.mode == NTP_MODE_ACTIVE ? NTP_MODE_PASSIVE : NTP_MODE_SERVER));
    assert(out.version == in.version && out.origin.raw == in.transmit.raw);
    assert(reply->bytes[0] >> 3 != 7 && out.mode != NTP_MODE_PRIVATE);
    assert(ntp_ts_diff_s(out.transmit, out.receive) >= 0);
    if (out.leap == NTP_LEAP_UNSYNC) {
        assert(out.stratum == 0);
    } else {
        assert(line->synchronised && out.stratum == line->stratum);
        assert(ntp_short_to_s(out.root_delay) / 2 + ntp_short_to_s(out.root_dispersion) >=
               line_bound_s(line, request->now));
    }
}

/* The first four octets choose the state, the rest is the datagram. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _Alignas(64) uint8_t memory[MEMORY] = {0};
    uint8_t bytes[NTP_PACKET_MAX];
    struct access_node nodes[16];
    const struct access_rule rules[] = {
        {.allow = true}, {.prefix = {.family = ADDRESS_IPV4, .bytes = {10}}, .bits = 9}};
    struct access_tree access;
    struct server_tables tables = {0};
    struct reply reply = {.bytes = bytes};
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
    struct server_view view = {.line = &line, .access = &access, .serving = data[1] >= 16};
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
    server_tables_init(&tables, memory, sizeof memory, &(struct siphash_key){{1, 2}});
    enum drop_reason reason = server_reply(&view, &tables, &request, &reply);
    assert(reason < DROP_COUNT);
    assert(tables.counters.requests == 1);
    assert(tables.counters.answers + tables.counters.drops[reason] == 1);
    if (reason == DROP_NONE) {
        check_answer(&line, &request, &reply);
    }
    return 0;
}
