/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clientlog.h - who asked for time: a table of fixed size in the caller's memory.
 *
 * A client is an IPv4 address or an IPv6 /64: an address more costs nothing in a /64.  The hash is
 * keyed, so that nobody can choose whom to push out; when a bucket is full, the client in it that
 * was silent longest is forgotten.  No pointers within, so that the memory can be shared.
 */
#ifndef CORE_SERVER_CLIENTLOG_H
#define CORE_SERVER_CLIENTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "crypto/siphash.h"
#include "wire/clients.h"
#include "wire/drop.h"
#include "wire/line.h"

struct client_slot {
    uint8_t address[8]; /* IPv4, or the first half of IPv6 */
    uint8_t family;     /* enum address_family; NONE: free */
    uint8_t version;    /* of the last request */
    uint8_t last_drop;  /* enum drop_reason */
    float interval_s;   /* mean of the latest; 0: only one request so far */
    uint64_t requests, answers;
    struct steady_time first, last;
};

struct client_log {
    struct client_slot *slots;
    size_t buckets; /* a power of two */
    struct siphash_key key;
    uint64_t known;     /* slots in use */
    uint64_t forgotten; /* clients pushed out by others */
};

enum { CLIENT_LOG_WAYS = 8 };

/*
 * Keeps `slots`, zeroed; uses a power of two times CLIENT_LOG_WAYS of them, none when there are
 * fewer than that: then nothing is remembered.  The key must be random.
 */
void client_log_init(struct client_log *log, struct client_slot *slots, size_t count,
                     const struct siphash_key *key);

/* A request came; `reason` is DROP_NONE when it was answered. */
void client_log_count(struct client_log *log, const struct address *from, struct steady_time at,
                      uint8_t version, enum drop_reason reason);

/*
 * Copy up to record->count clients into record->clients; afterwards count says how many, known how
 * many there are.  Times by `line`.
 */
void client_log_list(const struct client_log *log, const struct time_line *line,
                     struct clients_record *record);

#endif
