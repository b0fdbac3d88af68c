/* SPDX-License-Identifier: BSD-2-Clause */
/* event.h - everything that can happen to a node. */
#ifndef CORE_NODE_EVENT_H
#define CORE_NODE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "core/clock/adjusted.h"
#include "core/clock/reading.h"
#include "core/clock/saved.h"
#include "core/node/options.h"
#include "core/node/order.h"
#include "wire/control.h"
#include "wire/date.h"
#include "wire/keys.h"
#include "wire/resolve.h"

enum event_kind {
    EVENT_TIMER,          /* node_deadline() has come (or anything else woke the owner) */
    EVENT_DATAGRAM,       /* a reply arrived on an association's socket */
    EVENT_TX_STAMP,       /* when a request left; may come several times, ever better */
    EVENT_SEND_FAILED,    /* the request did not leave, or ICMP said it did not arrive */
    EVENT_RESOLVED,       /* the answer to ACTION_RESOLVE */
    EVENT_KEYS,           /* the answer to ACTION_GET_KEYS */
    EVENT_DATE,           /* an answer to ACTION_GET_DATE */
    EVENT_CLOCK_ADJUSTED, /* what ACTION_STEER or ACTION_STEP really did */
    EVENT_NETWORK,        /* addresses, routes or links changed: sources may be reachable again */
    EVENT_COMMAND,        /* somebody with the right to says so */
    EVENT_ORDER,          /* the same by other people's tools; answered by ACTION_ANSWER */
    EVENT_TEMPERATURE,    /* the sensors were read, as often as `tempcomp` says */
    EVENT_CONFIG,         /* new options, already validated */
};

enum { EVENT_RANDOM = 16 };

struct event_datagram {
    uint16_t association;
    uint16_t size;
    const uint8_t *bytes; /* borrowed during the call */
    struct stamp received;
};

struct event_tx_stamp {
    uint16_t association;
    uint32_t sequence; /* of the ACTION_SEND */
    struct stamp sent;
    uint32_t own_refid; /* of the local address that it left from; 0: unknown */
};

struct event_send_failed {
    uint16_t association;
    uint32_t sequence; /* 0: unknown (ICMP) */
    enum err error;
};

struct event_resolved {
    uint32_t query; /* of the ACTION_RESOLVE */
    enum resolve_result result;
    uint32_t ttl_s;
    uint8_t count;
    bool unvalidated;                       /* the resolver could not validate it */
    struct address addresses[RESOLVED_MAX]; /* port 0: that of the line */
    struct found found[RESOLVED_MAX];
};

/* A command; for CONTROL_ADD the owner has parsed the line. */
struct event_command {
    struct control_request request; /* answered by ACTION_ANSWER with the same ticket */
    struct source_options source;   /* CONTROL_ADD only */
};

/* Temperatures in the unit of the sensors' files, by sensor; NaN: it could not be read. */
struct event_temperature {
    unsigned count;
    double value[TEMPCOMP_SENSORS_MAX];
};

/* One event.  The random numbers are for this call alone; a send uses one, never twice. */
struct event {
    enum event_kind kind;
    uint64_t random[EVENT_RANDOM];
    union {
        struct event_datagram datagram;
        struct event_tx_stamp tx_stamp;
        struct event_send_failed send_failed;
        struct event_resolved resolved;
        const struct keys_answer *keys; /* borrowed during the call */
        struct date_answer date;
        struct event_clock_adjusted adjusted;
        struct event_command command;
        struct node_order order;
        struct event_temperature temperature;
        const struct node_options *config; /* borrowed until the next EVENT_CONFIG */
    };
};

#endif
