/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/kit.h"

#include <string.h>

#include "base/must.h"

enum { NTP_PORT = 123 };

struct route_options kit_path_rack(void)
{
    return (struct route_options){.base_s = 5e-6, .jitter_s = 0.1e-6};
}

struct route_options kit_path_lan(void)
{
    return (struct route_options){.base_s = 50e-6, .jitter_s = 10e-6};
}

struct route_options kit_path_metro(void)
{
    return (struct route_options){.base_s = 500e-6, .jitter_s = 100e-6};
}

struct route_options kit_path_wan(void)
{
    return (struct route_options){.base_s = 10e-3, .jitter_s = 1e-3};
}

struct route_options kit_path_heavy(void)
{
    return (struct route_options){.base_s = 20e-3, .jitter_s = 10e-3};
}

struct node_options kit_options(void)
{
    struct node_options options;

    node_options_default(&options);
    options.step = (struct step_options){.threshold_s = 0.1, .limit = 3};
    return options;
}

struct node_plan kit_plan(struct world *world)
{
    struct node_plan plan = {.computer = computer_options_default(), .options = kit_options()};
    int sign = prng_chance(&world->prng, 0.5) ? 1 : -1;

    plan.computer.error_s = sign * prng_between(&world->prng, 0.008, 0.012);
    sign = prng_chance(&world->prng, 0.5) ? 1 : -1;
    plan.computer.oscillator.rate_s_per_s = sign * prng_between(&world->prng, 8e-6, 12e-6);
    return plan;
}

unsigned kit_node(struct world *world)
{
    struct node_plan plan = kit_plan(world);

    return world_add_node(world, &plan);
}

struct address kit_address(const char *text)
{
    struct address address;

    must(address_parse(&address, text));
    address.port = NTP_PORT;
    return address;
}

static unsigned add_server(struct world *world, const char *network, unsigned n,
                           const struct route_options *path)
{
    struct address address = kit_address(network);
    struct server_options honest = server_options_honest();

    address.bytes[3] = (uint8_t)n;
    address.bytes[2] = (uint8_t)(address.bytes[2] + (n >> 8));
    return world_add_server(world, &address, &honest, path);
}

unsigned kit_server(struct world *world, unsigned n, const struct route_options *path)
{
    return add_server(world, "10.0.0.0", n, path);
}

unsigned kit_public_server(struct world *world, unsigned n, const struct route_options *path)
{
    return add_server(world, "198.51.100.0", n, path);
}

struct server_options *kit_options_of(struct world *world, unsigned host)
{
    must(host < world->host_count && world->hosts[host].node < 0);
    return &world->hosts[host].server.options;
}

struct source_options *kit_follow(struct world *world, unsigned node, unsigned host)
{
    struct source_options *source = world_add_source(world, node);

    source_options_default(source);
    source->literal = world->hosts[host].address;
    source->iburst = true;
    address_print(&source->literal, source->name);
    return source;
}

void kit_certificate(struct world *world, unsigned host, double from_s, double until_s)
{
    int64_t epoch_ns = world->utc.epoch.ns;

    world->hosts[host].certificate = (struct sim_certificate){
        .present = true,
        .from = {epoch_ns + true_time_from_s(from_s).ns},
        .until = {epoch_ns + true_time_from_s(until_s).ns},
        .refuses = {TRUE_TIME_NEVER, TRUE_TIME_NEVER},
    };
}

struct source_options *kit_follow_nts(struct world *world, unsigned node, unsigned host)
{
    struct source_options *source = kit_follow(world, node, host);

    source->nts = true;
    return source;
}

struct source_options *kit_follow_name(struct world *world, unsigned node, const char *name,
                                       enum source_kind kind)
{
    struct source_options *source = world_add_source(world, node);

    must(strlen(name) < NAME_SIZE);
    source_options_default(source);
    source->kind = (uint8_t)kind;
    source->iburst = true;
    memcpy(source->name, name, strlen(name) + 1);
    return source;
}

unsigned kit_simple(struct world *world, unsigned count, const struct route_options *path)
{
    unsigned node = kit_node(world);

    for (unsigned i = 0; i < count; i++) {
        kit_follow(world, node, kit_server(world, i + 1, path));
    }
    return node;
}

void kit_name(struct world *world, const char *name, double from_s, unsigned first, unsigned count)
{
    struct dns_record *record = dns_add(&world->dns, name, true_time_from_s(from_s));

    must(count <= RESOLVED_MAX);
    for (unsigned i = 0; i < count; i++) {
        record->addresses[record->count++] = world->hosts[first + i].address;
    }
}

const struct kit_status *kit_status(struct world *world, unsigned index, struct kit_status *status)
{
    struct sim_node *node = &world->nodes[index];
    struct status_record record = {.sources = status->sources};

    must(node->program);
    computer_advance(&node->computer, world->now);
    struct clock_reading now = computer_reading(&node->computer);
    node->machine->status(node->program, &now, &record,
                          sizeof status->sources / sizeof *status->sources);
    status->node = record.node;
    status->count = (unsigned)record.count;
    return status;
}

const struct source_status *kit_source_at(const struct world *world,
                                          const struct kit_status *status, unsigned host)
{
    for (unsigned i = 0; i < status->count; i++) {
        if (address_equal(&status->sources[i].address, &world->hosts[host].address)) {
            return &status->sources[i];
        }
    }
    return NULL;
}
