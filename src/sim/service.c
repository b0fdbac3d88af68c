/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/service.h"

#include "base/must.h"

#define SERVICE_S 15e-6 /* from the card to the program */

void service_init(struct service *service)
{
    const struct access_rule everybody = {.allow = true};
    const struct siphash_key key = {{1, 2}};
    size_t bad;

    *service = (struct service){0};
    access_init(&service->access, service->nodes, SERVICE_ACCESS_NODES);
    must(access_build(&service->access, &everybody, 1, &bad) == ERR_NONE);
    server_tables_init(&service->tables, service->memory, sizeof service->memory, &key);
}

bool service_answer(struct service *service, struct computer *computer,
                    const struct service_request *request, struct reply *reply)
{
    static const struct time_line nothing = {.leap = NTP_LEAP_UNSYNC};
    const struct server_view view = {
        .line = request->line ? request->line : &nothing,
        .access = &service->access,
        .serving = true,
    };
    struct request asked = {.bytes = request->bytes, .size = request->size, .from = request->from};
    struct stamp stamp = computer_stamp(computer, false);

    computer_spend(computer, SERVICE_S * (0.5 + prng_exponential(&computer->prng)));
    struct clock_reading now = computer_reading(computer);
    if (stamp.clock == STAMP_CLOCK_REAL) {
        const struct clock_pair pair = {.real = now.real, .mono = now.mono};
        if (!server_received(view.line, &pair, (struct utc_time){stamp.ns}, &asked.received)) {
            return false;
        }
    } else {
        asked.received.ns = now.mono.ns - (now.raw.ns - stamp.ns);
    }
    asked.now = asked.leaves = now.mono;
    (void)server_reply(&view, &service->tables, &asked, reply);
    return reply->size > 0;
}

void service_check(const struct reply *reply, const struct check_instant *at, struct check *check)
{
    struct ntp_packet packet;

    must(ntp_packet_decode(&packet, reply->bytes, reply->size) == DROP_NONE);
    if (packet.leap == NTP_LEAP_UNSYNC) {
        return;
    }
    struct utc_time truth = utc_scale_at(at->utc, at->when);
    check_served(check, at, utc_from_ntp_ts(packet.transmit, truth),
                 ntp_short_to_s(packet.root_delay) / 2 + ntp_short_to_s(packet.root_dispersion));
}
