/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/dns.h"

#include <string.h>

#include "base/must.h"

void dns_init(struct dns *dns, struct dns_name *names, size_t capacity, struct prng prng)
{
    *dns = (struct dns){.names = names, .capacity = capacity, .prng = prng, .latency_s = 0.02};
}

static struct dns_name *find(const struct dns *dns, const char *name)
{
    for (size_t i = 0; i < dns->count; i++) {
        if (strcmp(dns->names[i].name, name) == 0) {
            return &dns->names[i];
        }
    }
    return NULL;
}

struct dns_record *dns_add(struct dns *dns, const char *name, struct true_time from)
{
    struct dns_name *entry = find(dns, name);

    if (!entry) {
        must(dns->count < dns->capacity && strlen(name) < NAME_SIZE);
        entry = &dns->names[dns->count++];
        *entry = (struct dns_name){0};
        memcpy(entry->name, name, strlen(name) + 1);
    }
    must(entry->count < DNS_RECORDS_MAX);
    must(entry->count == 0 || entry->records[entry->count - 1].from.ns <= from.ns);
    entry->records[entry->count] = (struct dns_record){.from = from, .ttl_s = 300};
    return &entry->records[entry->count++];
}

double dns_latency_s(struct dns *dns)
{
    return dns->latency_s * prng_exponential(&dns->prng);
}

static const struct dns_record *present(const struct dns_name *entry, struct true_time now)
{
    const struct dns_record *record = NULL;

    for (unsigned i = 0; entry && i < entry->count; i++) {
        if (entry->records[i].from.ns <= now.ns) {
            record = &entry->records[i];
        }
    }
    return record;
}

static void shuffle(struct dns *dns, struct event_resolved *resolved)
{
    for (unsigned i = resolved->count; i > 1; i--) {
        unsigned other = prng_below(&dns->prng, i);
        struct address swapped = resolved->addresses[i - 1];
        resolved->addresses[i - 1] = resolved->addresses[other];
        resolved->addresses[other] = swapped;
    }
}

void dns_resolve(struct dns *dns, const char *name, uint8_t family, struct true_time now,
                 struct event_resolved *resolved)
{
    const struct dns_record *record = present(find(dns, name), now);

    dns->queries++;
    resolved->count = 0;
    resolved->ttl_s = record ? record->ttl_s : 0;
    resolved->result = record ? record->result : RESOLVE_NO_NAME;
    if (resolved->result != RESOLVE_OK) {
        return;
    }
    for (unsigned i = 0; i < record->count; i++) {
        if (family == ADDRESS_NONE || record->addresses[i].family == family) {
            resolved->found[resolved->count] = (struct found){.how = FOUND_DNS};
            resolved->addresses[resolved->count++] = record->addresses[i];
        }
    }
    if (resolved->count == 0) {
        resolved->result = RESOLVE_NO_DATA;
    }
    shuffle(dns, resolved);
}
