/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenarios_nts.c - Network Time Security: keys that run out, servers that lie or show old
 * certificates, and clocks that are so wrong that no certificate fits.
 */
#include "base/must.h"
#include "sim/kit.h"
#include "sim/scenario.h"

#define YEAR_S 31557600.0
/* When certificates of today are valid, in seconds of the world. */
#define VALID_FROM_S (-0.1 * YEAR_S)
#define VALID_UNTIL_S (0.2 * YEAR_S)

/* A node whose clock is `error_s` off and that was built a year before the world begins. */
static unsigned add_node(struct world *world, double error_s)
{
    struct node_plan plan = kit_plan(world);

    plan.computer.error_s += error_s;
    plan.options.step = (struct step_options){.threshold_s = 0.1, .limit = 3};
    unsigned node = world_add_node(world, &plan);
    world->nodes[node].not_before.ns = world->utc.epoch.ns - true_time_from_s(YEAR_S).ns;
    return node;
}

static void add_servers(struct world *world, unsigned node, unsigned count)
{
    struct route_options path = kit_path_metro();

    for (unsigned i = 0; i < count; i++) {
        unsigned host = kit_server(world, i + 1, &path);

        kit_certificate(world, host, VALID_FROM_S, VALID_UNTIL_S);
        kit_follow_nts(world, node, host);
    }
}

static unsigned exchanges(const struct world *world)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < world->host_count; i++) {
        sum += world->hosts[i].certificate.exchanges;
    }
    return sum;
}

static bool is_right(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    return node->line.synchronised && node->figures.clock_now_s < 0.1 &&
           node->figures.clock_now_s > -0.1;
}

static void build_nts(struct world *world)
{
    add_servers(world, add_node(world, 0), 4);
}

static const char *judge_nts(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned i = 0; i < status->count; i++) {
        if (status->sources[i].auth != AUTH_MODE_NTS || status->sources[i].naks != 0) {
            return "every source is authenticated";
        }
        if (status->sources[i].cookies < NTS_COOKIES - 1) {
            return "the stock of cookies stays full";
        }
    }
    return exchanges(world) == 4 ? NULL : "keys are exchanged once";
}

/* One of four asks for other cookies now; meanwhile the answers of another one get lost. */
static void rotate(struct world *world, int host)
{
    world->hosts[host].certificate.generation++;
}

static void build_nts_rotated(struct world *world)
{
    build_nts(world);
    world_at(world, 6000, rotate, 0);
    world_at(world, 6000, rotate, 1);
    world->hosts[2].server.options.silent =
        (struct period){true_time_from_s(5000), true_time_from_s(9000)};
}

static const char *judge_nts_rotated(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned i = 0; i < status->count; i++) {
        const struct source_status *source = &status->sources[i];

        if (source->state != SOURCE_SELECTED && source->state != SOURCE_COMBINED &&
            source->state != SOURCE_TRUECHIMER) {
            return "every server is used again";
        }
    }
    return status->sources[0].naks >= 1 && status->sources[0].naks <= 2 &&
                   world->hosts[0].certificate.exchanges == 2 && exchanges(world) <= 14
               ? NULL
               : "one NAK leads to one key exchange, and an empty stock to few";
}

/* No key exchange ever succeeds. */
static void build_nts_blocked(struct world *world)
{
    build_nts(world);
    for (unsigned i = 0; i < 4; i++) {
        world->hosts[i].certificate.refuses = (struct period){{0}, TRUE_TIME_NEVER};
    }
}

static const char *judge_nts_blocked(struct world *world)
{
    for (unsigned i = 0; i < 4; i++) {
        if (world->hosts[i].server.requests > 0) {
            return "without keys nobody is asked for time";
        }
    }
    if (world->nodes[0].published && world->nodes[0].line.synchronised) {
        return "without keys nobody is followed";
    }
    return exchanges(world) <= 4 * 40 ? NULL : "failed exchanges are not repeated all the time";
}

static void build_nts_1970(struct world *world)
{
    double since_1970_s = (double)world->utc.epoch.ns * 1e-9;

    add_servers(world, add_node(world, -since_1970_s), 3);
}

static void build_nts_2045(struct world *world)
{
    add_servers(world, add_node(world, 19 * YEAR_S), 3);
}

static const char *judge_nts_wrong_clock(struct world *world)
{
    if (!is_right(world)) {
        return "the majority of three servers puts the clock right";
    }
    if (world->nodes[0].logs[LOG_EVENT_TIME_VOUCHED] != 1) {
        return "it is said that the servers vouch for the time";
    }
    return exchanges(world) >= 6 && exchanges(world) <= 8
               ? NULL
               : "every certificate is shown once more before it is believed";
}

/*
 * One of four is an attacker: his server is a year behind, his certificate was valid then, and the
 * node's clock says that year, too.
 */
static void build_nts_attacker(struct world *world)
{
    add_servers(world, add_node(world, -YEAR_S / 2), 4);
    kit_certificate(world, 3, -YEAR_S, -0.3 * YEAR_S);
    kit_options_of(world, 3)->error_s = -YEAR_S / 2;
}

static const char *judge_nts_attacker(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);
    const struct source_status *liar = kit_source_at(world, status, 3);

    if (liar && (liar->state == SOURCE_SELECTED || liar->state == SOURCE_COMBINED)) {
        return "the attacker is not followed";
    }
    return is_right(world) ? NULL : "the honest majority is followed";
}

/*
 * All servers that answer belong to somebody who holds certificates that expired before this
 * machine was synchronised last; its clock has been set back to when they were valid.
 */
static void build_nts_stolen(struct world *world)
{
    unsigned node = add_node(world, -YEAR_S / 2);

    add_servers(world, node, 3);
    world->nodes[node].not_before.ns = world->utc.epoch.ns - true_time_from_s(0.1 * YEAR_S).ns;
    for (unsigned i = 0; i < 3; i++) {
        kit_certificate(world, i, -YEAR_S, -0.2 * YEAR_S);
        kit_options_of(world, i)->error_s = -YEAR_S / 2;
    }
}

static const char *judge_nts_never(struct world *world)
{
    return world->nodes[0].figures.synchronised == 0 && world->nodes[0].figures.steps == 0 &&
                   !(world->nodes[0].published && world->nodes[0].line.synchronised)
               ? NULL
               : "nobody is believed";
}

/* Two servers can't outvote each other: the operator has to decide. */
static void build_nts_few(struct world *world)
{
    add_servers(world, add_node(world, 19 * YEAR_S), 2);
}

static const char *judge_nts_few(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    if (status->node.reason != NODE_REASON_CERT_TIME ||
        status->sources[0].state != SOURCE_CERT_TIME) {
        return "it says that it can't judge the certificates";
    }
    return judge_nts_never(world);
}

static void build_nts_unchecked(struct world *world)
{
    build_nts_few(world);
    world->nodes[0].options.no_cert_time_check = 1;
}

static const char *judge_nts_unchecked(struct world *world)
{
    return is_right(world) ? NULL : "nocerttimecheck lets it start";
}

/* `authselectmode mix`: plain servers, even as a majority, have to agree with authentic ones. */
static void build_nts_mixed(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = add_node(world, 0);

    add_servers(world, node, 2);
    for (unsigned i = 3; i <= 5; i++) {
        unsigned host = kit_server(world, i, &path);

        kit_options_of(world, host)->error_s = 0.5;
        kit_follow(world, node, host);
    }
}

static const char *judge_nts_mixed(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];

    return is_right(world) && node->figures.clock_max_s < 0.01
               ? NULL
               : "liars without authentication are outside what authentic servers say";
}

static void build_nts_required(struct world *world)
{
    build_nts_mixed(world);
    world->nodes[0].options.auth_select = AUTH_SELECT_REQUIRE;
}

static void build_nts_preferred(struct world *world)
{
    build_nts_mixed(world);
    world->nodes[0].options.auth_select = AUTH_SELECT_PREFER;
}

static const char *judge_nts_alone(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned i = 0; i < status->count; i++) {
        if (status->sources[i].auth == AUTH_MODE_NONE &&
            status->sources[i].state != SOURCE_NOSELECT) {
            return "sources without authentication are measured only";
        }
    }
    return judge_nts_mixed(world);
}

/* `authselectmode ignore`: two liars with NTS are two of five, no more. */
static void build_nts_ignored(struct world *world)
{
    struct route_options path = kit_path_metro();
    unsigned node = add_node(world, 0);

    add_servers(world, node, 2);
    for (unsigned i = 0; i < 2; i++) {
        kit_options_of(world, i)->error_s = 0.5;
    }
    for (unsigned i = 3; i <= 5; i++) {
        kit_follow(world, node, kit_server(world, i, &path));
    }
    world->nodes[0].options.auth_select = AUTH_SELECT_IGNORE;
}

static const char *judge_nts_ignored(struct world *world)
{
    const struct sim_node *node = &world->nodes[0];
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);

    for (unsigned i = 0; i < status->count; i++) {
        bool liar = status->sources[i].auth == AUTH_MODE_NTS;

        if (liar != (status->sources[i].state == SOURCE_FALSETICKER)) {
            return "the two that differ from the majority are falsetickers";
        }
    }
    return is_right(world) && node->figures.clock_max_s < 0.01 ? NULL
                                                               : "the majority tells the time";
}

/* Servers with NTS that never give keys, and honest ones without. */
static void build_nts_keyless(struct world *world, enum auth_select mode)
{
    struct route_options path = kit_path_metro();
    unsigned node = add_node(world, 0);

    add_servers(world, node, 2);
    for (unsigned i = 0; i < 2; i++) {
        world->hosts[i].certificate.refuses = (struct period){{0}, TRUE_TIME_NEVER};
    }
    for (unsigned i = 3; i <= 5; i++) {
        kit_follow(world, node, kit_server(world, i, &path));
    }
    world->nodes[0].options.auth_select = (uint8_t)mode;
}

/* What is mixed with authentic servers waits for them. */
static void build_nts_keyless_mixed(struct world *world)
{
    build_nts_keyless(world, AUTH_SELECT_MIX);
}

static void build_nts_keyless_preferred(struct world *world)
{
    build_nts_keyless(world, AUTH_SELECT_PREFER);
}

static void build_nts_keyless_required(struct world *world)
{
    build_nts_keyless(world, AUTH_SELECT_REQUIRE);
}

static const char *judge_nts_plain(struct world *world)
{
    return is_right(world) ? NULL : "servers without authentication tell the time";
}

static const char *judge_nts_nobody(struct world *world)
{
    return world->nodes[0].line.synchronised ? "nobody tells the time" : NULL;
}

/* Two members of the pool never give keys. */
static void build_nts_pool(struct world *world)
{
    struct route_options path = kit_path_wan();
    unsigned node = add_node(world, 0);

    for (unsigned i = 0; i < 8; i++) {
        unsigned host = kit_public_server(world, i + 1, &path);

        kit_certificate(world, host, VALID_FROM_S, VALID_UNTIL_S);
        if (i < 2) {
            world->hosts[host].certificate.refuses = (struct period){{0}, TRUE_TIME_NEVER};
        }
    }
    kit_follow_name(world, node, "pool.example", SOURCE_POOL)->nts = true;
    kit_name(world, "pool.example", 0, 0, 8);
}

static const char *judge_nts_pool(struct world *world)
{
    struct kit_status room;
    const struct kit_status *status = kit_status(world, 0, &room);
    unsigned good = 0;

    for (unsigned i = 0; i < status->count; i++) {
        good += status->sources[i].auth == AUTH_MODE_NTS && status->sources[i].cookies > 0;
    }
    if (world->hosts[0].server.requests + world->hosts[1].server.requests > 0) {
        return "who gives no keys is not asked for time";
    }
    return good == 4 ? NULL : "members that give no keys are replaced by others";
}

#define NTS_ROOM(servers)                                                                          \
    {                                                                                              \
        .nodes = 1, .hosts = servers, .sources = 8, .names = 1                                     \
    }

static const struct scenario rows[] = {
    {
        .name = "nts",
        .sentence = "four servers with NTS",
        .build = build_nts,
        .judge = judge_nts,
        .room = NTS_ROOM(4),
        .duration_s = 20000,
        .judged_from_s = 2000,
        .limits = {.lock_s = 30, .clock_max_s = 0.005, .synchronised = 1},
    },
    {
        .name = "nts-rotated",
        .sentence = "servers that can't read their cookies any more, and one that is silent",
        .build = build_nts_rotated,
        .judge = judge_nts_rotated,
        .room = NTS_ROOM(4),
        .duration_s = 20000,
        .judged_from_s = 2000,
        .limits = {.lock_s = 30, .clock_max_s = 0.005, .synchronised = 1},
    },
    {
        .name = "nts-blocked",
        .sentence = "key exchange never succeeds",
        .build = build_nts_blocked,
        .judge = judge_nts_blocked,
        .room = NTS_ROOM(4),
        .duration_s = 86400,
        .limits = {.packets = 1},
    },
    {
        .name = "nts-1970",
        .sentence = "a clock that starts in 1970, three servers",
        .build = build_nts_1970,
        .judge = judge_nts_wrong_clock,
        .room = NTS_ROOM(3),
        .duration_s = 2000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 120, .synchronised = 1},
    },
    {
        .name = "nts-2045",
        .sentence = "a clock that starts in 2045, three servers",
        .build = build_nts_2045,
        .judge = judge_nts_wrong_clock,
        .room = NTS_ROOM(3),
        .duration_s = 2000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 120, .synchronised = 1},
    },
    {
        .name = "nts-attacker",
        .sentence = "one of four shows an old certificate that fits the wrong clock",
        .build = build_nts_attacker,
        .judge = judge_nts_attacker,
        .room = NTS_ROOM(4),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 200, .synchronised = 1},
    },
    {
        .name = "nts-stolen",
        .sentence = "all show certificates that expired before the last synchronisation",
        .build = build_nts_stolen,
        .judge = judge_nts_never,
        .room = NTS_ROOM(3),
        .duration_s = 20000,
        .judged_from_s = 1000,
    },
    {
        .name = "nts-few",
        .sentence = "a clock that starts in 2045, two servers",
        .build = build_nts_few,
        .judge = judge_nts_few,
        .room = NTS_ROOM(2),
        .duration_s = 4000,
        .judged_from_s = 1000,
    },
    {
        .name = "nts-unchecked",
        .sentence = "the same, with nocerttimecheck",
        .build = build_nts_unchecked,
        .judge = judge_nts_unchecked,
        .room = NTS_ROOM(2),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 120, .synchronised = 1},
    },
    {
        .name = "nts-mixed",
        .sentence = "two servers with NTS, three liars without",
        .build = build_nts_mixed,
        .judge = judge_nts_mixed,
        .room = NTS_ROOM(5),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 60, .synchronised = 1},
    },
    {
        .name = "nts-required",
        .sentence = "the same, with authselectmode require",
        .build = build_nts_required,
        .judge = judge_nts_alone,
        .room = NTS_ROOM(5),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 60, .synchronised = 1},
    },
    {
        .name = "nts-preferred",
        .sentence = "the same, with authselectmode prefer",
        .build = build_nts_preferred,
        .judge = judge_nts_alone,
        .room = NTS_ROOM(5),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 60, .synchronised = 1},
    },
    {
        .name = "nts-ignored",
        .sentence = "two liars with NTS, three servers without, authselectmode ignore",
        .build = build_nts_ignored,
        .judge = judge_nts_ignored,
        .room = NTS_ROOM(5),
        .duration_s = 4000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 60, .synchronised = 1},
    },
    {
        .name = "nts-keyless-mixed",
        .sentence = "two servers with NTS that give no keys, three without, authselectmode mix",
        .build = build_nts_keyless_mixed,
        .judge = judge_nts_nobody,
        .room = NTS_ROOM(5),
        .duration_s = 2000,
        .judged_from_s = 1000,
    },
    {
        .name = "nts-keyless-preferred",
        .sentence = "the same, with authselectmode prefer",
        .build = build_nts_keyless_preferred,
        .judge = judge_nts_plain,
        .room = NTS_ROOM(5),
        .duration_s = 2000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 120, .synchronised = 1},
    },
    {
        .name = "nts-keyless-required",
        .sentence = "the same, with authselectmode require",
        .build = build_nts_keyless_required,
        .judge = judge_nts_nobody,
        .room = NTS_ROOM(5),
        .duration_s = 2000,
        .judged_from_s = 1000,
    },
    {
        .name = "nts-pool",
        .sentence = "a pool with NTS, of which two members give no keys",
        .build = build_nts_pool,
        .judge = judge_nts_pool,
        .room = NTS_ROOM(8),
        .duration_s = 6000,
        .judged_from_s = 1000,
        .limits = {.lock_s = 120, .synchronised = 1},
    },
};

const struct scenario_table scenarios_nts = {rows, sizeof rows / sizeof rows[0]};
