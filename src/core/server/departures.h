/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * departures.h - when earlier answers really left: what interleaved mode (RFC 9769) gives its
 * clients.
 *
 * A table of fixed size in the caller's memory, found by the receive timestamp that the answer
 * carried, as the client's next request names it in its origin field.  Many clients behind one
 * address do not disturb each other.  A chain of requests that has named one of our stamps before
 * is not pushed out by those that never did: who can name them receives our answers.  Who finds no
 * room is answered in basic mode.  No pointers within the memory.
 */
#ifndef CORE_SERVER_DEPARTURES_H
#define CORE_SERVER_DEPARTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

struct departure {
    uint64_t receive; /* as the answer carried it, NTP format */
    uint32_t after;   /* when the answer left: that many 2^-32 s later */
    uint16_t until;   /* when the client is overdue, in units of 2^33 ns; wraps */
    uint8_t client;   /* octet of the client's hash */
    uint8_t class;    /* enum departure_class */
};

enum departure_class {
    DEPARTURE_FREE,
    DEPARTURE_SPENT,  /* has been given out; asked for again only when that answer was lost */
    DEPARTURE_TRIED,  /* the client has asked for interleaved mode */
    DEPARTURE_PROVEN, /* ... and has named a stamp of ours */
};

struct departures {
    struct departure *entries; /* borrowed */
    size_t buckets;            /* of DEPARTURE_WAYS entries */
    uint64_t key;
    uint64_t refused; /* answers for which there was no room */
};

enum { DEPARTURE_WAYS = 8 };

/*
 * Keeps `entries`, zeroed; uses the whole buckets of them, none when there are fewer than
 * DEPARTURE_WAYS: then everybody is answered in basic mode.  `key` is random.
 */
void departures_init(struct departures *table, struct departure *entries, size_t count,
                     uint64_t key);

/* The answer with this receive timestamp to that client; NULL: not known (any more). */
struct departure *departures_find(const struct departures *table, struct ntp_ts receive,
                                  uint8_t client);

/*
 * Remember an answer: receive, after (as predicted), client and class of `wanted`, for four
 * intervals of a client that asks once in 2^poll_log2 s, as it says, 4.5 hours at most.  Returns a
 * handle for departures_sent(), 0 when there is no room.
 */
uint64_t departures_store(struct departures *table, const struct departure *wanted,
                          struct steady_time now, int8_t poll_log2);

/* The answer of this handle left at `transmit`.  An answer forgotten meanwhile is none. */
void departures_sent(struct departures *table, uint64_t handle, struct ntp_ts transmit);

#endif
