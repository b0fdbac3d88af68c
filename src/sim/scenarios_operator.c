/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_operator.c - what people and their scripts do to a node: reloads, orders, interfaces.
 */
#include "sim/kit.h"
#include "sim/scenario.h"

static unsigned follow_three(struct world *world, bool public)
{
    struct route_options path = kit_path_metro();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 3; i++) {
        kit_follow(world, node,
                   public ? kit_public_server(world, i + 1, &path)
                          : kit_server(world, i + 1, &path));
    }
    return node;
}

static void again_after(struct world *world, double s, world_script *script, int left)
{
    if (left > 0) {
        world_at(world, true_time_to_s(world->now) + s, script, left - 1);
    }
}

/* The same file every 7 s, now and then with another maxslewrate. */
static void reload(struct world *world, int left)
{
    world->nodes[0].options.max_slew_s_per_s = left % 3 ? 0.08 : 0.05;
    world_reconfigure(world, 0);
    again_after(world, 7, reload, left);
}

static void build_reloads(struct world *world)
{
    follow_three(world, true);
    world_at(world, 5000, reload, 999);
}

static const char *judge_reloads(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (world->nodes[0].logs[LOG_EVENT_CONFIG_APPLIED] != 1000) {
        return "a thousand reloads are applied, each said once";
    }
    for (unsigned host = 0; host < 3; host++) {
        const struct source_status *source = kit_source_at(world, status, host);
        if (!source || source->accepted != source->sent || source->address_changes > 1) {
            return "no reload costs a source or a sample";
        }
    }
    return NULL;
}

/* One source goes and another comes, by a reload. */
static void replace_source(struct world *world, int argument)
{
    struct sim_node *node = &world->nodes[0];

    (void)argument;
    node->sources[1].literal = world->hosts[3].address;
    address_print(&node->sources[1].literal, node->sources[1].name);
    world_reconfigure(world, 0);
}

static void build_reload_sources(struct world *world)
{
    struct route_options path = kit_path_metro();

    follow_three(world, false);
    kit_server(world, 4, &path);
    world_at(world, 10000, replace_source, 0);
}

static const char *judge_reload_sources(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (kit_source_at(world, status, 1) || !kit_source_at(world, status, 3)) {
        return "the new source takes the old one's place";
    }
    return status->count == 3 ? NULL : "the others stay";
}

static void order(struct world *world, int command)
{
    world_command(world, 0, (enum control_command)command, "");
}

/* What had been sent ten seconds into the offline time, and just before its end. */
static void note_sent(struct world *world, int which)
{
    ((uint64_t *)world->note)[which] = world->nodes[0].figures.sent;
}

static void build_orders(struct world *world)
{
    follow_three(world, false);
    world_at(world, 10000, order, CONTROL_OFFLINE);
    world_at(world, 10010, note_sent, 0);
    world_at(world, 17190, note_sent, 1);
    world_at(world, 17200, order, CONTROL_ONLINE);
    world_at(world, 18000, order, CONTROL_BURST);
    world_at(world, 20000, order, CONTROL_STEP);
    world_at(world, 21000, order, CONTROL_REFRESH);
}

static const char *judge_orders(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    const uint64_t *sent = world->note;

    if (node->answers != 5) {
        return "every order is answered";
    }
    if (sent[0] != sent[1]) {
        return "nothing is sent while offline";
    }
    return node->line.synchronised ? NULL : "online again it is synchronised again";
}

/* Containers come and go: an interface every 2 s, for two hours. */
static void interface_changes(struct world *world, int left)
{
    world_network_changed(world, 0);
    again_after(world, 2, interface_changes, left);
}

static void build_interfaces(struct world *world)
{
    follow_three(world, true);
    world_at(world, 3, interface_changes, 3600);
}

/* The cable is out for an hour; back in, it is noticed at once. */
static void pull_cable(struct world *world, int down)
{
    for (unsigned host = 0; host < 3; host++) {
        world_set_down(world, 0, host, down != 0);
    }
    world_network_changed(world, 0);
}

static void build_cable(struct world *world)
{
    follow_three(world, true);
    world_at(world, 10000, pull_cable, 1);
    world_at(world, 13600, pull_cable, 0);
}

static const char *judge_cable(struct world *world)
{
    for (unsigned host = 0; host < 3; host++) {
        const struct link *link = world_link(world, 0, host);
        if (link->there.carried < 10) {
            return "requests go out again once the cable is back";
        }
    }
    return NULL;
}

static const struct scenario rows[] = {
    {
        .name = "reloads",
        .sentence = "a thousand reloads: no sample is lost, no request is one too many",
        .build = build_reloads,
        .judge = judge_reloads,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .judged_from_s = 4000,
        .limits = {.lock_s = 20,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .synchronised = 1,
                   .packets = 400},
    },
    {
        .name = "reload-sources",
        .sentence = "a reload exchanges one of three sources",
        .build = build_reload_sources,
        .judge = judge_reload_sources,
        .room = {.nodes = 1, .hosts = 4, .sources = 6},
        .duration_s = 20000,
        .judged_from_s = 4000,
        .limits = {.lock_s = 10,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .synchronised = 1,
                   .steps = -1},
    },
    {
        .name = "orders",
        .sentence = "offline for two hours, online, burst, step, refresh",
        .build = build_orders,
        .judge = judge_orders,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 30000,
        .judged_from_s = 5000,
        .note_size = 2 * sizeof(uint64_t),
        .limits = {.lock_s = 10, .clock_rms_s = 1e-3, .clock_max_s = 5e-3},
    },
    {
        .name = "interfaces",
        .sentence = "an interface comes or goes every 2 s for two hours: nothing happens",
        .build = build_interfaces,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 10000,
        .limits = {.lock_s = 20,
                   .clock_rms_s = 150e-6,
                   .clock_max_s = 600e-6,
                   .synchronised = 1,
                   .packets = 400},
    },
    {
        .name = "cable",
        .sentence = "the cable is out for an hour: back in, it is noticed at once",
        .build = build_cable,
        .judge = judge_cable,
        .room = {.nodes = 1, .hosts = 3, .sources = 4},
        .duration_s = 20000,
        .judged_from_s = 13700,
        .limits = {.lock_s = 20,
                   .clock_rms_s = 500e-6,
                   .clock_max_s = 1.5e-3,
                   .synchronised = 1,
                   .packets = 1000},
    },
};

const struct scenario_table scenarios_operator = {rows, sizeof rows / sizeof *rows};
