/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange.h - requests to one server, and which of its replies are believed and measured.
 *
 * A request reveals nothing of this machine's clock: the transmit timestamp is 64 random bits, all
 * other fields but version and mode are zero (draft-ietf-ntp-data-minimization; the poll field too,
 * since a server has no use for it).  The random bits are all that an off-path attacker has to
 * guess, so they must be unpredictable and are used once.
 *
 * With interleaved mode (RFC 9769) a request also carries the server's last receive timestamp in
 * `origin` and a second random number in `receive`.  A reply that echoes the second number tells
 * when the *previous* reply really left; it measures the previous exchange.  A reply that echoes
 * the first number is an ordinary one: the fall-back needs no decision here.
 *
 * A reply whose transmit stamp of the kernel is still due is held for up to EXCHANGE_HOLD_NS.
 */
#ifndef CORE_CLIENT_EXCHANGE_H
#define CORE_CLIENT_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "core/estimate/sample.h"
#include "core/node/options.h"
#include "wire/drop.h"
#include "wire/ntp_mac.h"
#include "wire/ntp_packet.h"

enum {
    EXCHANGE_REQUEST_MAX = NTP_PACKET_MAX,
    EXCHANGE_PENDING = 4, /* requests whose replies are still accepted */
    EXCHANGE_HOLD_NS = 50000000,
};

/* When a datagram passed, on the free-running timescale. */
struct local_stamp {
    struct mono_time at; /* when not known: about when it was read */
    double error_s;      /* of reading and converting, one sigma */
    uint8_t stamp_class; /* enum stamp_class */
    bool known;          /* false: the stamp could not be converted (a step lay in between) */
};

/* A reply that passed the tests, with when it came. */
struct held_reply {
    struct ntp_packet packet;
    struct local_stamp received;
};

struct pending_request {
    struct ntp_ts transmit; /* echoed by an ordinary reply; 0: free, or answered */
    struct ntp_ts receive;  /* echoed by an interleaved reply; 0: was not asked for */
    struct local_stamp sent;
    struct mono_time asked; /* when the request was made */
    struct held_reply held;
    struct mono_time hold_until;
    uint32_t sequence;
    bool holding;
    bool interleaved; /* of the held reply */
    bool spoiled;     /* the clock was stepped meanwhile */
    bool presend;     /* its reply is not measured */
};

/* Of all round trips, about that one which the share of maxdelayquant is shorter than. */
struct delay_quantile {
    double at_s, spread_s; /* the quantile; mean distance of the others to it */
    unsigned count;        /* of those that made it */
};

/* What the last complete exchange left for an interleaved reply to finish. */
struct last_exchange {
    struct local_stamp sent;
    struct held_reply reply;
    uint32_t sequence; /* its transmit stamp may still become better */
    bool complete;     /* there is one */
    bool measured;     /* it has given a sample already */
};

struct exchange {
    struct pending_request pending[EXCHANGE_PENDING];
    struct last_exchange last;
    uint32_t sequence;   /* of the newest request; counts from 1 */
    uint8_t late_stamps; /* replies in a row held in vain */
    bool kernel_stamps;  /* transmit stamps better than our own have been seen */
    struct delay_quantile quantile;
    uint8_t deviations; /* replies in a row that failed the test of maxdelaydevratio */
};

/* How to ask. */
struct exchange_request {
    uint8_t version;    /* 1 to 4 */
    bool interleaved;   /* offer interleaved mode */
    bool presend;       /* only opens the path */
    uint64_t random[2]; /* unpredictable, never used before */
};

/* What replies are judged by.  Everything is borrowed during the call. */
struct exchange_limits {
    struct utc_time utc; /* about now; not before the program's build: it resolves the NTP era */
    int64_t base_ns;     /* frame: UTC = raw + base + offset */
    const struct estimate *estimate; /* of this source; NULL: none yet */
    const uint32_t *own_refids;      /* by which others name this machine */
    size_t own_refid_count;
    double max_distance_s;                /* root distance; 0: only the RFC's 16 s */
    const struct source_options *options; /* the delay tests, offset, minstratum, key */
    const struct mac_key *key;            /* of the source; NULL: none */
};

enum exchange_outcome {
    EXCHANGE_DROPPED,  /* `reason` says why */
    EXCHANGE_SAMPLE,   /* `sample` is filled */
    EXCHANGE_HELD,     /* believed; waits for its transmit stamp */
    EXCHANGE_ANSWERED, /* believed, but there is nothing (new) to measure */
};

struct exchange_result {
    enum exchange_outcome outcome;
    enum drop_reason reason;
    bool matched;             /* it answers a request of ours, whatever it says */
    bool presend;             /* it answers a request that only opened the path */
    bool interleaved;         /* the sample comes from an interleaved reply */
    uint32_t sequence;        /* of the request that it answers, when matched */
    struct mono_time asked;   /* when that request was made */
    struct ntp_packet packet; /* as decoded: stratum, leap, refid for the status */
    struct sample sample;
};

void exchange_init(struct exchange *exchange);

/*
 * Make a request and remember it; the oldest is forgotten.  Returns its sequence number, by which
 * its transmit stamps come back.
 */
uint32_t exchange_ask(struct exchange *exchange, const struct exchange_request *how,
                      struct mono_time now, uint8_t bytes[static NTP_HEADER_SIZE]);

/* When the request left.  May be called again with a better stamp; a worse one is ignored. */
void exchange_sent(struct exchange *exchange, uint32_t sequence, const struct local_stamp *sent);

/*
 * Take a datagram from the server's address.  Tests of RFC 5905, section 9.2 and figure 20, then
 * the limits; a reply to each request is accepted once.  One that is not authenticated as it must
 * be answers nothing: the true one may still come.
 */
struct exchange_result exchange_receive(struct exchange *exchange,
                                        const struct exchange_limits *limits, const uint8_t *bytes,
                                        size_t size, const struct local_stamp *received);

/* The instant at which exchange_release() has something to do; INT64_MAX: never. */
struct mono_time exchange_deadline(const struct exchange *exchange);

/*
 * Measure a held reply whose stamp has come, or is not waited for any longer.  True when there was
 * one: *result is filled.  To be called until false after exchange_sent() and at the deadline.
 */
bool exchange_release(struct exchange *exchange, const struct exchange_limits *limits,
                      struct mono_time now, struct exchange_result *result);

/* The clock was disturbed: what is in flight is answered with DROP_AMBIGUOUS_STAMP. */
void exchange_spoil(struct exchange *exchange);

/* Is nothing awaited: were all requests answered, or given up? */
bool exchange_idle(const struct exchange *exchange);

#endif
