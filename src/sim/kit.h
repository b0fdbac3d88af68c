/* SPDX-License-Identifier: BSD-2-Clause */
/* kit.h - the parts from which most scenarios are built. */
#ifndef SIM_KIT_H
#define SIM_KIT_H

#include "sim/world.h"

/* Paths as they are met: within a rack, in a city, across a country, over a busy radio link. */
struct route_options kit_path_rack(void);
struct route_options kit_path_lan(void);
struct route_options kit_path_metro(void);
struct route_options kit_path_wan(void);
struct route_options kit_path_heavy(void);

/* The options of a default installation: makestep 0.1 3. */
struct node_options kit_options(void);
/* A node that starts at once, its clock 10 ms and about 10 ppm off; the seed varies both. */
struct node_plan kit_plan(struct world *world);
/* kit_plan() and world_add_node(). */
unsigned kit_node(struct world *world);

struct address kit_address(const char *text);
/* An honest server at 10.0.0.N, 198.51.100.N for public ones. */
unsigned kit_server(struct world *world, unsigned n, const struct route_options *path);
unsigned kit_public_server(struct world *world, unsigned n, const struct route_options *path);
/* Options of the server at that host, to be changed. */
struct server_options *kit_options_of(struct world *world, unsigned host);

/* `server ADDRESS iburst` for the host. */
struct source_options *kit_follow(struct world *world, unsigned node, unsigned host);
/* `server NAME iburst` or `pool NAME iburst`. */
struct source_options *kit_follow_name(struct world *world, unsigned node, const char *name,
                                       enum source_kind kind);
/* One node that follows `count` honest servers at 10.0.0.1 ..; returns its index, 0. */
unsigned kit_simple(struct world *world, unsigned count, const struct route_options *path);

/* The host becomes an NTS server whose certificate is valid from .. until, s of the world. */
void kit_certificate(struct world *world, unsigned host, double from_s, double until_s);
/* `server ADDRESS iburst nts` for the host. */
struct source_options *kit_follow_nts(struct world *world, unsigned node, unsigned host);

/* A DNS record of hosts `first` .. `first + count - 1`. */
void kit_name(struct world *world, const char *name, double from_s, unsigned first, unsigned count);

/* What the node says of itself and of its sources, now. */
struct kit_status {
    struct node_status node;
    struct source_status sources[8];
    unsigned count;
};
const struct kit_status *kit_status(struct world *world, unsigned node, struct kit_status *status);
/* The source with the host's address; NULL when the node has none. */
const struct source_status *kit_source_at(const struct world *world,
                                          const struct kit_status *status, unsigned host);

#endif
