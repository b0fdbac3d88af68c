/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_mode6.h - ntpq's questions answered (wire/mode6.h), with ntpd's names and units.
 *
 * offset = reference - local here too, in milliseconds.  Nothing can be written.
 */
#ifndef CORE_SERVER_ASK_MODE6_H
#define CORE_SERVER_ASK_MODE6_H

#include "core/server/ask.h"
#include "crypto/siphash.h"
#include "wire/mode6.h"

/* Whom a nonce is for: it proves that he gets what is sent to his address. */
struct ask_stranger {
    struct address from;           /* with port */
    const struct siphash_key *key; /* random, kept while the process runs */
};

/* Answer a request; MODE6_OK: *answer is filled and is to be cut into fragments. */
enum mode6_error ask_mode6(const struct ask_view *view, const struct mode6_request *request,
                           const struct ask_stranger *stranger, struct mode6_answer *answer);

/* ask_mode6_system.c, ask_mode6_peer.c: one variable as "name=value", or all of the default set. */
bool ask_mode6_system(const struct ask_view *view, const char *name, struct mode6_answer *answer);
void ask_mode6_system_all(const struct ask_view *view, struct mode6_answer *answer);
bool ask_mode6_peer(const struct source_status *source, const char *name,
                    struct mode6_answer *answer);
void ask_mode6_peer_all(const struct source_status *source, struct mode6_answer *answer);

uint16_t ask_mode6_system_status(const struct node_status *node);
uint16_t ask_mode6_peer_status(const struct source_status *source);
/* The number by which ntpq knows a source; 0: it has none, since it has no address. */
uint16_t ask_mode6_association(const struct source_status *source);

/* ask_mode6_text.c: values as ntpd writes them. */
enum mode6_kind {
    MODE6_WHOLE,
    MODE6_FIXED3, /* 3 decimals */
    MODE6_FIXED6,
    MODE6_HEX,
};
void ask_mode6_number(struct mode6_answer *answer, const char *name, enum mode6_kind kind,
                      double value);
void ask_mode6_time(struct mode6_answer *answer, const char *name, struct utc_time t);
void ask_mode6_text(struct mode6_answer *answer, const char *name, const char *value);
/* In quotes; what would confuse a parser is left out. */
void ask_mode6_quoted(struct mode6_answer *answer, const char *name, const char *value);

#endif
