/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker_ask.h - questions about the daemon that come by UDP: mode 6 of NTP (ntpq) and chronyc's.
 *
 * They are answered from the status record that the time process publishes; nothing can be changed
 * by them.  A worker calls this for what came to chronyc's port, and for modes 6 and 7 on the port
 * of NTP; who may ask is decided here.
 */
#ifndef DAEMON_WORKER_ASK_H
#define DAEMON_WORKER_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config.h"
#include "core/server/access.h"
#include "core/server/ask_mru.h"
#include "core/server/limit.h"
#include "core/server/rules.h"
#include "crypto/siphash.h"
#include "sys/page.h"
#include "wire/clients.h"
#include "wire/drop.h"
#include "wire/line.h"
#include "wire/mode6.h"
#include "wire/status.h"

enum { ASK_PORT_NTP, ASK_PORT_CHRONYC };

struct question {
    const uint8_t *bytes; /* borrowed */
    size_t size;
    struct address from; /* with port */
    struct address to;   /* which of our addresses was asked; NONE: unknown */
    uint8_t port;        /* ASK_PORT_* */
};

/* What a worker keeps for it. */
struct worker_ask {
    const struct config *config;    /* borrowed */
    const struct page *record_page; /* borrowed; NULL: there is none */
    uint64_t generation;            /* of what was decoded last; 0: nothing yet */
    uint8_t *bytes;
    size_t capacity, sources_max;
    struct status_record record;
    const struct time_line *line; /* borrowed; NULL: the record's own time counts */
    struct access_tree command_access;
    struct limits limits; /* cmdratelimit: of who is not this machine */
    struct limit_state limit_state;
    struct client_log askers;  /* who asked lately, for the limit alone */
    struct access_rule *rules; /* of the configuration, for that */
    size_t rule_count;
    struct siphash_key key;       /* of nonces */
    struct mru_tables tables;     /* who asked for time; page NULL: not known */
    struct mode6_request control; /* the last one, and what is being answered to it */
    struct mode6_answer answer;
    unsigned fragment; /* the last that was taken; UINT_MAX: there are no more */
};

/* Takes its memory.  False: there is none. */
bool worker_ask_open(struct worker_ask *ask, const struct config *config,
                     const struct page *record_page);

/* Other rules of who may ask, made at runtime, behind those of the configuration. */
void worker_ask_rules(struct worker_ask *ask, const struct rules *rules);

/* The newest status; NULL when nothing was published yet. */
const struct status_record *worker_ask_status(struct worker_ask *ask);

/*
 * Answers into answer[capacity]; *size is 0 when the reason is not DROP_NONE.  An answer is sent
 * where the question came from.
 */
enum drop_reason worker_ask_answer(struct worker_ask *ask, const struct question *question,
                                   uint8_t *answer, size_t capacity, size_t *size);

/*
 * The next datagram of the answer that worker_ask_answer() has begun; returns its octets, 0: that
 * was all.  Before the next question, while the question's text is still there.
 */
size_t worker_ask_more(struct worker_ask *ask, uint8_t bytes[static MODE6_PACKET_MAX]);

/* Is this datagram on the port of NTP a question of this kind? */
bool worker_ask_is_question(const uint8_t *bytes, size_t size);

#endif
