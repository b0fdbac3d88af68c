/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.h - the named worlds: what happens in each, and how well a node must do in it.
 *
 * Beside its own limits every scenario is held to the invariants of sim/check.h.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/world.h"

/* What each node of the scenario has to keep; 0: not demanded. */
struct scenario_limits {
    double lock_s;      /* from the start to the first synchronised publication */
    double clock_rms_s; /* of the disciplined clock, in the judged period */
    double clock_max_s;
    double line_rms_s; /* of published time, likewise */
    double line_max_s;
    double bound_mean_s; /* of the bound published */
    double synchronised; /* least share of the judged period, 0..1 */
    double packets;      /* requests sent at most */
    double steps;        /* by the node, at most; negative: none */
};

struct scenario {
    const char *name;
    const char *sentence;
    void (*build)(struct world *world);
    /* A further demand: NULL when it is met, else a sentence that says what is wrong. */
    const char *(*judge)(struct world *world);
    struct world_limits room;
    double duration_s;
    double judged_from_s; /* 0: the second half */
    double sample_s;      /* 0: one second */
    int leap;             /* +1, -1: at the end of the 2027-06-30, half a day after the start */
    size_t note_size;
    struct scenario_limits limits;
    unsigned seeds; /* tried by the test command; 0: the usual number */
    bool by_hand;   /* not tried by it: too long */
};

struct scenario_table {
    const struct scenario *rows;
    size_t count;
};

/* One table a file, scenarios_*.c. */
extern const struct scenario_table scenarios_paths;
extern const struct scenario_table scenarios_servers;
extern const struct scenario_table scenarios_sources;
extern const struct scenario_table scenarios_machine;
extern const struct scenario_table scenarios_names;
extern const struct scenario_table scenarios_leap;
extern const struct scenario_table scenarios_fleet;
extern const struct scenario_table scenarios_operator;
extern const struct scenario_table scenarios_nts;
extern const struct scenario_table scenarios_hostile;

#endif
