/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenarios_hostile.c - a network full of datagrams that somebody made up: random octets, forged
 * answers, alarms and kisses, answers overheard and sent again whole, cut or bent.
 *
 * The attacker is given more than he could have: he always knows which local port is open, writes
 * any sender, and hears every answer when it arrives.  He does not see requests before that: who
 * does can only be kept off by authentication.
 */
#include <string.h>

#include "sim/kit.h"
#include "sim/scenario.h"
#include "sim/traffic.h"

static const double volley_s = 1e-3; /* at high rates: what comes in this time comes together */

struct attack {
    double per_s;
};

static struct utc_time some_lie(struct world *world)
{
    static const int64_t lies_ns[] = {NS_PER_S / 1000, NS_PER_S, 10 * NS_PER_S,
                                      INT64_C(31536000) * NS_PER_S};
    struct prng *prng = &world->prng;
    int64_t lie_ns = lies_ns[prng_below(prng, 4)];

    return (struct utc_time){utc_scale_at(&world->utc, world->now).ns +
                             (prng_chance(prng, 0.5) ? lie_ns : -lie_ns)};
}

/* An answer as one would like it to be believed; its origin can only be guessed. */
static size_t made_up_answer(struct world *world, uint8_t bytes[static DATAGRAM_MAX])
{
    static const uint32_t kisses[] = {0, 0, 0, KISS_DENY, KISS_RATE, KISS_RSTR};
    struct prng *prng = &world->prng;
    struct utc_time lie = some_lie(world);
    uint32_t kiss = kisses[prng_below(prng, 6)];
    struct ntp_packet packet = {
        .version = (uint8_t)(1 + prng_below(prng, 7)),
        .mode = (uint8_t)(prng_chance(prng, 0.7) ? NTP_MODE_SERVER : prng_below(prng, 8)),
        .stratum = kiss ? 0 : (uint8_t)prng_below(prng, 17),
        .leap = kiss ? NTP_LEAP_UNSYNC : (uint8_t)prng_below(prng, 4),
        .poll_log2 = (int8_t)prng_below(prng, 20),
        .refid = kiss,
        .origin.raw = prng_chance(prng, 0.2) ? 0 : prng_next(prng),
        .receive = ntp_ts_from_utc(lie),
        .transmit = ntp_ts_from_utc(lie),
        .reference = ntp_ts_from_utc(lie),
    };

    ntp_packet_encode(&packet, bytes);
    return NTP_HEADER_SIZE;
}

static size_t random_octets(struct world *world, uint8_t bytes[static DATAGRAM_MAX])
{
    size_t size = prng_below(&world->prng, DATAGRAM_MAX + 1);

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)prng_below(&world->prng, 256);
    }
    return size;
}

/* What was overheard of this host: as it was, cut, lengthened, or one octet changed. */
static size_t bent_answer(struct world *world, unsigned host, uint8_t bytes[static DATAGRAM_MAX])
{
    const struct link *link = world_link(world, 0, host);
    size_t size = link->overheard_size;
    struct prng *prng = &world->prng;

    if (size == 0) {
        return random_octets(world, bytes);
    }
    memset(bytes, 0, DATAGRAM_MAX);
    memcpy(bytes, link->overheard, size);
    switch (prng_below(prng, 4)) {
    case 0:
        return prng_below(prng, (unsigned)size);
    case 1:
        return size + prng_below(prng, (unsigned)(DATAGRAM_MAX - size + 1));
    case 2:
        bytes[prng_below(prng, (unsigned)size)] ^= (uint8_t)(1 + prng_below(prng, 255));
        return size;
    default:
        return size;
    }
}

static void send_one(struct world *world)
{
    struct prng *prng = &world->prng;
    unsigned association = prng_below(prng, world->limits.sources);
    const struct sim_socket *socket = &world->nodes[0].sockets[association];
    uint8_t bytes[DATAGRAM_MAX];
    size_t size;

    if (!socket->open || socket->host == HOST_NONE) {
        return;
    }
    switch (prng_below(prng, 3)) {
    case 0:
        size = random_octets(world, bytes);
        break;
    case 1:
        size = made_up_answer(world, bytes);
        break;
    default:
        size = bent_answer(world, socket->host, bytes);
        break;
    }
    traffic_forge(
        world, &(struct forgery){
                   .association = association, .host = socket->host, .bytes = bytes, .size = size});
}

static void attack(struct world *world, int count)
{
    const struct attack *plan = world->note;
    double gap_s = 1 / plan->per_s > volley_s ? 1 / plan->per_s : volley_s;

    for (double sent = 0; sent < plan->per_s * gap_s - 0.5; sent++) {
        send_one(world);
    }
    gap_s *= 0.5 + (double)prng_below(&world->prng, 1000) / 1000;
    world_at(world, true_time_to_s(world->now) + gap_s, attack, count + 1);
}

static void build_hostile(struct world *world, double per_s)
{
    struct route_options path = {.base_s = 5e-3, .jitter_s = 1e-3};
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node, kit_server(world, i + 1, &path));
    }
    ((struct attack *)world->note)->per_s = per_s;
    world_at(world, 0.1, attack, 0);
}

static void build_steady(struct world *world)
{
    build_hostile(world, 100);
}

static void build_flood(struct world *world)
{
    build_hostile(world, 100000);
}

/* No forgery was taken for an answer: a server's own answers are all that was counted. */
static const char *judge_hostile(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned host = 0; host < 3; host++) {
        const struct source_status *source = kit_source_at(world, status, host);
        if (!source || source->state == SOURCE_FALSETICKER) {
            return "every honest source is still taken for one";
        }
    }
    return NULL;
}

#define ROW(title, says, builder, long_s)                                                          \
    .name = title, .sentence = says, .build = builder, .judge = judge_hostile,                     \
    .room = {.nodes = 1, .hosts = 3, .sources = 3}, .duration_s = long_s,                          \
    .note_size = sizeof(struct attack),                                                            \
    .limits = {.lock_s = 20,                                                                       \
               .clock_rms_s = 2e-3,                                                                \
               .clock_max_s = 3e-3,                                                                \
               .line_rms_s = 2e-3,                                                                 \
               .line_max_s = 3e-3,                                                                 \
               .synchronised = 1}

static const struct scenario rows[] = {
    {
        ROW("hostile", "100 made-up datagrams a second for an hour", build_steady, 3600),
        .seeds = 2,
    },
    {
        ROW("hostile-day", "100 made-up datagrams a second for a day", build_steady, 86400),
        .by_hand = true,
    },
    {
        ROW("flood", "100,000 made-up datagrams a second for 20 seconds", build_flood, 20),
        .seeds = 1,
    },
    {
        ROW("flood-long", "100,000 made-up datagrams a second for 10 minutes", build_flood, 600),
        .by_hand = true,
    },
};

const struct scenario_table scenarios_hostile = {rows, sizeof rows / sizeof *rows};
