/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply.h - a request from a stranger to the octets that answer it, or to the reason why not.
 *
 * Never more octets than came, never an answer to an answer.  Nothing here can set a clock.
 * Thread-safe: reads a snapshot, writes the caller's own tables only.
 */
#ifndef CORE_SERVER_REPLY_H
#define CORE_SERVER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "core/server/access.h"
#include "core/server/auth.h"
#include "core/server/clientlog.h"
#include "core/server/departures.h"
#include "core/server/limit.h"
#include "wire/drop.h"
#include "wire/line.h"
#include "wire/ntp_packet.h"
#include "wire/status.h"

/* What the server reads: a snapshot, borrowed during the call. */
struct server_view {
    const struct time_line *line;
    const struct access_tree *access;
    struct auth_secrets secrets;
    const struct limits *limits; /* NULL: none */
    bool serving;                /* false: every request is dropped as DROP_NOT_SERVING */
    bool fresh; /* a server that has just begun: who has waited for it longer is answered, too */
};

/* What the server writes: one worker's own. */
struct server_tables {
    struct server_status counters; /* `serving` is not touched */
    struct client_log clients;
    struct departures departures;
    struct limit_state limits;
    struct auth_tables auth; /* auth_tables_init() has been called where NTS is served */
};

/*
 * Keeps `memory`, zeroed and aligned to 64: all that is ever remembered of clients, in `size`
 * octets (`clientloglimit`; 0: nothing is).  The key is random.
 */
void server_tables_init(struct server_tables *own, void *memory, size_t size,
                        const struct siphash_key *key);
/* How much memory the operator gives to all workers together. */
size_t server_memory(const struct node_options *options);
/* The client log at its start: so many octets for client_log_adopt(). */
size_t server_clients_size(size_t size);

/* What the worker knows of a request. */
enum request_flag {
    REQUEST_TRUNCATED = 1, /* it was longer than the worker's buffer */
    REQUEST_TELLABLE = 2,  /* the worker can learn when the answer left, if it is asked to */
};

struct request {
    const uint8_t *bytes; /* borrowed; may be the reply's buffer */
    size_t size;
    struct address from;         /* with port */
    struct address to;           /* which of our addresses was asked; NONE: unknown */
    struct steady_time received; /* its stamp, moved to CLOCK_MONOTONIC */
    struct steady_time now;
    struct steady_time leaves; /* when an answer will leave, as it was seen lately; >= now */
    uint8_t flags;             /* enum request_flag */
};

struct reply {
    uint8_t *bytes;  /* the caller's buffer of NTP_PACKET_MAX octets */
    size_t size;     /* to be sent, never more than came; 0: nothing */
    uint64_t handle; /* not 0: have the kernel stamp the departure, for server_sent() */
};

/* The disciplined clock and CLOCK_MONOTONIC, read together. */
struct clock_pair {
    struct utc_time real;
    struct steady_time mono;
};

/*
 * A kernel stamp of an arrival or a departure, taken in the disciplined clock, on CLOCK_MONOTONIC.
 * `pair` is read once for a batch, after its last stamp.  False when the clock was stepped since
 * the line was published: the stamps are worth nothing, and the batch is to be dropped
 * (DROP_AMBIGUOUS_STAMP).
 */
bool server_received(const struct time_line *line, const struct clock_pair *pair,
                     struct utc_time stamp, struct steady_time *received);

/*
 * Answer one request; reply->size octets are to be sent to request->from at once, also when the
 * reason is not DROP_NONE (a refusal that is told).
 *
 * Mode 3 is answered by mode 4, mode 1 by mode 2 (who believes to be our peer gets time, but is not
 * followed), an NTPv1 request without a mode by mode 4; anything else is none of ours.  Versions 1
 * to 4 are answered in kind, and authenticated as they are.  Without valid time the answer says so
 * (leap 3, stratum 0).  Clients of interleaved mode get it (RFC 9769) from their third request on.
 */
enum drop_reason server_reply(const struct server_view *view, struct server_tables *own,
                              const struct request *request, struct reply *reply);

/*
 * The answer with reply->handle left at `at`, as server_received() has moved its stamp.  To be
 * called in any order, or never: then the prediction stands.
 */
void server_sent(const struct server_view *view, struct server_tables *own, uint64_t handle,
                 struct steady_time at);

#endif
