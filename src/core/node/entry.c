/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/entry.h"

#include <string.h>

#include "base/must.h"

static const int64_t never_ns = INT64_MAX;

enum {
    ANSWER_WITHIN_S = 60,
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

struct mono_time entry_deadline(const struct entry *entry)
{
    if (entry->query != 0) {
        return after_s(entry->query_sent, ANSWER_WITHIN_S);
    }
    return entry->resolve_at;
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
    schedule_retry(entry, now, RETRY_MOST_S);
    return true;
}

bool entry_has(const struct entry *entry, const struct address *address)
{
    for (unsigned i = 0; i < entry->address_count; i++) {
        if (address_equal(&entry->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

/* Copies the answer's addresses, with our port, each once. */
static void take_addresses(struct entry *entry, const struct event_resolved *answer)
{
    entry->address_count = 0;
    entry->next_address = 0;
    for (unsigned i = 0; i < answer->count && i < RESOLVED_MAX; i++) {
        struct address address = answer->addresses[i];

        address.port = entry->options.literal.port;
        if (!entry_has(entry, &address)) {
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

bool entry_resolved(struct entry *entry, const struct event_resolved *answer, struct mono_time now)
{
    struct entry before = *entry;
    bool changed;
    int64_t ttl_s = answer->ttl_s;

    entry->query = 0;
    if (answer->result == RESOLVE_OK && answer->count > 0) {
        entry->resolve = RESOLVE_STATE_DONE;
        entry->failures = 0;
        entry->resolved_at = now;
        ttl_s = ttl_s < TTL_LEAST_S ? TTL_LEAST_S : ttl_s > TTL_MOST_S ? TTL_MOST_S : ttl_s;
        entry->resolve_at = after_s(now, ttl_s);
        take_addresses(entry, answer);
        changed = !same_set(entry, &before);
        if (changed && entry->ever_resolved) {
            entry->address_changes++;
        }
        entry->ever_resolved = true;
        return changed;
    }
    if (answer->result == RESOLVE_NO_NAME || answer->result == RESOLVE_NO_DATA) {
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
    return entry->options.kind == options->kind &&
           entry->options.literal.port == options->literal.port &&
           entry->options.family == options->family && entry->options.nts == options->nts &&
           entry->options.nts_port == options->nts_port &&
           entry->options.cert_set == options->cert_set &&
           strncmp(entry->options.name, options->name, NAME_SIZE) == 0;
}
