/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_paths.c - what networks do: delay, jitter, loss, congestion, other routes, no route. */
#include "sim/kit.h"
#include "sim/scenario.h"

static void build_rack(struct world *world)
{
    struct route_options path = kit_path_rack();
    struct node_plan plan = kit_plan(world);

    plan.computer.stamp_noise_s = 20e-9; /* a good network card */
    unsigned node = world_add_node(world, &plan);
    unsigned host = kit_server(world, 1, &path);
    struct source_options *source = kit_follow(world, node, host);
    source->minpoll = source->maxpoll = 4;
    *kit_options_of(world, host) = (struct server_options){
        .stratum = 1, .precision_log2 = -30, .root_dispersion_s = 1e-6, .processing_s = 5e-6};
}

static void build_lan(struct world *world)
{
    struct route_options path = kit_path_lan();

    kit_simple(world, 1, &path);
}

static void build_metro(struct world *world)
{
    struct route_options path = kit_path_metro();

    kit_simple(world, 1, &path);
}

static void build_wan(struct world *world)
{
    struct route_options path = kit_path_wan();

    kit_simple(world, 1, &path);
}

static void build_heavy(struct world *world)
{
    struct route_options path = kit_path_heavy();

    kit_simple(world, 1, &path);
}

static void build_poor_clock(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.wander_s_per_s = 1e-8;
    unsigned node = world_add_node(world, &plan);
    struct source_options *source = kit_follow(world, node, kit_server(world, 1, &path));
    source->minpoll = source->maxpoll = 4;
}

/* One way takes four times as long as the other: nothing shows it, only the bound can hold it. */
static void build_asymmetric(struct world *world)
{
    struct route_options path = kit_path_wan();
    unsigned node = kit_simple(world, 1, &path);
    struct link *link = world_link(world, node, 0);

    link->back.options.base_s = 4 * path.base_s;
    link->back.options.jitter_s = 3 * path.jitter_s;
}

/* Every distribution of delays at once, each on a path of its own. */
static void build_many_jitters(struct world *world)
{
    static const struct {
        enum jitter_kind kind;
        double shape;
    } kinds[] = {{JITTER_EXPONENTIAL, 0}, {JITTER_GAMMA, 0.5},  {JITTER_GAMMA, 2},
                 {JITTER_NORMAL, 0},      {JITTER_PARETO, 2.2}, {JITTER_UNIFORM, 0}};
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct route_options path = kit_path_metro();
        path.kind = kinds[i].kind;
        path.shape = kinds[i].shape;
        kit_follow(world, node, kit_server(world, i + 1, &path));
    }
}

static void build_loss(struct world *world)
{
    struct route_options path = kit_path_wan();

    path.loss = 0.3;
    path.duplicate = 0.05;
    path.reorder = 0.05;
    path.reorder_s = 0.5;
    kit_simple(world, 3, &path);
}

static void build_congestion(struct world *world)
{
    struct route_options path = kit_path_metro();

    path.congestion = (struct congestion){.share = 0.2, .mean_s = 600, .factor = 30};
    kit_simple(world, 3, &path);
}

static void lengthen(struct world *world, int host)
{
    world_link(world, 0, (unsigned)host)->there.options.base_s += 2e-3;
}

static void build_path_change(struct world *world)
{
    struct route_options path = {.base_s = 5e-3, .jitter_s = 100e-6};
    unsigned node = kit_simple(world, 1, &path);

    world->nodes[node].sources[0].maxpoll = 6;
    world_at(world, 40000, lengthen, 0);
}

static void build_path_change_slow(struct world *world)
{
    build_path_change(world);
    world->nodes[0].sources[0].maxpoll = 10;
}

static void cut_off(struct world *world, int down)
{
    for (unsigned host = 0; host < world->host_count; host++) {
        world_set_down(world, 0, host, down != 0);
    }
}

/* The network is gone from 30000 s to 51600 s. */
static void build_partition(struct world *world)
{
    struct route_options path = kit_path_metro();

    kit_simple(world, 3, &path);
    world_at(world, 30000, cut_off, 1);
    world_at(world, 51600, cut_off, 0);
}

static const struct scenario rows[] = {
    {
        .name = "rack",
        .sentence = "one server over 5 us of wire with hardware-like stamps, asked every 16 s",
        .build = build_rack,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 2e-6, .clock_max_s = 10e-6, .synchronised = 1},
    },
    {
        .name = "lan",
        .sentence = "one server on the local network, all defaults",
        .build = build_lan,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 25e-6,
                   .clock_max_s = 120e-6,
                   .synchronised = 1,
                   .packets = 1000},
    },
    {
        .name = "metro",
        .sentence = "one server in the same city, all defaults",
        .build = build_metro,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 120e-6,
                   .clock_max_s = 500e-6,
                   .synchronised = 1,
                   .packets = 1000},
    },
    {
        .name = "wan",
        .sentence = "one server 10 ms away with 1 ms of jitter, all defaults",
        .build = build_wan,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 500e-6,
                   .clock_max_s = 2e-3,
                   .synchronised = 1,
                   .packets = 1000},
    },
    {
        .name = "heavy-jitter",
        .sentence = "one server 20 ms away with 10 ms of jitter",
        .build = build_heavy,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 4e-3,
                   .clock_max_s = 8e-3,
                   .synchronised = 1,
                   .packets = 1000},
    },
    {
        .name = "poor-clock",
        .sentence = "a virtual machine's clock that wanders ten times as much, asked every 16 s",
        .build = build_poor_clock,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 60e-6, .clock_max_s = 300e-6, .synchronised = 1},
    },
    {
        .name = "asymmetric",
        .sentence = "the way back takes four times as long: the bound must hold the hidden error",
        .build = build_asymmetric,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_max_s = 25e-3, .bound_mean_s = 40e-3, .synchronised = 1},
    },
    {
        .name = "many-jitters",
        .sentence = "six servers, each with another distribution of delays",
        .build = build_many_jitters,
        .room = {.nodes = 1, .hosts = 6, .sources = 6},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 120e-6, .clock_max_s = 500e-6, .synchronised = 1},
    },
    {
        .name = "loss",
        .sentence = "30 % of datagrams lost each way, some doubled, some late",
        .build = build_loss,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 40, .clock_rms_s = 1.2e-3, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "congestion",
        .sentence = "a fifth of the time the jitter is thirty times as large",
        .build = build_congestion,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 200e-6, .clock_max_s = 1.5e-3, .synchronised = 1},
    },
    {
        .name = "path-change",
        .sentence =
            "the way there becomes 2 ms longer, polls of 64 s: the clock keeps the time it had",
        .build = build_path_change,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 100e-6, .clock_max_s = 300e-6, .synchronised = 1},
    },
    {
        .name = "path-change-slow",
        .sentence = "the way there becomes 2 ms longer: with long polls it is known late",
        .build = build_path_change_slow,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 2e-3, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "partition",
        .sentence = "no network for 6 hours, then it is back",
        .build = build_partition,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 70000,
        .judged_from_s = 20000,
        .limits = {.lock_s = 10, .clock_max_s = 40e-3, .steps = -1},
    },
};

const struct scenario_table scenarios_paths = {rows, sizeof rows / sizeof *rows};
