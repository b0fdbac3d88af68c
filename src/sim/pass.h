/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pass.h - one pass of a daemon's loop on a simulated computer: read the clocks, hand the event to
 * the program, carry out its actions in order, go back to sleep.
 */
#ifndef SIM_PASS_H
#define SIM_PASS_H

#include "sim/world_state.h"

/* The node's options as they are now, in memory that stays as it is until they are read again. */
const struct node_options *pass_parse(struct world *world, unsigned node);
/* Start the program (again): its memory is new, what it saved is kept. */
void pass_start(struct world *world, unsigned node);
/* It ends; its sockets close. */
void pass_stop(struct world *world, unsigned node);
/* Deliver an event to the program, if it runs; event->random is filled in here. */
void pass_event(struct world *world, unsigned node, struct event *event);
/* poll() has timed out: deliver a timer event if it is due, or sleep on. */
void pass_wake(struct world *world, unsigned node);

#endif
