/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/world_state.h"

#include "base/must.h"

struct happening *world_post(struct world *world, unsigned node, struct true_time when)
{
    uint32_t what = world->free_happening;

    if (what == UINT32_MAX || !queue_put(&world->queue, when, what)) {
        check_report(&world->nodes[node].check,
                     &(struct violation){INVARIANT_OVERFLOW, world->now, (double)world->queue.count,
                                         world->limits.events});
        return NULL;
    }
    struct happening *happening = &world->happenings[what];
    world->free_happening = happening->next_free;
    happening->node = (uint16_t)node;
    return happening;
}

struct happening *world_happening(struct world *world, uint32_t what)
{
    must(what < world->limits.events);
    return &world->happenings[what];
}

void world_forget(struct world *world, uint32_t what)
{
    world->happenings[what].next_free = world->free_happening;
    world->free_happening = what;
}

struct link *world_link(struct world *world, unsigned node, unsigned host)
{
    must(node < world->node_count && host < world->host_count);
    unsigned index = node * world->limits.hosts + host;
    struct link *link = &world->links[index];

    if (!link->known) {
        link->known = true;
        route_init(&link->there, &world->hosts[host].path,
                   prng_stream(world->seed, PRNG_PATH_THERE, index));
        route_init(&link->back, &world->hosts[host].path,
                   prng_stream(world->seed, PRNG_PATH_BACK, index));
    }
    return link;
}

unsigned world_find_host(const struct world *world, const struct address *address)
{
    for (unsigned i = 0; i < world->host_count; i++) {
        if (address_equal(&world->hosts[i].address, address)) {
            return i;
        }
    }
    return HOST_NONE;
}

void world_digest(struct world *world, uint64_t value)
{
    world->digest = (world->digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    world->digest ^= world->digest >> 32;
}

struct check_instant world_instant(struct world *world, struct sim_node *node)
{
    return (struct check_instant){
        .when = node->computer.now,
        .utc = &world->utc,
        .mono = computer_mono(&node->computer),
    };
}
