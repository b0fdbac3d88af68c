/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/queue.h"

void queue_init(struct queue *queue, struct queue_entry *entries, size_t capacity)
{
    *queue = (struct queue){.entries = entries, .capacity = capacity};
}

static bool before(const struct queue_entry *a, const struct queue_entry *b)
{
    return a->when.ns < b->when.ns || (a->when.ns == b->when.ns && a->order < b->order);
}

bool queue_put(struct queue *queue, struct true_time when, uint32_t what)
{
    if (queue->count == queue->capacity) {
        return false;
    }
    struct queue_entry entry = {.when = when, .order = queue->puts++, .what = what};
    size_t at = queue->count++;
    while (at > 0 && before(&entry, &queue->entries[(at - 1) / 2])) {
        queue->entries[at] = queue->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->entries[at] = entry;
    return true;
}

bool queue_take(struct queue *queue, struct queue_entry *entry)
{
    if (queue->count == 0) {
        return false;
    }
    *entry = queue->entries[0];
    struct queue_entry last = queue->entries[--queue->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count) {
            break;
        }
        if (child + 1 < queue->count &&
            before(&queue->entries[child + 1], &queue->entries[child])) {
            child++;
        }
        if (!before(&queue->entries[child], &last)) {
            break;
        }
        queue->entries[at] = queue->entries[child];
        at = child;
    }
    queue->entries[at] = last;
    return true;
}

struct true_time queue_next(const struct queue *queue)
{
    return queue->count > 0 ? queue->entries[0].when : TRUE_TIME_NEVER;
}
