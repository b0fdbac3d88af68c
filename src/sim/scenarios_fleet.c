/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_fleet.c - many nodes, tiers of them, and nodes with very many sources. */
#include "sim/kit.h"
#include "sim/scenario.h"

enum { TIERS = 3, PER_TIER = 2, FLEET = 40, MANY = 1000, CLIENTS = 20 };

/* From here on, in the names of addresses that nobody has: 10,000 requests in a second. */
enum { FLOOD_FROM_S = 3000, FLOOD_TIMES = 300000, FLOOD_AT_ONCE = 10 };

/*
 * Three tiers of two: each follows both of the tier above, the first the three servers.  What is
 * served is checked in every answer.
 */
static void build_tiers(struct world *world)
{
    struct route_options wan = kit_path_wan();
    struct address address = kit_address("10.1.0.0");

    for (unsigned i = 0; i < 3; i++) {
        kit_server(world, i + 1, &wan);
    }
    for (unsigned i = 0; i < TIERS * PER_TIER; i++) {
        struct node_plan plan = kit_plan(world);
        unsigned tier = i / PER_TIER;
        address.bytes[3] = (uint8_t)(i + 1);
        plan.address = address;
        unsigned node = world_add_node(world, &plan);
        unsigned first = tier == 0 ? 0 : 3 + (tier - 1) * PER_TIER;
        unsigned count = tier == 0 ? 3 : PER_TIER;
        for (unsigned k = 0; k < count; k++) {
            kit_follow(world, node, first + k);
        }
    }
}

static const char *judge_tiers(struct world *world)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        const struct sim_node *node = &world->nodes[i];
        if (node->line.stratum != 2 + i / PER_TIER) {
            return "each tier is one stratum below the one above";
        }
        if (i < (TIERS - 1) * PER_TIER && node->figures.answers_served == 0) {
            return "the upper tiers serve";
        }
    }
    return NULL;
}

/* The first tier loses its servers for two hours: the bound grows through all tiers. */
static void cut_off(struct world *world, int down)
{
    for (unsigned node = 0; node < PER_TIER; node++) {
        for (unsigned host = 0; host < 3; host++) {
            world_set_down(world, node, host, down != 0);
        }
    }
}

static void build_tiers_cut(struct world *world)
{
    build_tiers(world);
    world_at(world, 20000, cut_off, 1);
    world_at(world, 27200, cut_off, 0);
}

static void flood(struct world *world, int left)
{
    struct sim_node *boundary = &world->nodes[0];

    computer_advance(&boundary->computer, world->now);
    service_flood(&boundary->service, &boundary->computer, &boundary->line, FLOOD_AT_ONCE);
    if (left > 0) {
        world_at(world, true_time_to_s(world->now) + 1e-3, flood, left - 1);
    }
}

/* One node gives time to twenty others, at most 1,000 answers a second, and is flooded. */
static void build_boundary(struct world *world)
{
    struct route_options wan = kit_path_wan();
    struct node_plan plan = kit_plan(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_server(world, i + 1, &wan);
    }
    plan.address = kit_address("10.1.0.1");
    plan.options.limit.enabled = true;
    plan.options.limit.interval_log2 = 1;
    plan.options.limit.burst = 16;
    plan.options.limit.ceiling_per_s = 1000;
    unsigned node = world_add_node(world, &plan);
    for (unsigned host = 0; host < 3; host++) {
        kit_follow(world, node, host);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        plan = kit_plan(world);
        plan.address = kit_address("10.1.1.0");
        plan.address.bytes[3] = (uint8_t)(i + 1);
        kit_follow(world, world_add_node(world, &plan), 3)->xleave = true;
    }
    world_at(world, FLOOD_FROM_S, flood, FLOOD_TIMES);
}

static const char *judge_boundary(struct world *world)
{
    const struct server_status *served = &world->nodes[0].service.tables.counters;
    uint64_t flooded = (uint64_t)FLOOD_TIMES * FLOOD_AT_ONCE;

    for (unsigned i = 1; i <= CLIENTS; i++) {
        const struct figures *figures = &world->nodes[i].figures;

        if (figures->measured[DROP_NONE] + 2 < figures->sent) {
            return "those who are known are answered, flood or not";
        }
    }
    if (served->drops[DROP_RATE_LIMIT] < flooded * 8 / 10) {
        return "the flood meets its ceiling";
    }
    return served->interleaved > 0 && served->forgotten > flooded / 2
               ? NULL
               : "the flood displaces itself, and interleaved mode goes on";
}

/* All machines of a rack come back at the same instant. */
static void build_fleet(struct world *world)
{
    struct route_options path = kit_path_metro();

    for (unsigned i = 0; i < 3; i++) {
        kit_public_server(world, i + 1, &path);
    }
    for (unsigned i = 0; i < FLEET; i++) {
        unsigned node = kit_node(world);
        for (unsigned host = 0; host < 3; host++) {
            kit_follow(world, node, host);
        }
    }
}

static const char *judge_fleet(struct world *world)
{
    unsigned in_slice[10] = {0};

    for (unsigned i = 0; i < FLEET; i++) {
        double s = true_time_to_s(world->nodes[i].figures.first_sent);
        if (s >= 0 && s < 1) {
            in_slice[(unsigned)(s * 10)]++;
        }
    }
    for (unsigned i = 0; i < 10; i++) {
        if (in_slice[i] > FLEET / 2) {
            return "the first requests of a fleet are spread out";
        }
    }
    return NULL;
}

static void build_thousand(struct world *world)
{
    struct route_options path = kit_path_wan();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < MANY; i++) {
        path.base_s = 5e-3 + 20e-3 * prng_unit(&world->prng);
        kit_follow(world, node, kit_public_server(world, i, &path));
        if (i % 5 == 4) {
            int sign = prng_chance(&world->prng, 0.5) ? 1 : -1;
            kit_options_of(world, i)->error_s = sign * prng_between(&world->prng, 0.1, 1);
        }
    }
}

static const char *judge_thousand(struct world *world)
{
    /* A bucket of 256 that refills with 64 a second and twice the steady rate. */
    return world->nodes[0].figures.peak_per_s <= 360 ? NULL : "the node's budget of requests holds";
}

static const struct scenario rows[] = {
    {
        .name = "boundary",
        .sentence = "a server of 20 nodes under a flood of 3,000,000 invented addresses",
        .build = build_boundary,
        .judge = judge_boundary,
        .room = {.nodes = 1 + CLIENTS, .hosts = 3 + 1 + CLIENTS, .sources = 4},
        .duration_s = 6000,
        .limits = {.lock_s = 200, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
        .seeds = 2,
    },
    {
        .name = "tiers",
        .sentence = "three tiers of nodes: what each serves holds its true error",
        .build = build_tiers,
        .judge = judge_tiers,
        .room = {.nodes = TIERS * PER_TIER, .hosts = 3 + TIERS * PER_TIER, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 200, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "tiers-cut-off",
        .sentence = "three tiers, of which the first has no network for two hours",
        .build = build_tiers_cut,
        .judge = judge_tiers,
        .room = {.nodes = TIERS * PER_TIER, .hosts = 3 + TIERS * PER_TIER, .sources = 4},
        .duration_s = 40000,
        .judged_from_s = 15000,
        .limits = {.lock_s = 200, .clock_rms_s = 5e-3, .clock_max_s = 20e-3},
    },
    {
        .name = "fleet-restart",
        .sentence = "forty machines start at the same instant",
        .build = build_fleet,
        .judge = judge_fleet,
        .room = {.nodes = FLEET, .hosts = 3, .sources = 4},
        .duration_s = 2000,
        .limits = {.lock_s = 20,
                   .clock_rms_s = 300e-6,
                   .clock_max_s = 1e-3,
                   .synchronised = 1,
                   .packets = 400},
        .seeds = 3,
    },
    {
        .name = "thousand-sources",
        .sentence = "one node with a thousand servers, of which two hundred are wrong",
        .build = build_thousand,
        .judge = judge_thousand,
        .room = {.nodes = 1, .hosts = MANY, .sources = MANY},
        .duration_s = 600,
        .limits = {.lock_s = 60,
                   .clock_rms_s = 2e-3,
                   .clock_max_s = 8e-3,
                   .synchronised = 1,
                   .packets = 40000},
        .seeds = 1,
    },
};

const struct scenario_table scenarios_fleet = {rows, sizeof rows / sizeof *rows};
