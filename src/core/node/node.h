/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h - a whole time node as one machine: an event goes in, actions come out.
 *
 * Pure: no system call, no heap, no clock, no randomness, no text.  The daemon and the simulator
 * drive the same code.  The owner delivers CLOCK_ADJUSTED for a STEER or STEP before it carries out
 * the next action of the same batch or delivers anything else.
 */
#ifndef CORE_NODE_NODE_H
#define CORE_NODE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock/manual.h"
#include "core/clock/reading.h"
#include "core/clock/saved.h"
#include "core/node/action.h"
#include "core/node/event.h"
#include "core/node/names.h"
#include "core/node/options.h"
#include "wire/line.h"
#include "wire/status.h"

struct node;

struct node_setup {
    const struct node_options *options; /* borrowed until the next EVENT_CONFIG */
    struct node_saved saved;
    /* It can't be earlier: the last time that was trusted, or when the program was built. */
    struct utc_time not_before;
    struct clock_reading now;
    enum clock_backend backend;
    bool may_adjust;         /* the backend can be steered and stepped */
    double max_rate_s_per_s; /* the backend's limit on |rate| */
    struct freq rate;        /* of the disciplined clock against raw, as read back at start */
    double precision_s;      /* of reading the clock */
    uint64_t random;         /* for decisions that nobody needs to be unable to guess */
    size_t capacity;         /* sources at most */
    const struct saved_name *names; /* of an earlier run; borrowed as long as the node lives */
    size_t name_count;
};

/* Memory that a node of that capacity needs; the caller gives it, zeroed, to node_init(). */
size_t node_size(size_t capacity);
struct node *node_init(void *memory, const struct node_setup *setup);

/* Take one event; append to *out what the owner has to do.  Never blocks. */
void node_step(struct node *node, const struct clock_reading *now, const struct event *event,
               struct actions *out);
/* The instant by which an EVENT_TIMER must be delivered. */
struct mono_time node_deadline(const struct node *node);

/* After ACTION_PUBLISH: the published line, and the record (the caller's sources array). */
void node_line(const struct node *node, const struct clock_reading *now, struct time_line *line);
void node_status(const struct node *node, const struct clock_reading *now,
                 struct status_record *record, size_t capacity);
/* Times that were typed in (ORDER_SETTIME). */
void node_manual(const struct node *node, const struct clock_reading *now,
                 struct manual_report *report);
/* After ACTION_SAVE. */
struct node_saved node_saved(const struct node *node);
/*
 * Keys of NTS that are worth keeping: of the first association from `from` on that has some.
 * Returns its number, and in *keys a borrowed pointer; the node's capacity when there is none.
 */
size_t node_saved_keys(const struct node *node, size_t from, const struct keys_answer **keys);
/*
 * Addresses of names that are worth keeping: of the first line from `from` on that has some.
 * Returns its number, the node's capacity when there is none.
 */
size_t node_saved_name(const struct node *node, size_t from, struct saved_name *name);
/* Counts changes of what node_saved_name() gives. */
uint32_t node_names_version(const struct node *node);
/* Name and address of an association, for log lines; false when it is not in use. */
bool node_source_name(const struct node *node, uint16_t association, char name[NAME_SIZE],
                      struct address *address);

#endif
