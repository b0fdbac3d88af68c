/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns_message.h - what an authoritative DNS server is asked, and what it answers: questions and
 * updates (RFC 2136), signed by TSIG (RFC 8945).  ldns writes and reads the octets.
 *
 * Only single records are added and deleted, never a whole name: what other servers have registered
 * there is not touched.
 */
#ifndef REGISTER_DNS_MESSAGE_H
#define REGISTER_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "register/keeper.h"
#include "register/record.h"
#include "register/tsig_key.h"

struct dns_message {
    void *packet;  /* an ldns_pkt */
    uint8_t *wire; /* its octets, signed; NULL before dns_message_sign() */
    size_t size;
};

struct dns_change {
    const char *zone;
    unsigned ttl_s;
    const struct records *add, *remove;
};

/* Which records of the type does the name have?  False: no memory, or no DNS name. */
bool dns_message_question(struct dns_message *message, const struct record *record);
bool dns_message_update(struct dns_message *message, const struct dns_change *change);
/* Signs it for now, by CLOCK_REALTIME; the octets are then in message->wire. */
bool dns_message_sign(struct dns_message *message, const struct tsig_key *key);
/* For people, as dig shows it: from malloc(), NULL without memory. */
char *dns_message_text(const struct dns_message *message);
void dns_message_done(struct dns_message *message);

/* What a server has sent. */
struct dns_octets {
    const uint8_t *bytes;
    size_t size;
};

/* What came of a message. */
struct dns_answer {
    enum attempt_result result;
    bool found; /* a question's: the record is there */
};

/* Reads the octets that came back for `message`; unless it is ATTEMPT_DONE, *why says why. */
struct dns_answer dns_message_answer(const struct dns_message *message, const struct tsig_key *key,
                                     const struct record *record, const struct dns_octets *octets,
                                     struct text *why);

#endif
