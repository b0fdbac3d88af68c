/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_servers.c - what servers do: lie, drift, fall silent, refuse, repeat themselves. */
#include "base/must.h"
#include "sim/kit.h"
#include "sim/scenario.h"
#include "sim/traffic.h"

/* As the peers were measured: base 5 to 20 ms, jitter 1 ms. */
static unsigned follow_spread(struct world *world, unsigned count)
{
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < count; i++) {
        struct route_options path = {.base_s = 5e-3 + 15e-3 * i / (count > 1 ? count - 1 : 1),
                                     .jitter_s = 1e-3};
        kit_follow(world, node, kit_server(world, i + 1, &path));
    }
    return node;
}

static void build_falseticker(struct world *world)
{
    follow_spread(world, 5);
    kit_options_of(world, 4)->error_s = 50e-3;
}

static void build_two_liars(struct world *world)
{
    follow_spread(world, 5);
    kit_options_of(world, 1)->error_s = 200e-3;
    kit_options_of(world, 3)->error_s = 200e-3;
}

static const char *judge_two_liars(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned host = 0; host < 5; host++) {
        const struct source_status *source = kit_source_at(world, status, host);
        bool liar = host == 1 || host == 3;
        if (!source || (source->state == SOURCE_FALSETICKER) != liar) {
            return "the liars, and only they, are named falsetickers";
        }
    }
    return NULL;
}

/* Two against two: nobody can know, so nobody may say that he does. */
static void build_no_majority(struct world *world)
{
    follow_spread(world, 4);
    kit_options_of(world, 2)->error_s = 5;
    kit_options_of(world, 3)->error_s = 5;
}

static const char *judge_no_majority(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (world->nodes[0].line.synchronised) {
        return "without a majority a node is not synchronised";
    }
    return status->node.reason == NODE_REASON_NO_MAJORITY ? NULL : "the reason is no-majority";
}

static void build_drifting(struct world *world)
{
    follow_spread(world, 4);
    kit_options_of(world, 2)->drift_s_per_s = 20e-6;
}

static void build_unsynchronised(struct world *world)
{
    follow_spread(world, 3);
    for (unsigned host = 0; host < 3; host++) {
        kit_options_of(world, host)->unsynchronised =
            (struct period){true_time_from_s(20000), true_time_from_s(27200)};
    }
}

static const char *judge_recovered(struct world *world)
{
    struct sim_node *node = &world->nodes[0];

    return node->published && node->line.synchronised && node->figures.bound_now_s < 60e-3
               ? NULL
               : "in the end it is synchronised again";
}

/* One peer of three has no time from the start: the others carry on without it. */
static void build_one_unsynchronised(struct world *world)
{
    follow_spread(world, 3);
    kit_options_of(world, 1)->unsynchronised =
        (struct period){true_time_from_s(0), TRUE_TIME_NEVER};
}

/*
 * Two nodes follow the same server, which is slow to send: what it says of T3 is 25 us too early.
 * The first asks in interleaved mode, the second in basic mode.  Packets are lost and overtaken.
 */
static void build_interleaved(struct world *world)
{
    struct route_options path = kit_path_rack();

    path.loss = 0.02;
    path.reorder = 0.02;
    path.reorder_s = 100e-6;
    unsigned host = kit_server(world, 1, &path);
    kit_options_of(world, host)->interleaved = true;
    kit_options_of(world, host)->send_s = 25e-6;
    for (unsigned i = 0; i < 2; i++) {
        struct source_options *source = kit_follow(world, kit_node(world), host);

        source->xleave = i == 0;
        source->minpoll = source->maxpoll = 4;
    }
}

static const char *judge_interleaved(struct world *world)
{
    const struct server *server = &world->hosts[0].server;
    const struct figures *interleaved = &world->nodes[0].figures;
    const struct figures *basic = &world->nodes[1].figures;

    if (server->interleaved < server->answers / 5 * 2) {
        return "nearly all requests of the first are answered in interleaved mode";
    }
    /* 3 times as near in the mean square: 9 times in its sum. */
    return interleaved->clock_square_sum * 9 < basic->clock_square_sum
               ? NULL
               : "interleaved mode removes what the server does not know of T3";
}

static void build_kod_rate(struct world *world)
{
    struct route_options path = kit_path_wan();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node, kit_public_server(world, i + 1, &path))->maxpoll = 6;
    }
    kit_options_of(world, 0)->rate_limit_s = 200;
}

static const char *judge_kod_rate(struct world *world)
{
    const struct server *server = &world->hosts[0].server;

    /* Each kiss asks for less; at 200 s and more there is no further one. */
    return server->kisses <= 12 ? NULL : "a server that asks for restraint gets it";
}

static void build_silent(struct world *world)
{
    follow_spread(world, 3);
    kit_options_of(world, 0)->silent = (struct period){true_time_from_s(20000), TRUE_TIME_NEVER};
}

static const char *judge_silent(struct world *world)
{
    struct kit_status room;
    const struct source_status *source = kit_source_at(world, kit_status(world, 0, &room), 0);

    return source && source->state == SOURCE_UNREACHABLE ? NULL
                                                         : "the silent one is called unreachable";
}

static void build_replaying(struct world *world)
{
    follow_spread(world, 3);
    for (unsigned host = 0; host < 3; host++) {
        kit_options_of(world, host)->replay = 0.5;
    }
}

/*
 * Forged answers in every shape, twenty times a minute: wrong time, leap 3, kisses.  Who sees
 * nothing of the traffic cannot know the transmit timestamp, whatever he tries instead.
 */
static void forge(struct world *world, int count)
{
    static const uint32_t kisses[] = {0, KISS_DENY, KISS_RATE, KISS_RSTR};
    struct prng *prng = &world->prng;
    struct sim_node *node = &world->nodes[0];
    unsigned host = prng_below(prng, world->host_count);
    struct utc_time lie = {utc_scale_at(&world->utc, world->now).ns + 10 * NS_PER_S};
    uint32_t kiss = kisses[prng_below(prng, 4)];
    struct ntp_packet packet = {
        .version = 4,
        .mode = NTP_MODE_SERVER,
        .stratum = kiss ? 0 : 1,
        .leap = kiss ? NTP_LEAP_UNSYNC : NTP_LEAP_NONE,
        .refid = kiss,
        .origin.raw = prng_chance(prng, 0.2) ? 0 : prng_next(prng),
        .receive = ntp_ts_from_utc(lie),
        .transmit = ntp_ts_from_utc(lie),
        .reference = ntp_ts_from_utc(lie),
    };
    uint8_t bytes[NTP_HEADER_SIZE];

    ntp_packet_encode(&packet, bytes);
    for (unsigned i = 0; i < world->limits.sources; i++) {
        if (node->sockets[i].open && node->sockets[i].host == host) {
            traffic_forge(
                world, &(struct forgery){
                           .association = i, .host = host, .bytes = bytes, .size = sizeof bytes});
        }
    }
    world_at(world, true_time_to_s(world->now) + 3, forge, count + 1);
}

static void build_attacker(struct world *world)
{
    follow_spread(world, 3);
    world_at(world, 10, forge, 0);
}

static void build_server_jumps(struct world *world)
{
    follow_spread(world, 4);
    kit_options_of(world, 1)->jump_s = 10;
    kit_options_of(world, 1)->jump_at = true_time_from_s(15000);
}

/* Most of them jump together: the correction is refused, and said to be. */
static void build_maxchange(struct world *world)
{
    unsigned node = follow_spread(world, 3);

    world->nodes[node].options.change =
        (struct change_options){.offset_s = 1, .start = 1, .ignore = 2};
    for (unsigned host = 0; host < 3; host++) {
        kit_options_of(world, host)->jump_s = 100;
        kit_options_of(world, host)->jump_at = true_time_from_s(15000);
    }
    /* It cannot know that they are wrong until it meets the jump. */
    world->nodes[node].check.excused =
        (struct period){true_time_from_s(15000), true_time_from_s(40000)};
}

static const char *judge_maxchange(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (world->nodes[0].line.synchronised || status->node.state == NODE_SYNCHRONISED) {
        return "a refused correction ends the synchronised state";
    }
    if (status->node.reason != NODE_REASON_CHANGE_REFUSED) {
        return "the reason is change-refused";
    }
    return world->nodes[0].figures.clock_max_s < 0.5 ? NULL : "the clock is left where it was";
}

static void build_sawtooth(struct world *world)
{
    struct route_options path = kit_path_lan();

    kit_simple(world, 3, &path);
    for (unsigned host = 0; host < 3; host++) {
        struct server_options *options = kit_options_of(world, host);
        options->sawtooth_s = 20e-6;
        options->sawtooth_period_s = 300 + 100 * host;
        options->root_dispersion_s = 50e-6;
    }
}

/* Stamps of 1/64 s (an old system's ticks), announced as such. */
static void build_coarse(struct world *world)
{
    struct route_options path = kit_path_metro();

    kit_simple(world, 3, &path);
    for (unsigned host = 0; host < 3; host++) {
        struct server_options *options = kit_options_of(world, host);
        options->granularity_s = 0.015625;
        options->precision_log2 = -6;
        options->root_dispersion_s = 16e-3;
    }
}

/* One claims to be 20 s from its reference, one to answer before it was asked. */
static void build_wrong_claims(struct world *world)
{
    follow_spread(world, 5);
    kit_options_of(world, 1)->root_dispersion_s = 20;
    kit_options_of(world, 2)->backwards_s = 0.2;
}

static const char *judge_wrong_claims(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);
    const struct source_status *far = kit_source_at(world, status, 1);
    const struct source_status *backwards = kit_source_at(world, status, 2);

    if (!far || far->state == SOURCE_SELECTED || far->state == SOURCE_COMBINED) {
        return "who is 20 s from its reference is not followed";
    }
    return backwards && backwards->state != SOURCE_SELECTED && backwards->state != SOURCE_COMBINED
               ? NULL
               : "who answers before it was asked is not followed";
}

static const struct scenario rows[] = {
    {
        .name = "falseticker",
        .sentence = "four good servers and one that is 50 ms off",
        .build = build_falseticker,
        .room = {.nodes = 1, .hosts = 5, .sources = 6},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 600e-6, .clock_max_s = 2e-3, .synchronised = 1},
    },
    {
        .name = "two-liars",
        .sentence = "two of five servers agree on a time that is 200 ms off",
        .build = build_two_liars,
        .judge = judge_two_liars,
        .room = {.nodes = 1, .hosts = 5, .sources = 6},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "no-majority",
        .sentence = "two servers against two: not synchronised, and it says why",
        .build = build_no_majority,
        .judge = judge_no_majority,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 20000,
    },
    {
        .name = "drifting-server",
        .sentence = "one of four servers drifts away by 20 ppm",
        .build = build_drifting,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "unsynchronised",
        .sentence = "all servers lose their time for two hours and get it back",
        .build = build_unsynchronised,
        .judge = judge_recovered,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .judged_from_s = 15000,
        .limits = {.lock_s = 10, .clock_max_s = 10e-3, .steps = -1},
    },
    {
        .name = "one-unsynchronised",
        .sentence = "one of three servers never has time: it harms nobody",
        .build = build_one_unsynchronised,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "interleaved",
        .sentence = "interleaved mode beside basic mode: a server that is slow to send",
        .build = build_interleaved,
        .judge = judge_interleaved,
        .room = {.nodes = 2, .hosts = 1, .sources = 1},
        .duration_s = 8000,
        .limits = {.lock_s = 60, .clock_rms_s = 40e-6, .clock_max_s = 200e-6, .synchronised = 1},
    },
    {
        .name = "kod-rate",
        .sentence = "a server answers RATE to who asks more often than every 200 s",
        .build = build_kod_rate,
        .judge = judge_kod_rate,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 20, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "silent-server",
        .sentence = "one of three servers falls silent",
        .build = build_silent,
        .judge = judge_silent,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "replaying-server",
        .sentence = "servers send every other old answer once more",
        .build = build_replaying,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "attacker",
        .sentence = "somebody who sees no traffic forges answers, kisses and alarms",
        .build = build_attacker,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "server-jumps",
        .sentence = "one of four servers jumps by 10 s",
        .build = build_server_jumps,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 40000,
        .judged_from_s = 10000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 800e-6,
                   .clock_max_s = 3e-3,
                   .synchronised = 1,
                   .steps = -1},
    },
    {
        .name = "maxchange",
        .sentence =
            "all servers jump by 100 s where maxchange allows one: refused, said, measured on",
        .build = build_maxchange,
        .judge = judge_maxchange,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .judged_from_s = 10000,
        .limits = {.lock_s = 10, .steps = -1},
    },
    {
        .name = "sawtooth",
        .sentence = "servers whose steered clocks swing by 20 us, and say so",
        .build = build_sawtooth,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 40e-6, .clock_max_s = 150e-6, .synchronised = 1},
    },
    {
        .name = "coarse-stamps",
        .sentence = "servers that count time in 64ths of a second",
        .build = build_coarse,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 12e-3, .clock_max_s = 20e-3, .synchronised = 1},
    },
    {
        .name = "wrong-claims",
        .sentence = "one server is far from its reference, one answers before it was asked",
        .build = build_wrong_claims,
        .judge = judge_wrong_claims,
        .room = {.nodes = 1, .hosts = 5, .sources = 6},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 800e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
};

const struct scenario_table scenarios_servers = {rows, sizeof rows / sizeof *rows};
