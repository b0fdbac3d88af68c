/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/clientlog.h"

#include <string.h>

enum {
    SEEN_SHIFT = 33, /* 8.6 s */
    SEEN_MASK = 0x7fff,
    ESTABLISHED = 0x8000,
    /* Established is whose third request was answered at least 8 s after the first. */
    ESTABLISHED_ANSWERS = 3,
    ESTABLISHED_S = 8,
    /* ... until it was silent for 8 of its intervals, and for 17 minutes at least. */
    SILENT_INTERVALS = 8,
    SILENT_UNITS_MIN = 120,
};

/* Share of the newest interval in the mean. */
static const float interval_share = 0.125F;
static const float unit_s = 8.589934592F;

static size_t buckets_in(size_t size)
{
    size_t bucket = CLIENT_LOG_WAYS * (sizeof(struct client_slot) + sizeof(struct client_mark));
    size_t buckets =
        size > sizeof(struct client_head) ? (size - sizeof(struct client_head)) / bucket : 0;

    return buckets < UINT32_MAX ? buckets : UINT32_MAX;
}

static void place(struct client_log *log, void *memory, size_t size)
{
    uint8_t *at = memory;

    *log = (struct client_log){.buckets = buckets_in(size)};
    if (log->buckets > 0) {
        log->head = (struct client_head *)memory;
        at += sizeof *log->head;
        log->slots = (struct client_slot *)(void *)at;
        at += log->buckets * CLIENT_LOG_WAYS * sizeof *log->slots;
        log->marks = (struct client_mark *)(void *)at;
    }
}

void client_log_init(struct client_log *log, void *memory, size_t size,
                     const struct siphash_key *key)
{
    place(log, memory, size);
    log->key = *key;
}

void client_log_adopt(struct client_log *log, const void *memory, size_t size)
{
    union {
        const void *given;
        void *kept; /* only read */
    } pointer = {memory};

    place(log, pointer.kept, size);
}

static uint16_t units_of(struct steady_time at)
{
    return (uint16_t)((uint64_t)at.ns >> SEEN_SHIFT & SEEN_MASK);
}

static uint16_t units_since(uint16_t seen, uint16_t now)
{
    return (uint16_t)((now - seen) & SEEN_MASK);
}

/* Where a client may lie, and how its marks look. */
struct sought {
    uint8_t name[8];
    uint8_t family, link_local;
    uint16_t tag;
    size_t buckets[2]; /* first slot of each */
};

static bool is_link_local(const struct address *address)
{
    return address->family == ADDRESS_IPV6 && address->bytes[0] == 0xfe &&
           (address->bytes[1] & 0xc0) == 0x80;
}

static uint64_t seek(const struct client_log *log, const struct address *from,
                     struct sought *sought)
{
    size_t size = from->family == ADDRESS_IPV4 ? 4 : sizeof sought->name;
    bool link_local = is_link_local(from);
    const uint8_t *name = from->bytes + (link_local ? 8 : 0);
    uint64_t hash = siphash(&log->key, name, size); /* the length tells the families apart */
    uint64_t second = (hash << 32 | hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);

    *sought = (struct sought){
        .family = from->family, .link_local = link_local, .tag = (uint16_t)(hash & 0xffff)};
    sought->tag = sought->tag != 0 ? sought->tag : 1;
    memcpy(sought->name, name, size);
    sought->buckets[0] = (size_t)((hash >> 32) * log->buckets >> 32) * CLIENT_LOG_WAYS;
    sought->buckets[1] = (size_t)((second >> 32) * log->buckets >> 32) * CLIENT_LOG_WAYS;
    /* Half of the clients lie in the second one; waiting for both at once costs nothing more. */
    __builtin_prefetch(&log->marks[sought->buckets[1]]);
    return hash;
}

static bool is_sought(const struct client_slot *slot, const struct sought *sought)
{
    return slot->family == sought->family && slot->link_local == sought->link_local &&
           memcmp(slot->name, sought->name, sizeof slot->name) == 0;
}

/* The client's slot, or -1. */
static ptrdiff_t find(const struct client_log *log, const struct sought *sought)
{
    for (unsigned side = 0; side < 2; side++) {
        size_t first = sought->buckets[side];

        for (size_t i = first; i < first + CLIENT_LOG_WAYS; i++) {
            if (log->marks[i].tag == sought->tag && is_sought(&log->slots[i], sought)) {
                return (ptrdiff_t)i;
            }
        }
    }
    return -1;
}

/* Is an established client so long overdue that it will not come back? */
static bool is_gone(const struct client_slot *slot, uint16_t silent)
{
    return silent > SILENT_UNITS_MIN &&
           (float)silent * unit_s > SILENT_INTERVALS * slot->interval_s;
}

/* A free slot in the emptier bucket, or -1. */
static ptrdiff_t free_slot(const struct client_log *log, const struct sought *sought)
{
    ptrdiff_t place = -1;
    unsigned most = 0;

    for (unsigned side = 0; side < 2; side++) {
        size_t first = sought->buckets[side];
        unsigned unused = 0;
        ptrdiff_t last = -1;

        for (size_t i = first; i < first + CLIENT_LOG_WAYS; i++) {
            if (log->marks[i].tag == 0) {
                unused++;
                last = (ptrdiff_t)i;
            }
        }
        if (unused > most) {
            most = unused;
            place = last;
        }
    }
    return place;
}

/* Whose place a newcomer takes: on probation the one silent longest, else one that is gone; -1. */
static ptrdiff_t victim(const struct client_log *log, const struct sought *sought, uint16_t now)
{
    ptrdiff_t place = -1;
    uint16_t longest = 0;
    bool on_probation = false;

    for (unsigned n = 0; n < 2 * CLIENT_LOG_WAYS; n++) {
        size_t i = sought->buckets[n / CLIENT_LOG_WAYS] + n % CLIENT_LOG_WAYS;
        uint16_t silent = units_since(log->marks[i].seen & SEEN_MASK, now);
        bool established = (log->marks[i].seen & ESTABLISHED) != 0;

        if (established && (on_probation || !is_gone(&log->slots[i], silent))) {
            continue;
        }
        if (place < 0 || (!established && !on_probation) || silent > longest) {
            place = (ptrdiff_t)i;
            longest = silent;
            on_probation = !established;
        }
    }
    return place;
}

static ptrdiff_t make_room(struct client_log *log, const struct sought *sought, uint16_t now)
{
    ptrdiff_t place = free_slot(log, sought);

    if (place >= 0) {
        log->head->known++;
        return place;
    }
    place = victim(log, sought, now);
    log->head->forgotten += place >= 0;
    log->head->untracked += place < 0;
    return place;
}

static void meet_again(struct client_slot *slot, struct steady_time at)
{
    /* Workers do not share clients, but stamps of two sockets may be out of order. */
    float elapsed_s = at.ns > slot->last.ns ? (float)(at.ns - slot->last.ns) * 1e-9F : 0;

    slot->interval_s = slot->interval_s > 0
                           ? slot->interval_s + interval_share * (elapsed_s - slot->interval_s)
                           : elapsed_s;
    slot->debt_s = slot->debt_s > elapsed_s ? slot->debt_s - elapsed_s : 0;
    slot->last = at;
}

struct client_visit client_log_visit(struct client_log *log, const struct address *from,
                                     struct steady_time at)
{
    struct sought sought;
    struct client_visit visit = {.slot = NULL};

    if (log->buckets == 0 || from->family == ADDRESS_NONE) {
        return visit;
    }
    visit.check = (uint32_t)(seek(log, from, &sought) >> 16);
    uint16_t now = units_of(at);
    ptrdiff_t index = find(log, &sought);
    if (index >= 0) {
        visit.slot = &log->slots[index];
        visit.established = (log->marks[index].seen & ESTABLISHED) != 0;
        log->marks[index].seen = (uint16_t)(visit.established ? ESTABLISHED | now : now);
        meet_again(visit.slot, at);
        return visit;
    }
    visit.fresh = true;
    index = make_room(log, &sought, now);
    if (index >= 0) {
        visit.slot = &log->slots[index];
        log->marks[index] = (struct client_mark){.tag = sought.tag, .seen = now};
        *visit.slot = (struct client_slot){.last = at,
                                           .first_s = (uint32_t)(at.ns / NS_PER_S),
                                           .family = sought.family,
                                           .link_local = sought.link_local};
        memcpy(visit.slot->name, sought.name, sizeof sought.name);
    }
    return visit;
}

void client_log_count(struct client_log *log, const struct client_visit *visit, uint8_t version,
                      enum drop_reason reason)
{
    struct client_slot *slot = visit->slot;

    if (slot == NULL) {
        return;
    }
    slot->version = version;
    slot->requests += slot->requests < UINT32_MAX;
    if (reason != DROP_NONE) {
        slot->last_drop = (uint8_t)reason;
        return;
    }
    slot->answers += slot->answers < UINT32_MAX;
    if (!visit->established && slot->answers >= ESTABLISHED_ANSWERS &&
        (uint32_t)(slot->last.ns / NS_PER_S) - slot->first_s >= ESTABLISHED_S) {
        log->marks[slot - log->slots].seen |= ESTABLISHED;
    }
}

void client_log_forget_counts(struct client_log *log)
{
    for (size_t i = 0; i < log->buckets * CLIENT_LOG_WAYS; i++) {
        log->slots[i].requests = log->slots[i].answers = 0;
    }
}

/* What another process has written may be anything. */
static bool is_sound(const struct client_slot *slot)
{
    return (slot->family == ADDRESS_IPV4 || slot->family == ADDRESS_IPV6) && slot->last.ns >= 0 &&
           slot->last.ns < INT64_MAX / 2;
}

static void name_back(const struct client_slot *slot, uint8_t bytes[static 16])
{
    if (slot->family == ADDRESS_IPV6 && slot->link_local != 0) {
        bytes[0] = 0xfe;
        bytes[1] = 0x80;
        memcpy(bytes + 8, slot->name, 8);
    } else {
        memcpy(bytes, slot->name, slot->family == ADDRESS_IPV4 ? 4 : 8);
    }
}

static void describe(const struct client_slot *slot, const struct time_line *line,
                     struct client_status *client)
{
    *client = (struct client_status){
        .address = {.family = slot->family},
        .requests = slot->requests,
        .answers = slot->answers,
        .dropped = slot->requests > slot->answers ? slot->requests - slot->answers : 0,
        .last_drop = slot->last_drop < DROP_COUNT ? slot->last_drop : (uint8_t)DROP_NONE,
        .version = slot->version,
        .first = line_utc(line, (struct steady_time){slot->first_s * NS_PER_S}),
        .last = line_utc(line, slot->last),
        .interval_s = slot->interval_s > 0 ? (double)slot->interval_s : 0,
    };
    name_back(slot, client->address.bytes);
}

void client_log_list(const struct client_log *log, const struct time_line *line,
                     struct clients_record *record)
{
    size_t count = 0;

    for (size_t i = 0; i < log->buckets * CLIENT_LOG_WAYS && count < record->count; i++) {
        /* A copy: the memory may be another process's, who is just writing. */
        const struct client_slot slot = log->slots[i];

        if (log->marks[i].tag == 0 || !is_sound(&slot)) {
            continue;
        }
        describe(&slot, line, &record->clients[count++]);
    }
    record->count = count;
    record->known = log->head != NULL ? log->head->known : 0;
}

uint16_t client_restraint(const struct client_status *client)
{
    if (client->dropped == 0) {
        return 0;
    }
    return client->last_drop == DROP_RATE_LIMIT ? CLIENT_LIMITED
           : client->last_drop == DROP_ACCESS   ? CLIENT_NOT_SERVED
                                                : 0;
}

/* Is `a` at `last` behind `b` at its own? */
static bool is_behind(struct utc_time a_last, const struct address *a, struct utc_time b_last,
                      const struct address *b)
{
    if (a_last.ns != b_last.ns) {
        return a_last.ns > b_last.ns;
    }
    if (a->family != b->family) {
        return a->family > b->family;
    }
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) > 0;
}

static bool is_wished(const struct client_wish *wish, const struct client_status *client)
{
    uint16_t restraint = client_restraint(client);
    double per_s = client->interval_s > 0 ? 1 / client->interval_s : 0;

    return client->last.ns >= wish->not_before.ns && client->last.ns <= wish->not_after.ns &&
           (double)client->requests >= wish->least_requests &&
           (double)client->dropped >= wish->least_dropped && per_s >= wish->least_per_s &&
           (wish->any_restraint == 0 || (restraint & wish->any_restraint) != 0) &&
           (restraint & wish->all_restraint) == wish->all_restraint &&
           is_behind(client->last, &client->address, wish->after.last, &wish->after.address);
}

/* In its place among those that are there; the last one falls out when there are too many. */
static void insert(struct clients_record *page, size_t most, const struct client_status *client)
{
    size_t at = page->count;

    while (at > 0 && is_behind(page->clients[at - 1].last, &page->clients[at - 1].address,
                               client->last, &client->address)) {
        at--;
    }
    if (at == most) {
        return;
    }
    page->count += page->count < most;
    memmove(&page->clients[at + 1], &page->clients[at],
            (page->count - 1 - at) * sizeof page->clients[0]);
    page->clients[at] = *client;
}

void client_log_page(const struct client_log *log, const struct time_line *line,
                     const struct client_wish *wish, struct clients_record *page, size_t most)
{
    for (size_t i = 0; i < log->buckets * CLIENT_LOG_WAYS; i++) {
        const struct client_slot slot = log->slots[i];
        struct client_status client;

        if (log->marks[i].tag == 0 || !is_sound(&slot)) {
            continue;
        }
        describe(&slot, line, &client);
        if (is_wished(wish, &client)) {
            page->known++;
            insert(page, most, &client);
        }
    }
}

bool client_log_find(const struct client_log *log, const struct address *address,
                     const struct time_line *line, struct client_status *client)
{
    struct sought sought;
    ptrdiff_t index;

    if (log->buckets == 0 || address->family == ADDRESS_NONE) {
        return false;
    }
    (void)seek(log, address, &sought);
    index = find(log, &sought);
    if (index < 0 || !is_sound(&log->slots[index])) {
        return false;
    }
    describe(&log->slots[index], line, client);
    return true;
}
