/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/service.h"

#include "base/must.h"

#define SERVICE_S 15e-6 /* from the card to the program */
#define SEND_S 4e-6     /* back to the card */

void service_init(struct service *service, const struct node_options *options)
{
    const struct access_rule everybody = {.allow = true};
    const struct siphash_key key = {{1, 2}};
    size_t bad;

    *service = (struct service){0};
    access_init(&service->access, service->nodes, SERVICE_ACCESS_NODES);
    must(access_build(&service->access, &everybody, 1, &bad) == ERR_NONE);
    server_tables_init(&service->tables, service->memory, sizeof service->memory, &key);
    limits_init(&service->limits, &options->limit, 1);
}

void service_flood(struct service *service, struct computer *computer, const struct time_line *line,
                   unsigned count)
{
    const struct server_view view = {
        .line = line, .access = &service->access, .limits = &service->limits, .serving = true};
    struct clock_reading now = computer_reading(computer);
    struct ntp_packet packet = {.version = 4, .mode = NTP_MODE_CLIENT, .transmit = {1}};
    uint8_t bytes[NTP_HEADER_SIZE], answer[NTP_PACKET_MAX];
    struct reply reply = {.bytes = answer};

    ntp_packet_encode(&packet, bytes);
    for (unsigned i = 0; i < count; i++) {
        uint64_t drawn = prng_next(&computer->prng);
        struct request request = {.bytes = bytes,
                                  .size = sizeof bytes,
                                  .from = {.family = ADDRESS_IPV4,
                                           .bytes = {11, (uint8_t)(drawn >> 24),
                                                     (uint8_t)(drawn >> 16), (uint8_t)(drawn >> 8)},
                                           .port = 40000},
                                  .received = now.mono,
                                  .now = now.mono,
                                  .leaves = now.mono};

        (void)server_reply(&view, &service->tables, &request, &reply);
    }
}

/* A stamp on CLOCK_MONOTONIC; false: the clock was stepped meanwhile. */
static bool on_steady(const struct time_line *line, const struct clock_reading *now,
                      const struct stamp *stamp, struct steady_time *steady)
{
    const struct clock_pair pair = {.real = now->real, .mono = now->mono};

    if (stamp->clock == STAMP_CLOCK_REAL) {
        return server_received(line, &pair, (struct utc_time){stamp->ns}, steady);
    }
    steady->ns = now->mono.ns - (now->raw.ns - stamp->ns);
    return true;
}

bool service_answer(struct service *service, struct computer *computer,
                    const struct service_request *request, struct reply *reply)
{
    static const struct time_line nothing = {.leap = NTP_LEAP_UNSYNC};
    const struct server_view view = {
        .line = request->line ? request->line : &nothing,
        .access = &service->access,
        .limits = &service->limits,
        .serving = true,
    };
    struct request asked = {.bytes = request->bytes,
                            .size = request->size,
                            .from = request->from,
                            .flags = REQUEST_TELLABLE};
    struct stamp stamp = computer_stamp(computer, false);

    computer_spend(computer, SERVICE_S * (0.5 + prng_exponential(&computer->prng)));
    struct clock_reading now = computer_reading(computer);
    if (!on_steady(view.line, &now, &stamp, &asked.received)) {
        return false;
    }
    asked.now = asked.leaves = now.mono;
    (void)server_reply(&view, &service->tables, &asked, reply);
    computer_spend(computer, SEND_S * (0.5 + prng_exponential(&computer->prng)));
    if (reply->handle != 0 && !computer->options.user_stamps &&
        !prng_chance(&computer->prng, computer->options.tx_stamp_loss)) {
        stamp = computer_stamp(computer, true);
        now = computer_reading(computer);
        if (on_steady(view.line, &now, &stamp, &asked.received)) {
            server_sent(&view, &service->tables, reply->handle, asked.received);
        }
    }
    return reply->size > 0;
}

void service_check(const struct reply *reply, const struct check_instant *at, struct check *check)
{
    struct ntp_packet packet;

    must(ntp_packet_decode(&packet, reply->bytes, reply->size) == DROP_NONE);
    /* What an interleaved answer tells is about the one before. */
    if (packet.leap == NTP_LEAP_UNSYNC || ntp_ts_diff_s(packet.transmit, packet.receive) < 0) {
        return;
    }
    struct utc_time truth = utc_scale_at(at->utc, at->when);
    check_served(check, at, utc_from_ntp_ts(packet.transmit, truth),
                 ntp_short_to_s(packet.root_delay) / 2 + ntp_short_to_s(packet.root_dispersion));
}
