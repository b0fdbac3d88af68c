/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenarios_sources.c - several sources: they come and go, one leaves the truth slowly, their
 * clocks are themselves being steered.
 */
#include <math.h>

#include "sim/kit.h"
#include "sim/scenario.h"

/* Sources that come and go: what is remembered between two looks, one second apart. */
struct watch {
    unsigned followed; /* bit n: host n is */
    double line_s;     /* error of published time */
    double sd_s;       /* of it */
    double worst_sds;  /* largest move of it at a change, in deviations */
    unsigned changes;
};

static const double watched_from_s = 20000;

static unsigned followed(const struct world *world, const struct kit_status *status)
{
    unsigned set = 0;

    for (unsigned host = 0; host < world->host_count; host++) {
        const struct source_status *source = kit_source_at(world, status, host);
        if (source && (source->state == SOURCE_SELECTED || source->state == SOURCE_COMBINED)) {
            set |= 1U << host;
        }
    }
    return set;
}

static void look(struct world *world, int argument)
{
    struct watch *watch = world->note;
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);
    unsigned set = followed(world, status);
    double line_s = world_line_error_s(world, 0);

    if (argument > 0 && set != watch->followed) {
        watch->changes++;
        watch->worst_sds = fmax(watch->worst_sds, fabs(line_s - watch->line_s) / watch->sd_s);
    }
    watch->followed = set;
    watch->line_s = line_s;
    watch->sd_s = status->node.sd_s;
    world_at(world, true_time_to_s(world->now) + 1, look, argument + 1);
}

/* Every 2000 s one of them is taken away, and comes back after 5000. */
static void come_and_go(struct world *world, int turn)
{
    struct address address = world->hosts[turn / 2 % (int)world->host_count].address;
    char text[ADDRESS_TEXT_SIZE];

    address_print(&address, text);
    world_command(world, 0, turn % 2 == 0 ? CONTROL_OFFLINE : CONTROL_ONLINE, text);
}

static void build_change(struct world *world)
{
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 5; i++) {
        double base_s = prng_between(&world->prng, 1e-3, 10e-3);
        double share = prng_between(&world->prng, -0.3, 0.3);
        struct route_options path = {.base_s = base_s, .jitter_s = 100e-6};
        unsigned host = kit_server(world, i + 1, &path);

        kit_follow(world, node, host)->maxpoll = 6;
        world_link(world, node, host)->there.options.base_s = base_s * (1 + share);
        world_link(world, node, host)->back.options.base_s = base_s * (1 - share);
    }
    for (int i = 0; i < 50; i++) {
        world_at(world, watched_from_s + 2000 * i, come_and_go, 2 * i);
        world_at(world, watched_from_s + 2000 * i + 5000, come_and_go, 2 * i + 1);
    }
    world_at(world, watched_from_s - 1, look, 0);
}

static const char *judge_change(struct world *world)
{
    const struct watch *watch = world->note;

    if (watch->changes < 50 || watch->changes > 120) {
        return "sources come and go when they are told to, and not by themselves";
    }
    /* They are asked together, so that several answers come between two looks. */
    return watch->worst_sds <= 2.5
               ? NULL
               : "a source that comes or goes moves time by a deviation at most";
}

/* Honest ones 5 to 20 ms away, and one that leaves the truth from the first day on. */
static void add_drifter(struct world *world, unsigned count, double base_s, double drift_s_per_s)
{
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < count; i++) {
        struct route_options path = {.base_s = 5e-3 * (i + 1), .jitter_s = 1e-3};
        if (i == 0) {
            path.base_s = base_s;
            path.jitter_s = base_s / 10;
        }
        kit_follow(world, node, kit_server(world, i + 1, &path));
    }
    kit_options_of(world, 0)->drift_s_per_s = drift_s_per_s;
}

static void build_slow_liar(struct world *world)
{
    add_drifter(world, 4, 10e-3, 1e-6);
}

static void build_slower_liar(struct world *world)
{
    add_drifter(world, 4, 10e-3, 0.1e-6);
}

/*
 * The nearest by far, whom all the others allow for long.  Within their noise nobody can tell; it
 * is to be less than his interval is wide.
 */
static void build_near_liar(struct world *world)
{
    add_drifter(world, 4, 200e-6, 0.1e-6);
    for (unsigned i = 0; i < 4; i++) {
        world->nodes[0].sources[i].maxpoll = 6;
        world->hosts[i].path.jitter_s = fmin(world->hosts[i].path.jitter_s, 0.5e-3);
    }
    kit_options_of(world, 0)->drift_at = true_time_from_s(20000);
}

/* The same, faster, and nobody else can say much: they are far and seldom asked. */
static void build_far_witnesses(struct world *world)
{
    add_drifter(world, 4, 200e-6, 0.3e-6);
    kit_options_of(world, 0)->drift_at = true_time_from_s(40000);
}

/* Nobody can say which of the two it is. */
static void build_one_of_two(struct world *world)
{
    add_drifter(world, 2, 10e-3, 0.5e-6);
}

static const char *judge_liar(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned host = 0; host < world->host_count; host++) {
        const struct source_status *source = kit_source_at(world, status, host);
        if (!source || (source->state == SOURCE_FALSETICKER) != (host == 0)) {
            return "who drifts, and only he, is named a falseticker";
        }
    }
    return NULL;
}

/* A server whose clock is itself slewed to and fro, as chronyd's and ntpd's are. */
static void steer(struct world *world, unsigned host, double half_s, double period_s)
{
    struct server_options *options = kit_options_of(world, host);

    options->stratum = 2;
    options->sawtooth_s = half_s;
    options->sawtooth_period_s = period_s;
    options->sawtooth_fall = 0.3;
    options->root_dispersion_s = 3 * half_s;
}

static void build_steered_server(struct world *world)
{
    struct route_options path = kit_path_lan();
    unsigned node = kit_simple(world, 1, &path);

    world->nodes[node].sources[0].minpoll = world->nodes[node].sources[0].maxpoll = 4;
    steer(world, 0, 40e-6, prng_between(&world->prng, 400, 900));
}

static const char *judge_steered(struct world *world)
{
    struct kit_status room;
    const struct source_status *source = kit_source_at(world, kit_status(world, 0, &room), 0);

    return source && source->wobble_s > 10e-6 && source->wobble_s < 60e-6
               ? NULL
               : "that the server is steered is noticed, and by how much";
}

static void build_steered_slow(struct world *world)
{
    struct route_options path = kit_path_lan();
    unsigned node = kit_simple(world, 1, &path);

    world->nodes[node].sources[0].minpoll = world->nodes[node].sources[0].maxpoll = 6;
    steer(world, 0, 40e-6, prng_between(&world->prng, 700, 2000));
}

static void build_steered_servers(struct world *world)
{
    struct route_options path = kit_path_lan();

    kit_simple(world, 3, &path);
    for (unsigned host = 0; host < 3; host++) {
        steer(world, host, 40e-6, prng_between(&world->prng, 400, 900));
    }
}

static void build_steered_one(struct world *world)
{
    struct route_options path = kit_path_lan();
    unsigned node = kit_simple(world, 3, &path);

    for (unsigned host = 0; host < 3; host++) {
        world->nodes[node].sources[host].maxpoll = 6;
    }
    steer(world, 1, 40e-6, prng_between(&world->prng, 400, 900));
}

/* Everybody falls silent, and nobody comes back for a day. */
static const double silence_s = 100000;

static void fall_silent(struct world *world, const struct oscillator_options *oscillator)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.wander_s_per_s = oscillator->wander_s_per_s;
    plan.computer.oscillator.white_s_per_s = oscillator->white_s_per_s;
    plan.computer.oscillator.temperature_s_per_s = oscillator->temperature_s_per_s;
    plan.computer.oscillator.temperature_period_s = oscillator->temperature_period_s;
    plan.computer.oscillator.ageing_s_per_s_per_s = oscillator->ageing_s_per_s_per_s;
    unsigned node = world_add_node(world, &plan);
    for (unsigned i = 0; i < 2; i++) {
        unsigned host = kit_server(world, i + 1, &path);

        kit_follow(world, node, host)->maxpoll = 6;
        kit_options_of(world, host)->silent =
            (struct period){true_time_from_s(silence_s), TRUE_TIME_NEVER};
    }
}

static void build_holdover(struct world *world)
{
    fall_silent(world, &(struct oscillator_options){.wander_s_per_s = 1e-9});
}

static void build_holdover_poor(struct world *world)
{
    fall_silent(world, &(struct oscillator_options){.wander_s_per_s = 1e-8, .white_s_per_s = 1e-8});
}

static void build_holdover_days(struct world *world)
{
    fall_silent(world, &(struct oscillator_options){.wander_s_per_s = 1e-9,
                                                    .temperature_s_per_s = 1e-6,
                                                    .temperature_period_s = 86400,
                                                    .ageing_s_per_s_per_s = 1e-13});
}

/* The same with a sensor that has been learnt from. */
static void build_holdover_thermometer(struct world *world)
{
    struct sim_node *node = &world->nodes[0];

    build_holdover_days(world);
    node->computer.options.thermometer = true;
    node->options.tempcomp = (struct tempcomp_options){.kind = TEMPCOMP_AUTO, .interval_s = 30};
}

static const char *judge_holdover(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (status->node.state != NODE_HOLDOVER || !world->nodes[0].line.synchronised) {
        return "a day later it still coasts, and says so";
    }
    return world->nodes[0].logs[LOG_EVENT_HOLDOVER] == 1 ? NULL : "coasting is logged once";
}

static const struct scenario rows[] = {
    {
        .name = "holdover",
        .sentence =
            "all sources fall silent for a day: the clock coasts, the bound grows and holds",
        .build = build_holdover,
        .judge = judge_holdover,
        .room = {.nodes = 1, .hosts = 2, .sources = 4},
        .duration_s = 190000,
        .judged_from_s = 100000,
        .sample_s = 10,
        .limits = {.lock_s = 10, .clock_rms_s = 30e-3, .synchronised = 1},
    },
    {
        .name = "holdover-poor",
        .sentence = "the same with a poor oscillator",
        .build = build_holdover_poor,
        .judge = judge_holdover,
        .room = {.nodes = 1, .hosts = 2, .sources = 4},
        .duration_s = 190000,
        .judged_from_s = 100000,
        .sample_s = 10,
        .limits = {.lock_s = 10, .clock_rms_s = 400e-3, .synchronised = 1},
    },
    {
        .name = "holdover-days",
        .sentence = "the same with an oscillator that follows day and night by 1 ppm, and ages",
        .build = build_holdover_days,
        .judge = judge_holdover,
        .room = {.nodes = 1, .hosts = 2, .sources = 4},
        .duration_s = 190000,
        .judged_from_s = 100000,
        .sample_s = 10,
        .limits = {.lock_s = 10, .clock_rms_s = 200e-3, .synchronised = 1},
    },
    {
        .name = "holdover-thermometer",
        .sentence = "the same, and a sensor shows how warm it is",
        .build = build_holdover_thermometer,
        .judge = judge_holdover,
        .room = {.nodes = 1, .hosts = 2, .sources = 4},
        .duration_s = 190000,
        .judged_from_s = 100000,
        .sample_s = 10,
        .limits = {.lock_s = 10, .clock_rms_s = 40e-3, .synchronised = 1},
    },
    {
        .name = "steered-server",
        .sentence = "a single server whose clock swings by 40 us in ten minutes, asked every 16 s",
        .build = build_steered_server,
        .judge = judge_steered,
        .room = {.nodes = 1, .hosts = 1, .sources = 4},
        .duration_s = 60000,
        .limits = {.lock_s = 10, .clock_rms_s = 22e-6, .synchronised = 1},
    },
    {
        .name = "steered-slow",
        .sentence =
            "a single server whose clock swings by 40 us in twenty minutes, asked every 64 s",
        .build = build_steered_slow,
        .room = {.nodes = 1, .hosts = 1, .sources = 4},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 35e-6, .synchronised = 1},
    },
    {
        .name = "steered-servers",
        .sentence = "three servers whose clocks swing by 40 us, each for itself",
        .build = build_steered_servers,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 40e-6, .synchronised = 1},
    },
    {
        .name = "steered-one",
        .sentence = "one of three servers has a clock that swings by 40 us",
        .build = build_steered_one,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 100000,
        .limits = {.lock_s = 10, .clock_rms_s = 5e-6, .synchronised = 1},
    },
    {
        .name = "slow-liar",
        .sentence = "one of four servers drifts away by 1 ppm: slower than servers are steered",
        .build = build_slow_liar,
        .judge = judge_liar,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 100000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 10, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "slower-liar",
        .sentence = "one of four servers drifts away by 0.1 ppm, which takes days to show",
        .build = build_slower_liar,
        .judge = judge_liar,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 400000,
        .judged_from_s = 1000,
        .sample_s = 10,
        .limits = {.lock_s = 10, .clock_max_s = 5e-3, .synchronised = 1},
    },
    {
        .name = "near-liar",
        .sentence =
            "the nearest of four servers drifts away by 0.1 ppm, within what the others allow",
        .build = build_near_liar,
        .judge = judge_liar,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 100000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 10, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "far-witnesses",
        .sentence =
            "the nearest of four servers drifts away by 0.3 ppm, beside three far ones that "
            "are asked every 1024 s",
        .build = build_far_witnesses,
        .judge = judge_liar,
        .room = {.nodes = 1, .hosts = 4, .sources = 4},
        .duration_s = 100000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 10, .synchronised = 1},
    },
    {
        .name = "one-of-two",
        .sentence =
            "one of two servers drifts away by 0.5 ppm: the bound holds while it is believed",
        .build = build_one_of_two,
        .room = {.nodes = 1, .hosts = 2, .sources = 4},
        .duration_s = 100000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 10},
    },
    {
        .name = "sources-change",
        .sentence = "five sources over crooked paths, one of which keeps going and coming back",
        .build = build_change,
        .judge = judge_change,
        .room = {.nodes = 1, .hosts = 5, .sources = 6},
        .duration_s = 125000,
        .note_size = sizeof(struct watch),
        .limits = {.lock_s = 10, .clock_max_s = 3e-3, .synchronised = 1},
    },
};

const struct scenario_table scenarios_sources = {rows, sizeof rows / sizeof *rows};
