/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/clientlog.h"

#include <string.h>

/* Share of the newest interval in the mean. */
static const float interval_share = 0.125F;

void client_log_init(struct client_log *log, struct client_slot *slots, size_t count,
                     const struct siphash_key *key)
{
    *log = (struct client_log){.slots = slots, .key = *key};
    for (size_t buckets = 1; buckets * CLIENT_LOG_WAYS <= count; buckets *= 2) {
        log->buckets = buckets;
    }
}

static struct client_slot *bucket_of(struct client_log *log, const struct client_slot *who)
{
    uint8_t name[9];

    memcpy(name, who->address, sizeof who->address);
    name[8] = who->family;
    return &log->slots[(siphash(&log->key, name, sizeof name) & (log->buckets - 1)) *
                       CLIENT_LOG_WAYS];
}

/* The client's slot, or the one it may have: a free one, else the one silent longest. */
static struct client_slot *slot_for(struct client_log *log, const struct client_slot *who)
{
    struct client_slot *bucket = bucket_of(log, who);
    struct client_slot *victim = bucket;

    for (unsigned i = 0; i < CLIENT_LOG_WAYS; i++) {
        struct client_slot *slot = &bucket[i];

        if (slot->family == who->family &&
            memcmp(slot->address, who->address, sizeof who->address) == 0) {
            return slot;
        }
        if (victim->family != ADDRESS_NONE &&
            (slot->family == ADDRESS_NONE || slot->last.ns < victim->last.ns)) {
            victim = slot;
        }
    }
    return victim;
}

void client_log_count(struct client_log *log, const struct address *from, struct steady_time at,
                      uint8_t version, enum drop_reason reason)
{
    struct client_slot who = {.family = from->family, .first = at, .last = at};

    if (log->buckets == 0 || from->family == ADDRESS_NONE) {
        return;
    }
    memcpy(who.address, from->bytes, from->family == ADDRESS_IPV4 ? 4 : sizeof who.address);
    struct client_slot *slot = slot_for(log, &who);
    if (slot->family != who.family || memcmp(slot->address, who.address, sizeof who.address) != 0) {
        log->known += slot->family == ADDRESS_NONE;
        log->forgotten += slot->family != ADDRESS_NONE;
        *slot = who;
    } else {
        float interval_s = (float)(at.ns - slot->last.ns) * 1e-9F;

        slot->interval_s = slot->interval_s > 0
                               ? slot->interval_s + interval_share * (interval_s - slot->interval_s)
                               : interval_s;
    }
    slot->last = at;
    slot->version = version;
    slot->requests++;
    if (reason == DROP_NONE) {
        slot->answers++;
    } else {
        slot->last_drop = (uint8_t)reason;
    }
}

void client_log_list(const struct client_log *log, const struct time_line *line,
                     struct clients_record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < log->buckets * CLIENT_LOG_WAYS && count < record->count; i++) {
        const struct client_slot *slot = &log->slots[i];

        if (slot->family == ADDRESS_NONE) {
            continue;
        }
        struct client_status *client = &record->clients[count++];
        *client = (struct client_status){
            .address = {.family = slot->family},
            .requests = slot->requests,
            .answers = slot->answers,
            .dropped = slot->requests - slot->answers,
            .last_drop = slot->last_drop,
            .version = slot->version,
            .first = line_utc(line, slot->first),
            .last = line_utc(line, slot->last),
            .interval_s = (double)slot->interval_s,
        };
        memcpy(client->address.bytes, slot->address, sizeof slot->address);
    }
    record->count = count;
    record->known = log->known;
}
