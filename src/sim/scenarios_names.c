/* SPDX-License-Identifier: BSD-2-Clause */
/* scenarios_names.c - names that come, go, move and fail; pools whose members go bad. */
#include "sim/kit.h"
#include "sim/scenario.h"

static void build_name_later(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = kit_node(world);

    kit_server(world, 1, &path);
    kit_server(world, 2, &path);
    kit_follow(world, node, 0);
    kit_follow_name(world, node, "later.example", SOURCE_SERVER);
    kit_name(world, "later.example", 7200, 1, 1);
}

static const char *judge_name_later(struct world *world)
{
    struct kit_status room;
    const struct source_status *source = kit_source_at(world, kit_status(world, 0, &room), 1);

    if (!source || (source->state != SOURCE_SELECTED && source->state != SOURCE_COMBINED &&
                    source->state != SOURCE_TRUECHIMER)) {
        return "the server is used once its name exists";
    }
    if (world->hosts[1].server.requests < 20) {
        return "it is used soon after its name exists";
    }
    return world->dns.queries < 800 ? NULL
                                    : "a name that does not exist is not asked for all the time";
}

/* Every server behind the name is replaced; the old ones stop answering. */
static void build_name_moves(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < 4; i++) {
        kit_server(world, i + 1, &path);
    }
    kit_follow_name(world, node, "a.example", SOURCE_SERVER);
    kit_follow_name(world, node, "b.example", SOURCE_SERVER);
    kit_name(world, "a.example", 0, 0, 1);
    kit_name(world, "b.example", 0, 1, 1);
    kit_name(world, "a.example", 15000, 2, 1);
    kit_name(world, "b.example", 15000, 3, 1);
    for (unsigned host = 0; host < 2; host++) {
        kit_options_of(world, host)->silent =
            (struct period){true_time_from_s(15600), TRUE_TIME_NEVER};
    }
}

static const char *judge_name_moves(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    return kit_source_at(world, status, 2) && kit_source_at(world, status, 3) &&
                   world->nodes[0].line.synchronised
               ? NULL
               : "the new addresses of the names are followed";
}

static void follow_pool(struct world *world, unsigned members)
{
    struct route_options path = kit_path_wan();
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < members; i++) {
        kit_public_server(world, i + 1, &path);
    }
    kit_follow_name(world, node, "pool.example", SOURCE_POOL)->max_sources = 4;
    kit_name(world, "pool.example", 0, 0, members);
}

/* Whichever of its pool members the node uses at 10000 s goes bad, one after the other. */
static void spoil(struct world *world, int nth)
{
    struct sim_node *node = &world->nodes[0];
    int used = 0;

    for (unsigned i = 0; i < world->limits.sources; i++) {
        struct sim_socket *socket = &node->sockets[i];
        if (!socket->open || socket->host == HOST_NONE || used++ != nth) {
            continue;
        }
        struct server_options *options = kit_options_of(world, socket->host);
        if (nth == 0) {
            options->jump_s = 30;
            options->jump_at = world->now;
        } else {
            options->silent = (struct period){world->now, TRUE_TIME_NEVER};
        }
        *(unsigned *)world->note |= 1U << socket->host;
    }
}

static void build_pool_member_bad(struct world *world)
{
    follow_pool(world, 10);
    world_at(world, 10000, spoil, 0);
    world_at(world, 10000, spoil, 1);
}

static const char *judge_pool_member_bad(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);
    unsigned spoilt = *(const unsigned *)world->note;
    unsigned good = 0;

    for (unsigned host = 0; host < 10; host++) {
        if (kit_source_at(world, status, host)) {
            if (spoilt >> host & 1) {
                return "a bad pool member is given up";
            }
            good++;
        }
    }
    return good == 4 ? NULL : "each is replaced by another of the name";
}

static void deny(struct world *world, int argument)
{
    struct sim_node *node = &world->nodes[0];

    (void)argument;
    for (unsigned i = 0; i < world->limits.sources; i++) {
        if (node->sockets[i].open && node->sockets[i].host != HOST_NONE) {
            struct server_options *options = kit_options_of(world, node->sockets[i].host);
            options->kod = (struct period){world->now, TRUE_TIME_NEVER};
            options->kiss = KISS_DENY;
            *(unsigned *)world->note |= 1U << node->sockets[i].host;
            return;
        }
    }
}

static void build_kod_deny(struct world *world)
{
    follow_pool(world, 10);
    world_at(world, 10000, deny, 0);
}

static const char *judge_kod_deny(struct world *world)
{
    for (unsigned host = 0; host < 10; host++) {
        if (world->hosts[host].server.kisses > 3) {
            return "who was refused does not ask again";
        }
    }
    return judge_pool_member_bad(world);
}

/* A resolver that fails, forgets and answers by turns; the sources are kept all the same. */
static void build_flapping_names(struct world *world)
{
    struct route_options path = kit_path_wan();
    unsigned node = kit_node(world);
    static const char *const names[] = {"a.example", "b.example", "c.example"};

    for (unsigned i = 0; i < 3; i++) {
        kit_public_server(world, i + 1, &path);
    }
    for (unsigned i = 0; i < 3; i++) {
        kit_follow_name(world, node, names[i], SOURCE_SERVER);
        kit_name(world, names[i], 0, i, 1);
        dns_add(&world->dns, names[i], true_time_from_s(3000))->result = RESOLVE_FAILED;
        kit_name(world, names[i], 6000, i, 1);
        dns_add(&world->dns, names[i], true_time_from_s(9000))->result = RESOLVE_NO_NAME;
        kit_name(world, names[i], 20000, i, 1);
        for (unsigned k = 0; k < 5; k++) {
            world->dns.names[i].records[k].ttl_s = 5;
        }
    }
}

static const char *judge_flapping_names(struct world *world)
{
    return world->dns.queries < 3 * 30000 / 30 ? NULL : "a short TTL is no licence to flood";
}

/* An address of each family, of which one leads nowhere. */
static void build_broken_family(struct world *world)
{
    struct route_options path = kit_path_metro();
    struct server_options honest = server_options_honest();
    struct address address = kit_address("fd00::1");
    unsigned node = kit_node(world);

    path.down = true;
    world_add_server(world, &address, &honest, &path);
    path.down = false;
    kit_server(world, 1, &path);
    kit_follow_name(world, node, "both.example", SOURCE_SERVER);
    kit_name(world, "both.example", 0, 0, 2);
}

static const struct scenario rows[] = {
    {
        .name = "name-later",
        .sentence = "the name of one server comes to exist after two hours: then it is used",
        .build = build_name_later,
        .judge = judge_name_later,
        .room = {.nodes = 1, .hosts = 2, .sources = 4, .names = 1},
        .duration_s = 30000,
        .limits = {.lock_s = 10, .clock_rms_s = 150e-6, .clock_max_s = 600e-6, .synchronised = 1},
    },
    {
        .name = "name-moves",
        .sentence = "the servers behind two names are replaced while the node runs",
        .build = build_name_moves,
        .judge = judge_name_moves,
        .room = {.nodes = 1, .hosts = 4, .sources = 4, .names = 2},
        .duration_s = 40000,
        .judged_from_s = 10000,
        .limits = {.lock_s = 10, .clock_rms_s = 250e-6, .clock_max_s = 1.5e-3, .synchronised = 1},
    },
    {
        .name = "pool-member-bad",
        .sentence = "one pool member jumps by 30 s, one falls silent: both are replaced",
        .build = build_pool_member_bad,
        .judge = judge_pool_member_bad,
        .room = {.nodes = 1, .hosts = 10, .sources = 8, .names = 1},
        .duration_s = 60000,
        .judged_from_s = 5000,
        .note_size = sizeof(unsigned),
        .limits = {.lock_s = 20, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "kod-deny",
        .sentence = "a pool member answers DENY: not asked again, replaced from the name",
        .build = build_kod_deny,
        .judge = judge_kod_deny,
        .room = {.nodes = 1, .hosts = 10, .sources = 8, .names = 1},
        .duration_s = 40000,
        .judged_from_s = 5000,
        .note_size = sizeof(unsigned),
        .limits = {.lock_s = 20, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "flapping-names",
        .sentence = "a resolver that fails and forgets, with a TTL of 5 s",
        .build = build_flapping_names,
        .judge = judge_flapping_names,
        .room = {.nodes = 1, .hosts = 3, .sources = 4, .names = 3},
        .duration_s = 30000,
        .limits = {.lock_s = 20, .clock_rms_s = 800e-6, .clock_max_s = 4e-3, .synchronised = 1},
    },
    {
        .name = "broken-family",
        .sentence = "a name with an address of each family, of which one leads nowhere",
        .build = build_broken_family,
        .room = {.nodes = 1, .hosts = 2, .sources = 4, .names = 1},
        .duration_s = 20000,
        .limits = {.lock_s = 300, .clock_rms_s = 150e-6, .clock_max_s = 800e-6, .synchronised = 1},
    },
};

const struct scenario_table scenarios_names = {rows, sizeof rows / sizeof *rows};
