/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_machine.c - what happens to a machine's clocks: bad starts, steps, rivals, sleep. */
#include <math.h>

#include "sim/kit.h"
#include "sim/scenario.h"

static void follow_three(struct world *world, unsigned node, const struct route_options *path)
{
    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node, kit_server(world, i + 1, path));
    }
}

static void build_cold_step(struct world *world)
{
    struct route_options path = kit_path_lan();
    struct node_plan plan = kit_plan(world);

    plan.computer.error_s = prng_chance(&world->prng, 0.5) ? 0.5 : -0.5;
    plan.computer.oscillator.rate_s_per_s = prng_chance(&world->prng, 0.5) ? 100e-6 : -100e-6;
    kit_follow(world, world_add_node(world, &plan), kit_server(world, 1, &path));
}

/* What `./dev run` shows: a virtual clock, three servers, one of them lies by 200 ms. */
static void build_virtual(struct world *world)
{
    struct route_options path = kit_path_lan();
    struct node_plan plan = kit_plan(world);

    plan.computer.backend = BACKEND_VIRTUAL;
    plan.computer.error_s = 0.3;
    plan.computer.oscillator.rate_s_per_s = 50e-6;
    follow_three(world, world_add_node(world, &plan), &path);
    kit_options_of(world, 2)->error_s = 0.2;
}

/* No right to touch the clock: published time is right all the same. */
static void build_observer(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.backend = BACKEND_NONE;
    plan.computer.error_s = 0.25;
    follow_three(world, world_add_node(world, &plan), &path);
}

static void build_1970(struct world *world)
{
    struct route_options path = kit_path_wan();
    struct node_plan plan = kit_plan(world);

    plan.computer.error_s = -(double)(world->utc.epoch.ns / NS_PER_S);
    follow_three(world, world_add_node(world, &plan), &path);
}

static void build_user_stamps(struct world *world)
{
    struct route_options path = kit_path_lan();
    struct node_plan plan = kit_plan(world);

    plan.computer.user_stamps = true;
    plan.computer.boot_unknown = true;
    follow_three(world, world_add_node(world, &plan), &path);
}

static void build_late_stamps(struct world *world)
{
    struct route_options path = kit_path_lan();
    struct node_plan plan = kit_plan(world);

    plan.computer.tx_stamp_loss = 0.3;
    plan.computer.stamp_noise_s = 5e-6;
    follow_three(world, world_add_node(world, &plan), &path);
}

static void build_temperature(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.temperature_s_per_s = 2e-6;
    plan.computer.oscillator.temperature_period_s = 86400;
    follow_three(world, world_add_node(world, &plan), &path);
}

/* The same with sensors, from whose readings the node is to learn. */
static void build_thermometer(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.temperature_s_per_s = 2e-6;
    plan.computer.oscillator.temperature_period_s = 86400;
    plan.computer.thermometer = true;
    plan.options.tempcomp.kind = TEMPCOMP_AUTO;
    plan.options.tempcomp.interval_s = 30;
    follow_three(world, world_add_node(world, &plan), &path);
}

/* An air conditioner: the temperature swings twice an hour. */
static void build_thermostat(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.temperature_s_per_s = 0.1e-6;
    plan.computer.oscillator.temperature_period_s = 1800;
    follow_three(world, world_add_node(world, &plan), &path);
}

static void jump_rate(struct world *world, int argument)
{
    struct sim_node *node = &world->nodes[0];

    (void)argument;
    computer_advance(&node->computer, world->now);
    oscillator_shift(&node->computer.oscillator, node->computer.now, 0.8e-6);
}

static void build_frequency_step(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, kit_node(world), &path);
    world_at(world, 30000, jump_rate, 0);
}

static void pause_now(struct world *world, int seconds)
{
    /* Nothing on the machine can know before the next answers come: 64 s and a burst. */
    world_pause(world, 0, seconds, 200);
}

static void build_pause(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node, kit_server(world, i + 1, &path))->maxpoll = 6;
    }
    world_at(world, 10000, pause_now, 5);
}

static void suspend_now(struct world *world, int seconds)
{
    world_suspend(world, 0, seconds, 10);
}

static void build_suspend(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, kit_node(world), &path);
    world_at(world, 10000, suspend_now, 3600);
}

static void step_now(struct world *world, int milliseconds)
{
    world_disturb(world, 0, milliseconds * 1e-3);
}

static void build_foreign_step(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, kit_node(world), &path);
    world_at(world, 10000, step_now, 2500);
    world_at(world, 15000, step_now, -86400000);
}

static const char *judge_foreign_step(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    if (fabs(node->figures.clock_now_s) > 1e-3) {
        return "in the end the clock is right again";
    }
    /* The estimate never depended on CLOCK_REALTIME: no new measurements are needed. */
    return node->logs[LOG_EVENT_DISTURBED] >= 2 ? NULL : "each disturbance is reported";
}

/* `while :; do date -s ...; sleep 5; done` for an hour. */
static void step_again(struct world *world, int left)
{
    world_disturb(world, 0, prng_between(&world->prng, -20, 20));
    if (left > 0) {
        world_at(world, true_time_to_s(world->now) + 5, step_again, left - 1);
    }
}

static void build_date_loop(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node, kit_public_server(world, i + 1, &path));
    }
    world_at(world, 10000, step_again, 720);
}

/* Another daemon: every 7 s it sets a frequency of its own and starts a slew. */
static void rival(struct world *world, int left)
{
    struct kernel_adjust values = {
        .modes = KERNEL_FREQUENCY | KERNEL_TICK,
        .tick_us = KERNEL_TICK_NOMINAL_US,
        .freq = (int64_t)(prng_between(&world->prng, -20, 20) * 65536),
    };

    world_meddle(world, 0, values);
    if (left > 0) {
        world_at(world, true_time_to_s(world->now) + 7, rival, left - 1);
    }
}

/* From 10000 s to 24000 s; meanwhile MONO itself runs at rates that nobody was told of. */
static void build_rival(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, kit_node(world), &path);
    world->nodes[0].check.excused =
        (struct period){true_time_from_s(10000), true_time_from_s(26000)};
    world_at(world, 10000, rival, 2000);
}

static const char *judge_rival(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    if (node->logs[LOG_EVENT_RIVAL] == 0) {
        return "a rival is reported";
    }
    if (node->logs[LOG_EVENT_RIVAL] > 3) {
        return "a rival is not reported again and again";
    }
    /* Backing off: far fewer changes of the clock than the rival's 2000. */
    return node->figures.steers_judged < 600 ? NULL : "noon backs off instead of fighting";
}

static void restart(struct world *world, int argument)
{
    (void)argument;
    world_restart(world, 0, 60);
}

/* With the drift file the clock is right from the first answers on. */
static void build_restart(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, kit_node(world), &path);
    world_at(world, 20000, restart, 0);
}

/* The drift file is nonsense: 400 ppm where it is 10. */
static void build_wrong_drift(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct node_plan plan = kit_plan(world);

    plan.saved = (struct node_saved){.have_freq = true, .freq_s_per_s = 400e-6};
    follow_three(world, world_add_node(world, &plan), &path);
}

static void build_year(struct world *world)
{
    struct route_options path = kit_path_wan();
    struct node_plan plan = kit_plan(world);

    plan.computer.oscillator.temperature_s_per_s = 0.5e-6;
    plan.computer.oscillator.temperature_period_s = 86400;
    plan.computer.oscillator.ageing_s_per_s_per_s = 1e-6 / (365 * 86400.0);
    plan.computer.oscillator.cell_s = 8;
    /* A random walk of 1e-9 would be 5 ppm off in a year; crystals stay nearer. */
    plan.computer.oscillator.wander_s_per_s = 3e-10;
    path.loss = 0.01;
    follow_three(world, world_add_node(world, &plan), &path);
}

static const struct scenario rows[] = {
    {
        .name = "cold-step",
        .sentence = "starts half a second and 100 ppm off",
        .build = build_cold_step,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 20000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 40e-6,
                   .clock_max_s = 200e-6,
                   .synchronised = 1,
                   .steps = 1},
    },
    {
        .name = "virtual-clock",
        .sentence = "a virtual clock 300 ms and 50 ppm off; one of three servers lies by 200 ms",
        .build = build_virtual,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 40e-6,
                   .clock_max_s = 200e-6,
                   .line_max_s = 200e-6,
                   .synchronised = 1,
                   .steps = 1},
    },
    {
        .name = "observer",
        .sentence = "may not touch the clock: publishes the right time beside it",
        .build = build_observer,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10,
                   .line_rms_s = 120e-6,
                   .line_max_s = 500e-6,
                   .synchronised = 1,
                   .steps = -1},
    },
    {
        .name = "clock-of-1970",
        .sentence = "boots without a battery: the clock shows 1970",
        .build = build_1970,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 600e-6,
                   .clock_max_s = 3e-3,
                   .synchronised = 1,
                   .steps = 2},
    },
    {
        .name = "user-stamps",
        .sentence = "a kernel that stamps nothing and knows no CLOCK_BOOTTIME",
        .build = build_user_stamps,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 60e-6, .clock_max_s = 300e-6, .synchronised = 1},
    },
    {
        .name = "lost-stamps",
        .sentence = "three transmit stamps of ten never come",
        .build = build_late_stamps,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 40000,
        .limits = {.lock_s = 10, .clock_rms_s = 50e-6, .clock_max_s = 300e-6, .synchronised = 1},
    },
    {
        .name = "temperature",
        .sentence = "day and night: 2 ppm to either side, for three days",
        .build = build_temperature,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 259200,
        .sample_s = 4,
        .limits = {.lock_s = 10, .clock_rms_s = 200e-6, .clock_max_s = 1e-3, .synchronised = 1},
    },
    {
        .name = "thermometer",
        .sentence = "the same, and a sensor to learn from",
        .build = build_thermometer,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 259200,
        .sample_s = 4,
        .limits = {.lock_s = 10, .clock_rms_s = 200e-6, .clock_max_s = 1e-3, .synchronised = 1},
    },
    {
        .name = "thermostat",
        .sentence = "an air conditioner: 0.1 ppm to either side, twice an hour",
        .build = build_thermostat,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 50000,
        .limits = {.lock_s = 10, .clock_rms_s = 120e-6, .clock_max_s = 500e-6, .synchronised = 1},
    },
    {
        .name = "frequency-step",
        .sentence = "the crystal suddenly runs 0.8 ppm faster",
        .build = build_frequency_step,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 60000,
        .limits = {.lock_s = 10, .clock_rms_s = 400e-6, .clock_max_s = 3e-3, .synchronised = 1},
    },
    {
        .name = "pause",
        .sentence = "the virtual machine stands still for 5 s and cannot know it",
        .build = build_pause,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .judged_from_s = 10500,
        .limits = {.lock_s = 10, .line_rms_s = 330e-6, .line_max_s = 3e-3, .synchronised = 0.98},
    },
    {
        .name = "suspend",
        .sentence = "the machine sleeps for an hour",
        .build = build_suspend,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 30000,
        .judged_from_s = 14000,
        .limits = {.lock_s = 10, .line_rms_s = 300e-6, .line_max_s = 3e-3, .synchronised = 0.98},
    },
    {
        .name = "foreign-step",
        .sentence = "somebody steps the clock by 2.5 s, then back by a day",
        .build = build_foreign_step,
        .judge = judge_foreign_step,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .judged_from_s = 5000,
        .limits = {.lock_s = 10, .line_rms_s = 120e-6, .line_max_s = 800e-6, .synchronised = 1},
    },
    {
        .name = "date-loop",
        .sentence = "a script sets the clock every 5 s for an hour: no flood, and right afterwards",
        .build = build_date_loop,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 24000,
        .judged_from_s = 18000,
        .limits = {.lock_s = 20,
                   .clock_rms_s = 300e-6,
                   .clock_max_s = 2e-3,
                   .line_rms_s = 300e-6,
                   .line_max_s = 2e-3,
                   .synchronised = 1,
                   .packets = 1500},
    },
    {
        .name = "rival",
        .sentence = "another daemon keeps setting the frequency: reported, and left alone",
        .build = build_rival,
        .judge = judge_rival,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 60000,
        .judged_from_s = 40000,
        .limits = {.lock_s = 10, .line_rms_s = 300e-6, .line_max_s = 2e-3, .synchronised = 1},
    },
    {
        .name = "restart",
        .sentence = "starts again with its drift file: good within seconds",
        .build = build_restart,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 22000,
        .judged_from_s = 20080,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .synchronised = 1,
                   .steps = -1},
    },
    {
        .name = "wrong-drift",
        .sentence = "the drift file says 400 ppm where it is 10",
        .build = build_wrong_drift,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .limits = {.lock_s = 10, .clock_rms_s = 150e-6, .clock_max_s = 600e-6, .synchronised = 1},
    },
    {
        .name = "year",
        .sentence = "a year of one node with three servers, seasons apart",
        .build = build_year,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 31536000,
        .judged_from_s = 100000,
        .sample_s = 61,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 500e-6,
                   .clock_max_s = 5e-3,
                   .synchronised = 1,
                   .packets = 500000},
        .seeds = 1,
    },
};

const struct scenario_table scenarios_machine = {rows, sizeof rows / sizeof *rows};
