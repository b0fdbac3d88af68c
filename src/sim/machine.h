/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - the program that runs on a simulated computer: whole nodes, or, in tests of the world
 * itself, something simpler.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stddef.h>

#include "core/node/node.h"

/* Each function is the one of its name in core/node/node.h. */
struct machine {
    size_t (*size)(size_t capacity);
    void *(*init)(void *memory, const struct node_setup *setup);
    void (*step)(void *program, const struct clock_reading *now, const struct event *event,
                 struct actions *out);
    struct mono_time (*deadline)(const void *program);
    void (*line)(const void *program, const struct clock_reading *now, struct time_line *line);
    void (*status)(const void *program, const struct clock_reading *now,
                   struct status_record *record, size_t capacity);
    struct node_saved (*saved)(const void *program);
};

/* noon's own node. */
extern const struct machine machine_node;

#endif
