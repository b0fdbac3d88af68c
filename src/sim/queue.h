/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - what will happen, in the order of true time; what is due at the same instant happens in
 * the order in which it was put in.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/true_time.h"

struct queue_entry {
    struct true_time when;
    uint64_t order; /* number of the queue_put() */
    uint32_t what;  /* the caller's */
};

/* A binary heap in the caller's array. */
struct queue {
    struct queue_entry *entries;
    size_t count, capacity;
    uint64_t puts;
};

void queue_init(struct queue *queue, struct queue_entry *entries, size_t capacity);
/* False when it is full. */
bool queue_put(struct queue *queue, struct true_time when, uint32_t what);
/* The next entry; false when there is none. */
bool queue_take(struct queue *queue, struct queue_entry *entry);
/* When the next entry is due; TRUE_TIME_NEVER when there is none. */
struct true_time queue_next(const struct queue *queue);

#endif
