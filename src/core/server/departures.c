/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/departures.h"

enum {
    UNIT_SHIFT = 33, /* 8.6 s */
    UNIT_LOG2_S = 3, /* nearly */
    POLL_MAX = 12,
    LIFE_LOG2 = 2, /* in intervals of the client */
    LIFE_UNITS_MIN = 8,
};

static uint16_t units_of(struct steady_time at)
{
    return (uint16_t)((uint64_t)at.ns >> UNIT_SHIFT);
}

void departures_init(struct departures *table, struct departure *entries, size_t count,
                     uint64_t key)
{
    size_t buckets = count / DEPARTURE_WAYS;

    *table = (struct departures){
        .entries = entries,
        .buckets = buckets < UINT32_MAX / DEPARTURE_WAYS ? buckets : UINT32_MAX / DEPARTURE_WAYS,
        .key = key | 1, /* odd: the multiplication is a permutation */
    };
}

/*
 * The stamps are ours, so that a multiplication with a secret number spreads them well enough;
 * nobody chooses nanoseconds of arrival.
 */
static struct departure *bucket_of(const struct departures *table, uint64_t receive)
{
    uint64_t mixed = (receive ^ receive >> 32) * table->key;

    return &table->entries[((mixed >> 32) * table->buckets >> 32) * DEPARTURE_WAYS];
}

struct departure *departures_find(const struct departures *table, struct ntp_ts receive,
                                  uint8_t client)
{
    if (table->buckets == 0) {
        return NULL;
    }
    struct departure *bucket = bucket_of(table, receive.raw);
    for (unsigned i = 0; i < DEPARTURE_WAYS; i++) {
        if (bucket[i].receive == receive.raw && bucket[i].class != DEPARTURE_FREE &&
            bucket[i].client == client) {
            return &bucket[i];
        }
    }
    return NULL;
}

/* An answer that got lost leaves an entry that nobody will name: it must not stay for long. */
static uint16_t life_units(int8_t poll_log2)
{
    int poll = poll_log2 < POLL_MAX ? poll_log2 : POLL_MAX;
    int shift = poll + LIFE_LOG2 - UNIT_LOG2_S;
    int units = shift > 0 ? 1 << shift : 1;

    return (uint16_t)(units > LIFE_UNITS_MIN ? units : LIFE_UNITS_MIN);
}

/* What is left of an entry's time; negative: its client is overdue. */
static int16_t left_of(const struct departure *entry, uint16_t now)
{
    return (int16_t)(uint16_t)(entry->until - now);
}

/*
 * The entry to give up: one whose client is overdue, else of the lowest class the one that will be
 * so first; NULL: all belong to living chains.
 */
static struct departure *victim_in(struct departure *bucket, uint16_t now)
{
    struct departure *victim = bucket;

    for (unsigned i = 0; i < DEPARTURE_WAYS; i++) {
        struct departure *entry = &bucket[i];

        if (entry->class == DEPARTURE_FREE || left_of(entry, now) < 0) {
            return entry;
        }
        if (entry->class < victim->class ||
            (entry->class == victim->class && left_of(entry, now) < left_of(victim, now))) {
            victim = entry;
        }
    }
    return victim->class < DEPARTURE_PROVEN ? victim : NULL;
}

uint64_t departures_store(struct departures *table, const struct departure *wanted,
                          struct steady_time now, int8_t poll_log2)
{
    uint16_t units = units_of(now);
    struct departure *entry =
        table->buckets > 0 ? victim_in(bucket_of(table, wanted->receive), units) : NULL;

    if (entry == NULL) {
        table->refused++;
        return 0;
    }
    *entry = *wanted;
    entry->until = (uint16_t)(units + life_units(poll_log2));
    return (uint64_t)(entry - table->entries + 1) << 32 | (uint32_t)wanted->receive;
}

void departures_sent(struct departures *table, uint64_t handle, struct ntp_ts transmit)
{
    uint64_t number = handle >> 32;

    if (number == 0 || number > table->buckets * DEPARTURE_WAYS) {
        return;
    }
    struct departure *entry = &table->entries[number - 1];
    uint64_t after = transmit.raw - entry->receive;
    if ((uint32_t)entry->receive == (uint32_t)handle && after > 0 && after <= UINT32_MAX) {
        entry->after = (uint32_t)after;
    }
}
