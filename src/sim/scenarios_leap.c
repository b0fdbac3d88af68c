/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_leap.c - leap seconds: half a day before one, half a day after. */
#include <math.h>

#include "sim/kit.h"
#include "sim/scenario.h"

#define LEAP_S 43200
/* In these worlds `synchronised` is 0.9999: the line is void from the leap to the next pass. */

static void follow_five(struct world *world)
{
    struct route_options path = kit_path_metro();

    kit_simple(world, 5, &path);
}

static const char *judge_armed(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    if (node->computer.kernel.leaps != 1) {
        return "the kernel carries out the leap second";
    }
    if (node->logs[LOG_EVENT_LEAP_ARMED] != 1 || node->logs[LOG_EVENT_LEAP_DONE] != 1) {
        return "arming and the leap itself are said, once";
    }
    return node->status.leap == NTP_LEAP_NONE ? NULL : "the flag is taken away afterwards";
}

/* While the smeared ones still overlap with the others the vote may turn once. */
static const char *judge_smeared(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    if (node->computer.kernel.leaps != 1 || node->logs[LOG_EVENT_LEAP_DONE] != 1) {
        return "the kernel carries out the leap second";
    }
    return node->status.leap == NTP_LEAP_NONE ? NULL : "the flag is taken away afterwards";
}

static const char *judge_not_armed(struct world *world)
{
    return world->nodes[0].computer.kernel.leaps == 0 ? NULL : "no leap second is carried out";
}

/* One of five has no time from an hour before to an hour after. */
static void build_unsynchronised_peer(struct world *world)
{
    follow_five(world);
    kit_options_of(world, 2)->unsynchronised =
        (struct period){true_time_from_s(LEAP_S - 3600), true_time_from_s(LEAP_S + 3600)};
}

static void build_mixed(struct world *world)
{
    follow_five(world);
    kit_options_of(world, 0)->leap = SERVER_LEAPS_SILENTLY;
    kit_options_of(world, 1)->leap = SERVER_IGNORES_LEAP;
}

static void build_false_alarm(struct world *world)
{
    follow_five(world);
    kit_options_of(world, 0)->leap = SERVER_CRIES_LEAP;
    kit_options_of(world, 1)->leap = SERVER_CRIES_LEAP;
}

static void build_slew(struct world *world)
{
    follow_five(world);
    world->nodes[0].options.leap_mode = LEAP_SLEW;
}

static void build_smeared(struct world *world)
{
    follow_five(world);
    kit_options_of(world, 0)->leap = SERVER_SMEARS;
    kit_options_of(world, 1)->leap = SERVER_SMEARS;
}

static const struct scenario rows[] = {
    {
        .name = "leap-insert",
        .sentence = "a leap second is inserted: armed in the kernel, nothing else happens",
        .build = follow_five,
        .judge = judge_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .judged_from_s = 20000,
        .leap = 1,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .line_max_s = 600e-6,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
    {
        .name = "leap-delete",
        .sentence = "a second is left out",
        .build = follow_five,
        .judge = judge_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .judged_from_s = 20000,
        .leap = -1,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .line_max_s = 600e-6,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
    {
        .name = "leap-unsynchronised",
        .sentence = "one server has no time around a leap second: it harms nobody",
        .build = build_unsynchronised_peer,
        .judge = judge_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .judged_from_s = 20000,
        .leap = 1,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .line_max_s = 600e-6,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
    {
        .name = "leap-mixed",
        .sentence = "of five servers one leaps unannounced and one not at all",
        .build = build_mixed,
        .judge = judge_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .judged_from_s = 20000,
        .leap = 1,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .line_max_s = 600e-6,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
    {
        .name = "leap-false-alarm",
        .sentence = "two of five servers announce a leap second that will not come",
        .build = build_false_alarm,
        .judge = judge_not_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .synchronised = 1,
                   .steps = -1},
    },
    {
        .name = "leap-slew",
        .sentence = "leapsecmode slew: published time leaps, the clock follows in a few seconds",
        .build = build_slew,
        .judge = judge_not_armed,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 60000,
        .judged_from_s = 20000,
        .leap = 1,
        .limits = {.lock_s = 10,
                   .clock_max_s = 1.01,
                   .line_max_s = 600e-6,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
    {
        .name = "leap-smeared",
        .sentence = "two of five servers smear the leap second over a day",
        .build = build_smeared,
        .judge = judge_smeared,
        .room = {.nodes = 1, .hosts = 5, .sources = 5},
        .duration_s = 80000,
        .judged_from_s = 20000,
        .leap = 1,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 200e-6,
                   .clock_max_s = 1e-3,
                   .line_max_s = 1e-3,
                   .synchronised = 0.9999,
                   .steps = -1},
    },
};

const struct scenario_table scenarios_leap = {rows, sizeof rows / sizeof *rows};
