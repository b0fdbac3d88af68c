/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_fleet.c - many nodes, tiers of them, and nodes with very many sources. */
#include "sim/kit.h"
#include "sim/scenario.h"

enum { TIERS = 3, PER_TIER = 2, FLEET = 40, MANY = 1000 };

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
