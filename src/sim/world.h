/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - a deterministic world of whole nodes, servers, networks and clocks: built by a
 * scenario, run from one seed, checked at every step.
 *
 * The same seed and the same building give the same run, to the bit.  All memory is the caller's.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/world_state.h"

struct world_setup {
    struct world_limits limits;
    const struct machine *machine;
    uint64_t seed;
    struct utc_scale utc;
    double duration_s;
    double judged_from_s; /* figures count from here */
    double sample_s;      /* between two looks at the clocks; 0: one second */
    size_t note_size;     /* memory for the scenario's own state */
};

/* Octets that world_init() needs. */
size_t world_size(const struct world_setup *setup);
/* An empty world in the caller's memory. */
struct world *world_init(void *memory, const struct world_setup *setup);

/* A machine that will run a node. */
struct node_plan {
    struct computer_options computer;
    struct node_options options; /* its sources are added with world_add_source() */
    struct address address;      /* ADDRESS_NONE: it does not serve */
    double start_s;              /* when the program starts */
    struct node_saved saved;     /* its drift file */
};
/* Returns the node's index. */
unsigned world_add_node(struct world *world, const struct node_plan *plan);
/* One more configuration line of the node, all zero; the caller fills it. */
struct source_options *world_add_source(struct world *world, unsigned node);
/* Returns the host's index; `path` holds for links that nobody describes otherwise. */
unsigned world_add_server(struct world *world, const struct address *address,
                          const struct server_options *options, const struct route_options *path);
/* The script runs at that time. */
void world_at(struct world *world, double s, world_script *script, int argument);

/* Let the next thing happen; false when the world has come to its end. */
bool world_step(struct world *world);
void world_run(struct world *world);

/* Misfortunes of a node's machine, now. */
void world_pause(struct world *world, unsigned node, double s, double excused_s);
void world_suspend(struct world *world, unsigned node, double s, double excused_s);
/* Another program steps the machine's CLOCK_REALTIME. */
void world_disturb(struct world *world, unsigned node, double step_s);
/* Another program sets the kernel's adjustments; what it does not set stays. */
void world_meddle(struct world *world, unsigned node, struct kernel_adjust adjust);
/* The program ends and starts again `s` later, with what it saved. */
void world_restart(struct world *world, unsigned node, double s);
/* Somebody gives the node an order. */
void world_command(struct world *world, unsigned node, enum control_command command,
                   const char *argument);
/* The node's options may have been changed: it reads them again. */
void world_reconfigure(struct world *world, unsigned node);
/* An interface or a route of its machine comes or goes. */
void world_network_changed(struct world *world, unsigned node);
/* Both directions between a node and a host. */
void world_set_down(struct world *world, unsigned node, unsigned host, bool down);

/* Where the node's disciplined clock is, and its published time, now: minus UTC, s. */
double world_clock_error_s(struct world *world, unsigned node);
double world_line_error_s(struct world *world, unsigned node);

#endif
