/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply.h - a request from a stranger to the 48 octets that answer it, or to the reason why not.
 *
 * Never more octets than came, never an answer to an answer.  Nothing here can set a clock or keep
 * a secret.  Thread-safe: reads a snapshot, writes the caller's own tables only.
 */
#ifndef CORE_SERVER_REPLY_H
#define CORE_SERVER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "core/server/access.h"
#include "core/server/clientlog.h"
#include "wire/drop.h"
#include "wire/line.h"
#include "wire/ntp_packet.h"
#include "wire/status.h"

/* What the server reads; borrowed during the call. */
struct server_view {
    const struct time_line *line;
    const struct access_tree *access;
    bool serving;            /* false: every request is dropped as DROP_NOT_SERVING */
    struct duration latency; /* from `now` until an answer leaves, as it was seen lately */
};

/* What the server writes. */
struct server_tables {
    struct server_status counters; /* `serving` is not touched */
    struct client_log clients;
};

struct request {
    const uint8_t *bytes; /* borrowed */
    size_t size;
    struct address from;         /* with port */
    struct steady_time received; /* its stamp, moved to CLOCK_MONOTONIC */
    struct steady_time now;
};

struct reply {
    uint8_t bytes[NTP_HEADER_SIZE];
};

/* The disciplined clock and CLOCK_MONOTONIC, read together. */
struct clock_pair {
    struct utc_time real;
    struct steady_time mono;
};

/*
 * A kernel stamp, taken in the disciplined clock, on CLOCK_MONOTONIC.  `pair` is read once for a
 * batch, after its last stamp.  False when the clock was stepped since the line was published: the
 * stamps are worth nothing, and the batch is to be dropped (DROP_AMBIGUOUS_STAMP).
 */
bool server_received(const struct time_line *line, const struct clock_pair *pair,
                     struct utc_time stamp, struct steady_time *received);

/*
 * Answer one request; *reply is filled when DROP_NONE is returned, and is to be sent to
 * request->from at once.
 *
 * Mode 3 is answered by mode 4, mode 1 by mode 2 (who believes to be our peer gets time, but is not
 * followed), an NTPv1 request without a mode by mode 4; anything else is none of ours.  Versions 1
 * to 4 are answered in kind.  Without valid time the answer says so (leap 3, stratum 0).
 */
enum drop_reason server_reply(const struct server_view *view, struct server_tables *own,
                              const struct request *request, struct reply *reply);

#endif
