/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * association.h - one address that is asked for time: everything known about it but its clock.
 *
 * Sans-IO: the owner sends what association_poll() makes, brings replies and stamps, and keeps one
 * timer.  Samples go to the estimator; what it thinks of them comes back by
 * association_estimated(), which sets the pace.
 */
#ifndef CORE_CLIENT_ASSOCIATION_H
#define CORE_CLIENT_ASSOCIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/units.h"
#include "core/client/budget.h"
#include "core/client/exchange.h"
#include "core/client/nts.h"
#include "core/client/schedule.h"
#include "core/node/options.h"
#include "wire/drop.h"
#include "wire/ntp_packet.h"
#include "wire/status.h"

/* Requests in a row without an answer that make a source unreachable. */
enum { ASSOCIATION_SILENT_MAX = 8 };

/* What a server asked for by kiss-o'-death packets; worth keeping over a restart. */
struct association_kod {
    bool rate_limited;
    int8_t poll_floor;       /* log2 s, when rate_limited */
    uint8_t denials;         /* in a row */
    struct duration silence; /* for how long it is not to be asked at all */
};

struct association {
    const struct source_options *options; /* borrowed */
    const struct mac_key *key;            /* borrowed; NULL: none is known */
    struct nts *nts;                      /* borrowed; NULL: no Network Time Security */
    struct address address;               /* with port */
    struct exchange exchange;
    struct schedule schedule;
    bool online;

    bool moved;   /* the address is another one: the next request needs a new socket */
    bool granted; /* by the budget, for `grant` */
    struct mono_time grant;
    uint32_t asked;                      /* requests that count for reach */
    uint32_t asked_at[EXCHANGE_PENDING]; /* `asked` when the request of that sequence was made */
    bool awaiting;                       /* the newest of them has no answer yet */
    unsigned silent;                     /* how many before it had none, in a row */
    uint16_t reach; /* usable answers to the last 16 requests, newest in bit 0 */
    bool usable;    /* an answer was usable, ever */

    uint32_t doubted; /* `asked`, when an answer was not authenticated; 0: never */
    uint8_t denials;
    bool denied;
    struct mono_time denied_until;
    struct mono_time rate_raised; /* when the interval was doubled last */
    bool rate_limited;

    uint32_t sent, received, accepted, kod, send_errors;
    uint32_t drops[DROP_COUNT];
    uint8_t last_drop;      /* enum drop_reason of the last refused answer */
    uint8_t last_reason;    /* of the last answer to a request: DROP_NONE when it was usable */
    struct ntp_packet last; /* last answer to a request */
    struct mono_time last_answer, last_sample;
    bool sampled; /* last_sample is valid */

    int64_t hour;                            /* of hours[hour % HISTORY_HOURS] */
    struct source_hour hours[HISTORY_HOURS]; /* a ring */
};

/* How an association begins.  `options` is borrowed until association_options(). */
struct association_start {
    const struct source_options *options;
    const struct mac_key *key; /* of options->key; borrowed likewise; NULL: there is none */
    struct nts *nts;           /* nts_init() has been called; borrowed; NULL: none */
    struct address address;    /* with port */
    struct mono_time now;
    int64_t phase_ns; /* of the polling grid: random, the same for all associations of a node */
    uint64_t random;
};

void association_init(struct association *association, const struct association_start *start);
/* The options after a reload; kind, name and address are the same. */
void association_options(struct association *association, const struct source_options *options,
                         struct mono_time now);

/* The key after a reload.  Without the one that its options name, a source is not asked. */
void association_set_key(struct association *association, const struct mac_key *key,
                         struct mono_time now);
bool association_lacks_key(const struct association *association);
/*
 * New keys of NTS, for requests to `address`.  True: that is another server than before, of which
 * nothing is known.
 */
bool association_keyed(struct association *association, const struct address *address,
                       struct mono_time now);
/* Do its answers come, but not authenticated as they must be? */
bool association_doubted(const struct association *association);

/* The instant at which association_poll() or association_release() has something to do. */
struct mono_time association_deadline(const struct association *association);

enum association_poll {
    ASSOCIATION_IDLE,  /* nothing to send now */
    ASSOCIATION_WAITS, /* a request was due and has to wait for the node's budget */
    ASSOCIATION_SENDS, /* *send is filled */
};
struct association_send {
    uint32_t sequence;
    bool fresh_socket; /* draw another local port: the path of the old one seems dead */
    uint16_t size;
    uint8_t bytes[EXCHANGE_REQUEST_MAX];
};

/* Words of randomness that a request takes: two are sent, two protect it (NTS). */
enum { ASSOCIATION_RANDOM = 2 + NTS_RANDOM };

/*
 * Make a request if one is due.  `random`: unpredictable, used for nothing else.  The request goes
 * to association->address.
 */
enum association_poll association_poll(struct association *association, struct budget *budget,
                                       struct mono_time now,
                                       const uint64_t random[static ASSOCIATION_RANDOM],
                                       struct association_send *send);
/*
 * A request did not leave, or an error says that one did not arrive.  Only counted: errors can be
 * forged, and what is lost is noticed anyway.
 */
void association_send_failed(struct association *association);

/*
 * A datagram from its address.  `limits->options` must be association->options.  Counts, obeys
 * kisses, and tells in result.outcome whether there is a sample to use.
 */
struct exchange_result association_receive(struct association *association,
                                           const struct exchange_limits *limits,
                                           const uint8_t *bytes, size_t size,
                                           const struct local_stamp *received);
/* A transmit stamp; afterwards, and at the deadline, association_release() until it is false. */
void association_sent(struct association *association, uint32_t sequence,
                      const struct local_stamp *sent);
bool association_release(struct association *association, const struct exchange_limits *limits,
                         struct mono_time now, struct exchange_result *result);

/*
 * What the estimator made of a sample: `estimate` after it, and `suspect` when the sample
 * contradicts what was known and another is to tell why.  accuracy_target_s as in struct
 * node_options.
 */
void association_estimated(struct association *association, struct mono_time now,
                           const struct estimate *estimate, bool suspect, double accuracy_target_s);

void association_set_online(struct association *association, bool online, struct mono_time now);
/* Ask several times now; false when it must not (offline, or the server asked for restraint). */
bool association_burst(struct association *association, struct mono_time now);
/* The same until `good` usable answers came, at most `requests` times. */
bool association_burst_of(struct association *association, uint8_t good, uint8_t requests,
                          struct mono_time now);
/* Addresses, routes or links changed: if it does not answer, ask soon, from another port. */
void association_network(struct association *association, struct mono_time now);
/* Begin again as after a restart (the estimate was thrown away); the spacing is kept. */
void association_restart(struct association *association, struct mono_time now, uint64_t random);

/* Eight requests or more in a row had no answer. */
bool association_unreachable(const struct association *association);
/* The server refuses this machine, for now: a pool member should be replaced. */
bool association_denied(const struct association *association);

struct association_kod association_kod(const struct association *association, struct mono_time now);
/* What another run of the program had been asked for; right after association_init(). */
void association_restore_kod(struct association *association, const struct association_kod *kod,
                             struct mono_time now);

/* The hours until now, the present one first. */
void association_hours(const struct association *association, struct mono_time now,
                       struct source_hour hours[static HISTORY_HOURS]);

#endif
