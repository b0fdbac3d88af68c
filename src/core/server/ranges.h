/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.h - what holds for a number, by ranges: found in a few lines of the processor's cache.
 *
 * The starts of the ranges lie sorted in blocks of eight, above them the first of each block, and
 * so on to a single block: a static tree without pointers.  100,000 ranges are six blocks deep,
 * where a binary search would look at 17 places.
 */
#ifndef CORE_SERVER_RANGES_H
#define CORE_SERVER_RANGES_H

#include <stddef.h>
#include <stdint.h>

enum { RANGES_LEVELS = 11 }; /* 8^11 ranges: more than memory holds */

struct ranges {
    uint64_t *keys[RANGES_LEVELS]; /* [0]: the start of each range; the caller's memory */
    uint32_t *values;              /* of each range */
    size_t counts[RANGES_LEVELS];
    size_t capacity;
    unsigned levels; /* 0: not finished */
};

/* Octets of memory, aligned to 64, for so many ranges. */
size_t ranges_size(size_t capacity);

/* Keeps `memory`.  One range from 0 on holds `value`. */
void ranges_init(struct ranges *ranges, void *memory, size_t capacity, uint32_t value);
/* From `key` on, not smaller than any before, `value` holds.  At most `capacity` in all. */
void ranges_append(struct ranges *ranges, uint64_t key, uint32_t value);
/* All were appended: makes the tree. */
void ranges_finish(struct ranges *ranges);

uint32_t ranges_find(const struct ranges *ranges, uint64_t key);

#endif
