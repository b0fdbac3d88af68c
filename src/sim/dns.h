/* SPDX-License-Identifier: BSD-2-Clause */
/* dns.h - a resolver whose answers change with time. */
#ifndef SIM_DNS_H
#define SIM_DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/node/event.h"
#include "sim/prng.h"
#include "sim/true_time.h"

enum { DNS_RECORDS_MAX = 8 };

/* What a name answers from `from` on, until the next record of the name. */
struct dns_record {
    struct true_time from;
    enum resolve_result result;
    uint32_t ttl_s;
    uint8_t count;
    struct address addresses[RESOLVED_MAX];
};

struct dns_name {
    char name[NAME_SIZE];
    unsigned count;
    struct dns_record records[DNS_RECORDS_MAX];
};

struct dns {
    struct dns_name *names; /* the caller's */
    size_t count, capacity;
    struct prng prng;
    double latency_s; /* mean time to an answer */
    uint64_t queries;
};

void dns_init(struct dns *dns, struct dns_name *names, size_t capacity, struct prng prng);
/* Space for the name's next record, in the order of time; the caller fills it. */
struct dns_record *dns_add(struct dns *dns, const char *name, struct true_time from);
/* How long a query of now takes, s. */
double dns_latency_s(struct dns *dns);
/*
 * The answer at `now`, addresses in an order of chance (as round-robin servers do); a name without
 * a record does not exist.  `family`: ADDRESS_NONE for both.
 */
void dns_resolve(struct dns *dns, const char *name, uint8_t family, struct true_time now,
                 struct event_resolved *resolved);

#endif
