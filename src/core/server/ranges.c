/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/ranges.h"

#include "base/must.h"

enum { BLOCK = 8, ALIGNMENT = 64 };

/* Whole blocks for so many keys. */
static size_t padded(size_t count)
{
    return (count + BLOCK - 1) / BLOCK * BLOCK;
}

size_t ranges_size(size_t capacity)
{
    size_t keys = 0, count = capacity;

    do {
        keys += padded(count);
        count = padded(count) / BLOCK;
    } while (count > 1);
    return keys * sizeof(uint64_t) +
           (capacity * sizeof(uint32_t) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void ranges_init(struct ranges *ranges, void *memory, size_t capacity, uint32_t value)
{
    must(capacity > 0);
    *ranges = (struct ranges){.keys = {memory}, .counts = {1}, .capacity = capacity};
    ranges->values = (uint32_t *)(void *)(ranges->keys[0] + padded(capacity));
    ranges->keys[0][0] = 0;
    ranges->values[0] = value;
}

void ranges_append(struct ranges *ranges, uint64_t key, uint32_t value)
{
    size_t count = ranges->counts[0];

    if (ranges->keys[0][count - 1] == key) {
        ranges->values[count - 1] = value;
        if (count > 1 && ranges->values[count - 2] == value) {
            ranges->counts[0]--;
        }
        return;
    }
    must(key > ranges->keys[0][count - 1]);
    if (ranges->values[count - 1] == value) {
        return;
    }
    must(count < ranges->capacity);
    ranges->keys[0][count] = key;
    ranges->values[count] = value;
    ranges->counts[0]++;
}

void ranges_finish(struct ranges *ranges)
{
    size_t octets = (ranges->capacity * sizeof(uint32_t) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint64_t *next = ranges->keys[0] + padded(ranges->capacity) + octets / sizeof(uint64_t);
    unsigned level = 0;

    for (;;) {
        size_t count = ranges->counts[level];

        for (size_t i = count; i < padded(count); i++) {
            ranges->keys[level][i] = UINT64_MAX;
        }
        if (count <= BLOCK) {
            break;
        }
        must(level + 1 < RANGES_LEVELS);
        ranges->keys[level + 1] = next;
        ranges->counts[level + 1] = padded(count) / BLOCK;
        for (size_t i = 0; i < ranges->counts[level + 1]; i++) {
            next[i] = ranges->keys[level][i * BLOCK];
        }
        next += padded(ranges->counts[level + 1]);
        level++;
    }
    ranges->levels = level + 1;
}

uint32_t ranges_find(const struct ranges *ranges, uint64_t key)
{
    size_t at = 0;

    for (unsigned level = ranges->levels; level-- > 0;) {
        const uint64_t *block = ranges->keys[level] + at * BLOCK;
        size_t below = 0;

        /* The first is never larger, or the search had not come here. */
        for (unsigned i = 1; i < BLOCK; i++) {
            below += block[i] <= key;
        }
        at = at * BLOCK + below;
        /* The padding is the largest number, which may be asked for. */
        at = at < ranges->counts[level] ? at : ranges->counts[level] - 1;
    }
    return ranges->values[at];
}
