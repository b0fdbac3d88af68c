/* SPDX-License-Identifier: BSD-2-Clause */
/* action.h - everything a node can ask its owner to do.  Only the owner acts. */
#ifndef CORE_NODE_ACTION_H
#define CORE_NODE_ACTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/must.h"
#include "base/units.h"
#include "core/client/exchange.h"
#include "core/estimate/sample.h"
#include "core/node/log_event.h"
#include "core/node/options.h"
#include "wire/control.h"
#include "wire/date.h"
#include "wire/keys.h"
#include "wire/ntp_packet.h"

enum action_kind {
    ACTION_SEND,       /* a request to a source */
    ACTION_CLOSE,      /* the association's socket is no longer needed */
    ACTION_STEER,      /* run the disciplined clock at this rate; answered by CLOCK_ADJUSTED */
    ACTION_STEP,       /* step it; answered by CLOCK_ADJUSTED */
    ACTION_COMPENSATE, /* let RAW, as it is told to the node, run faster by this, and steer on as
                          before; answered by CLOCK_ADJUSTED where the clock is steered */
    ACTION_SET_STATUS, /* what the kernel tells programs about its clock */
    ACTION_RESOLVE,    /* a name; answered by EVENT_RESOLVED */
    ACTION_GET_KEYS,   /* of NTS; answered by EVENT_KEYS */
    ACTION_GET_DATE,   /* of an HTTPS server; answered by EVENT_DATE, once for each address */
    ACTION_PUBLISH,    /* node_line() and node_status() have changed */
    ACTION_SAVE,       /* node_saved() is worth keeping */
    ACTION_LOG,
    ACTION_MEASURED, /* a reply was taken or refused: for the measurements log */
    ACTION_READY,    /* synchronised, or serving or watching as configured: tell the supervisor */
    ACTION_ANSWER,   /* to an EVENT_COMMAND */
};

struct action_send {
    uint16_t association;
    bool fresh_socket; /* close the old one: draw a new local port */
    uint32_t sequence; /* comes back with the stamps */
    struct address to;
    uint16_t size;
    uint8_t bytes[EXCHANGE_REQUEST_MAX];
};

struct action_status {
    uint8_t leap; /* enum ntp_leap to arm in the kernel; UNSYNC: clear */
    bool synchronised;
    int16_t tai_s; /* TAI - UTC; 0: not known, what the kernel has stays */
    double maxerror_s, esterror_s;
};

struct action_resolve {
    uint32_t query;
    uint8_t family; /* enum address_family; NONE: both */
    uint8_t method; /* enum resolve_method */
    uint8_t flags;  /* RESOLVE_UNVALIDATED */
    char name[NAME_SIZE];
};

struct action_get_keys {
    uint16_t association;
    bool kept_will_do; /* keys of an earlier run; when there are none: a result of KEYS_NONE */
    struct keys_question question;
};

struct action_measured {
    uint16_t association;
    enum drop_reason reason; /* NONE: `sample` went into the estimate */
    struct ntp_packet packet;
    struct sample sample;
    double error_s; /* offset of the sample against our UTC */
};

struct action_answer {
    uint64_t ticket;
    enum control_result result;
    uint32_t count; /* how many sources the command met */
};

struct action {
    enum action_kind kind;
    union {
        struct action_send send;
        uint16_t close; /* association */
        struct freq steer;
        struct freq compensate; /* in all, not beyond what was before */
        struct duration step;
        struct action_status status;
        struct action_resolve resolve;
        struct action_get_keys get_keys;
        struct date_question date;
        struct log_event log;
        struct action_measured measured;
        struct action_answer answer;
    };
};

enum { ACTIONS_MAX = 64 };

struct actions {
    unsigned count;
    struct action at[ACTIONS_MAX];
};

/* Space for another action: the caller fills what is behind `kind`. */
static inline struct action *actions_add(struct actions *actions, enum action_kind kind)
{
    must(actions->count < ACTIONS_MAX);
    actions->at[actions->count].kind = kind;
    return &actions->at[actions->count++];
}

#endif
