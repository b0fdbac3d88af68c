/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clientlog.h - who asked for time: a table of fixed size in the caller's memory.
 *
 * A client is an IPv4 address, an IPv6 /64 (an address more costs nothing in a /64), or a
 * link-local address, of which a whole network shares one /64.  The hash is keyed, and each client
 * may lie in one of two buckets, the emptier when it came, so that nobody can choose whom to meet
 * there and the table fills nearly to its end.
 *
 * Who asked several times over some seconds and was answered is *established*: newcomers never
 * push it out unless it has been silent for long against its own habit.  All others are on
 * probation; of them the one silent longest goes.  So a flood of invented addresses displaces
 * itself, and when even that finds no room, the newcomer is served but not remembered.
 *
 * The memory holds no pointers: another process can map and read it (client_log_adopt()).
 */
#ifndef CORE_SERVER_CLIENTLOG_H
#define CORE_SERVER_CLIENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "crypto/siphash.h"
#include "wire/clients.h"
#include "wire/drop.h"
#include "wire/line.h"

/* 40 octets, and a mark of 4: what a client costs. */
struct client_slot {
    uint8_t name[8]; /* IPv4 and zeros, or the first half of IPv6, or the second (link_local) */
    struct steady_time last;
    float interval_s;           /* mean of the latest; 0: only one request so far */
    float debt_s;               /* of the rate limit (limit.h), when `last` was */
    uint32_t requests, answers; /* stop at their end */
    uint32_t first_s;           /* CLOCK_MONOTONIC */
    uint8_t family;             /* enum address_family */
    uint8_t version;            /* of the last request */
    uint8_t last_drop;          /* enum drop_reason */
    uint8_t link_local;
};

/* Of each slot, so that a bucket is searched within one line of the processor's cache. */
struct client_mark {
    uint16_t tag;  /* of the hash; 0: free */
    uint16_t seen; /* 15 bits: the last request in units of 2^33 ns; CLIENT_ESTABLISHED */
};

/* At the start of the memory. */
struct client_head {
    uint64_t known;      /* slots in use */
    uint64_t forgotten;  /* clients pushed out by others */
    uint64_t untracked;  /* requests of clients for which there was no room */
    uint64_t padding[5]; /* to a line of the processor's cache */
};

struct client_log {
    struct client_head *head; /* all three in the caller's memory; NULL: nothing is remembered */
    struct client_mark *marks;
    struct client_slot *slots;
    size_t buckets;
    struct siphash_key key;
};

enum { CLIENT_LOG_WAYS = 8 };

/*
 * Keeps `memory`, zeroed and aligned to 64 octets, and uses as many whole buckets as fit; none when
 * there is no room for one.  The key must be random.
 */
void client_log_init(struct client_log *log, void *memory, size_t size,
                     const struct siphash_key *key);
/*
 * Look at the memory of another process's log of that size, only to list it.  Nothing in it is
 * trusted: whatever it holds, listing stays within `size`.
 */
void client_log_adopt(struct client_log *log, const void *memory, size_t size);

/* A client's entry for as long as one request takes. */
struct client_visit {
    struct client_slot *slot; /* NULL: not remembered */
    bool established;
    bool fresh;     /* not known before: the head's counts have changed */
    uint32_t check; /* of the client's hash */
};

/* A request came: the client's entry, made if there is room. */
struct client_visit client_log_visit(struct client_log *log, const struct address *from,
                                     struct steady_time at);
/* ... and what became of it; `reason` is DROP_NONE when it was answered. */
void client_log_count(struct client_log *log, const struct client_visit *visit, uint8_t version,
                      enum drop_reason reason);

/* Begin to count anew; who is known, and what limits him, stays. */
void client_log_forget_counts(struct client_log *log);

/* What the server does to a client, in ntpd's bits. */
enum client_restraint { CLIENT_NOT_SERVED = 0x2, CLIENT_LIMITED = 0x20 };
uint16_t client_restraint(const struct client_status *client);

/* Which clients, in the order of their last requests; of one instant by address. */
struct client_wish {
    struct {
        struct utc_time last;
        struct address address;
    } after;                               /* only those behind this one */
    struct utc_time not_before, not_after; /* last requests */
    double least_requests, least_dropped;
    double least_per_s;
    uint16_t any_restraint, all_restraint; /* one of these bits, all of those; 0: whoever */
};

/*
 * Puts the clients that are wished for in among those that page->clients has already, and keeps the
 * first `most` of all; page->known counts those that were met.  So the tables of several threads
 * make one list.
 */
void client_log_page(const struct client_log *log, const struct time_line *line,
                     const struct client_wish *wish, struct clients_record *page, size_t most);
/* One client; false: he is not known. */
bool client_log_find(const struct client_log *log, const struct address *address,
                     const struct time_line *line, struct client_status *client);

/*
 * Copy up to record->count clients into record->clients; afterwards count says how many, known how
 * many there are.  Times by `line`.
 */
void client_log_list(const struct client_log *log, const struct time_line *line,
                     struct clients_record *record);

#endif
