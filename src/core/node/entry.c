/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/entry.h"

#include <string.h>

#include "base/must.h"

static const int64_t never_ns = INT64_MAX;

enum {
    ANSWER_WITHIN_S = 60,
    SAVED_AFTER_S = 3, /* without an answer, what is known from an earlier run is tried */
    CHANGE_LEAST_S = 1,
    UNVALIDATED_MOST_S = 64,
    RETRY_FIRST_S = 2,
    RETRY_MOST_S = 64,
    RETRY_NO_NAME_MOST_S = 30,
    TTL_LEAST_S = 60,
    TTL_MOST_S = 86400,
    REFRESH_LEAST_S = 60,
};

static struct mono_time after_s(struct mono_time now, int64_t s)
{
    return (struct mono_time){now.ns + s * NS_PER_S};
}

void entry_init(struct entry *entry, const struct source_options *options, struct mono_time now,
                double spread_s)
{
    memset(entry, 0, sizeof *entry);
    entry->used = true;
    entry->options = *options;
    if (options->literal.family != ADDRESS_NONE) {
        entry->resolve = RESOLVE_STATE_LITERAL;
        entry->resolve_at.ns = never_ns;
        entry->addresses[0] = options->literal;
        entry->found[0] = (struct found){.how = FOUND_CONFIG};
        entry->address_count = 1;
        return;
    }
    entry->resolve = RESOLVE_STATE_WAITING;
    entry->resolve_at = mono_add(now, duration_from_s(spread_s));
}

bool entry_due(const struct entry *entry, struct mono_time now)
{
    return entry->used && entry->query == 0 && now.ns >= entry->resolve_at.ns;
}

void entry_asked(struct entry *entry, uint32_t query, struct mono_time now)
{
    must(query != 0);
    entry->query = query;
    entry->query_sent = now;
}

/* There are saved addresses, and nothing better. */
static bool may_use_saved(const struct entry *entry)
{
    return entry->saved != NULL && !entry->ever_resolved && entry->saved_at.ns == 0;
}

bool entry_wants_saved(const struct entry *entry, struct mono_time now)
{
    if (!may_use_saved(entry)) {
        return false;
    }
    return entry->query != 0 ? now.ns >= after_s(entry->query_sent, SAVED_AFTER_S).ns
                             : entry->resolve == RESOLVE_STATE_FAILED;
}

void entry_use_saved(struct entry *entry)
{
    const struct saved_name *saved = entry->saved;

    must(saved != NULL);
    entry->saved_at = saved->when;
    entry->next_address = 0;
    entry->address_count = saved->count;
    memcpy(entry->addresses, saved->addresses, sizeof entry->addresses);
    memcpy(entry->found, saved->found, sizeof entry->found);
}

void entry_changed(struct entry *entry, struct mono_time now)
{
    struct mono_time least = after_s(entry->resolved_at, CHANGE_LEAST_S);

    if (entry->query == 0 && entry->resolve != RESOLVE_STATE_LITERAL) {
        entry->resolve_at =
            mono_min(entry->resolve_at, now.ns > least.ns || !entry->ever_resolved ? now : least);
    }
}

struct found entry_found(const struct entry *entry, const struct address *address)
{
    for (unsigned i = 0; i < entry->address_count; i++) {
        if (address_equal(&entry->addresses[i], address) &&
            entry->addresses[i].port == address->port) {
            return entry->found[i];
        }
    }
    return (struct found){.how = FOUND_CONFIG, .priority = UINT16_MAX, .spare = 1};
}

unsigned entry_wanted(const struct entry *entry)
{
    unsigned first = 0;
    uint32_t least = UINT32_MAX;

    if (entry->options.kind == SOURCE_SERVER) {
        return 1;
    }
    for (unsigned i = 0; i < entry->address_count; i++) {
        uint32_t rank = found_rank(&entry->found[i]);

        least = rank < least ? rank : least;
    }
    for (unsigned i = 0; i < entry->address_count; i++) {
        first += found_rank(&entry->found[i]) == least;
    }
    return first < entry->options.max_sources ? first : entry->options.max_sources;
}

struct mono_time entry_deadline(const struct entry *entry)
{
    if (entry->query == 0) {
        return entry->resolve_at;
    }
    return after_s(entry->query_sent, may_use_saved(entry) ? SAVED_AFTER_S : ANSWER_WITHIN_S);
}

static void schedule_retry(struct entry *entry, struct mono_time now, int64_t most_s)
{
    unsigned doublings = entry->failures < 6 ? entry->failures : 6;
    int64_t wait_s = (int64_t)RETRY_FIRST_S << doublings;

    entry->failures++;
    entry->resolve_at = after_s(now, wait_s < most_s ? wait_s : most_s);
}

bool entry_time_out(struct entry *entry, struct mono_time now)
{
    if (entry->query == 0 || now.ns < after_s(entry->query_sent, ANSWER_WITHIN_S).ns) {
        return false;
    }
    entry->query = 0;
    entry->resolve = RESOLVE_STATE_FAILED;
    entry->last_result = RESOLVE_FAILED;
    schedule_retry(entry, now, RETRY_MOST_S);
    return true;
}

bool entry_has(const struct entry *entry, const struct address *address)
{
    for (unsigned i = 0; i < entry->address_count; i++) {
        if (address_equal(&entry->addresses[i], address) &&
            entry->addresses[i].port == address->port) {
            return true;
        }
    }
    return false;
}

/* Copies the answer's addresses that a host can have, with our port, each once. */
static void take_addresses(struct entry *entry, const struct event_resolved *answer)
{
    entry->address_count = 0;
    entry->next_address = 0;
    for (unsigned i = 0; i < answer->count && i < RESOLVED_MAX; i++) {
        struct address address = answer->addresses[i];

        address.port = address.port != 0 ? address.port : entry->options.literal.port;
        if (address_is_host(&address) && !entry_has(entry, &address)) {
            entry->found[entry->address_count] = answer->found[i];
            entry->addresses[entry->address_count++] = address;
        }
    }
}

static bool same_set(const struct entry *entry, const struct entry *before)
{
    if (entry->address_count != before->address_count) {
        return false;
    }
    for (unsigned i = 0; i < before->address_count; i++) {
        if (!entry_has(entry, &before->addresses[i])) {
            return false;
        }
    }
    return true;
}

static bool take_new(struct entry *entry, const struct event_resolved *answer, struct mono_time now)
{
    struct entry before = *entry;
    int64_t least_s = answer->unvalidated ? UNVALIDATED_MOST_S : TTL_LEAST_S;
    int64_t most_s = answer->unvalidated ? UNVALIDATED_MOST_S : TTL_MOST_S;
    int64_t ttl_s = answer->ttl_s;

    take_addresses(entry, answer);
    if (entry->address_count == 0) {
        *entry = before;
        return false;
    }
    entry->resolve = RESOLVE_STATE_DONE;
    entry->failures = 0;
    entry->resolved_at = now;
    entry->resolve_at = after_s(now, ttl_s < least_s ? least_s : ttl_s > most_s ? most_s : ttl_s);
    entry->unvalidated = answer->unvalidated;
    entry->saved_at.ns = 0;
    entry->saved = NULL;
    if (entry->ever_resolved && !same_set(entry, &before)) {
        entry->address_changes++;
    }
    entry->ever_resolved = true;
    return true;
}

bool entry_resolved(struct entry *entry, const struct event_resolved *answer, struct mono_time now)
{
    struct entry before = *entry;
    bool good = answer->result == RESOLVE_OK && take_new(entry, answer, now);

    entry->query = 0;
    entry->answered = before.query;
    entry->last_result =
        (uint8_t)(answer->result == RESOLVE_OK && !good ? RESOLVE_NO_DATA : answer->result);
    if (good) {
        return !same_set(entry, &before);
    }
    if (entry->last_result == RESOLVE_NO_NAME || entry->last_result == RESOLVE_NO_DATA) {
        entry->resolve = RESOLVE_STATE_NO_NAME;
        schedule_retry(entry, now, RETRY_NO_NAME_MOST_S);
    } else {
        entry->resolve = RESOLVE_STATE_FAILED;
        schedule_retry(entry, now, RETRY_MOST_S);
    }
    return false;
}

void entry_refresh(struct entry *entry, struct mono_time now)
{
    struct mono_time soon = now;

    if (entry->resolve == RESOLVE_STATE_LITERAL || entry->query != 0) {
        return;
    }
    if (entry->ever_resolved && soon.ns < after_s(entry->resolved_at, REFRESH_LEAST_S).ns) {
        soon = after_s(entry->resolved_at, REFRESH_LEAST_S);
    }
    entry->resolve_at = mono_min(entry->resolve_at, soon);
}

void entry_refresh_now(struct entry *entry, struct mono_time now)
{
    if (entry->resolve != RESOLVE_STATE_LITERAL && entry->query == 0) {
        entry->failures = 0;
        entry->resolve_at = now;
    }
}

bool entry_same_line(const struct entry *entry, const struct source_options *options)
{
    return entry->options.kind == options->kind && entry->options.method == options->method &&
           entry->options.literal.port == options->literal.port &&
           entry->options.family == options->family && entry->options.nts == options->nts &&
           entry->options.nts_port == options->nts_port &&
           entry->options.cert_set == options->cert_set &&
           strncmp(entry->options.name, options->name, NAME_SIZE) == 0;
}
