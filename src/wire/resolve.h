/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.h - what noond and noon-helper say to each other about sources that are to be found:
 * messages of fixed size, big-endian, over a local socket that keeps their boundaries.
 *
 * Question {"NQ", version 2, family, query (4), method, flags, 2 zeros, name (256, ended by 0)};
 * answer {"NA", version 2, result, query (4), ttl (4), count, flags, 2 zeros, count times {family,
 * how, by, spare, scope (4), octets (16), port (2), priority (2), weight (2), 2 zeros, interface
 * (16)}, unused ones zero}.  Neither end trusts the other: every octet is checked.
 */
#ifndef WIRE_RESOLVE_H
#define WIRE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "wire/found.h"

enum resolve_method {
    RESOLVE_ADDRESSES, /* A and AAAA records of the name */
    RESOLVE_SRV,       /* _ntp._udp below the name (RFC 2782) */
    RESOLVE_DHCP,      /* what the machine's DHCP clients were told */
    RESOLVE_CLOUD,     /* what the provider of this virtual machine offers */
    RESOLVE_AUTO,      /* DHCP, or else CLOUD */
    RESOLVE_METHOD_COUNT
};

enum resolve_result {
    RESOLVE_OK,
    RESOLVE_NO_NAME,  /* NXDOMAIN: the name does not exist, yet */
    RESOLVE_NO_DATA,  /* it exists, without an address of the family; nobody named a server */
    RESOLVE_FAILED,   /* time-out, no resolver */
    RESOLVE_SERVFAIL, /* a resolver answered that it can't find out */
    RESOLVE_CHANGED,  /* not an answer: what the query was answered with holds no longer, ask */
    RESOLVE_RESULT_COUNT
};

/* In a question: a resolver that can't validate the answer (DNSSEC) gives it nevertheless.  In an
 * answer: one did. */
enum { RESOLVE_UNVALIDATED = 1 };

enum {
    RESOLVED_MAX = 16,
    RESOLVE_NAME_SIZE = 256,
    RESOLVE_QUESTION_SIZE = 12 + RESOLVE_NAME_SIZE,
    RESOLVE_RECORD_SIZE = 48,
    RESOLVE_ANSWER_SIZE = 16 + RESOLVED_MAX * RESOLVE_RECORD_SIZE,
};

struct resolve_question {
    uint32_t query;               /* comes back in the answer */
    uint8_t family;               /* enum address_family; NONE: both */
    uint8_t method;               /* enum resolve_method */
    uint8_t flags;                /* RESOLVE_UNVALIDATED */
    char name[RESOLVE_NAME_SIZE]; /* letters, digits, and what else resolvers take; no spaces */
};

struct resolve_answer {
    uint32_t query;
    enum resolve_result result;
    uint32_t ttl_s; /* OK: the least of the records'; 0: unknown */
    uint8_t flags;
    uint8_t count;                          /* OK: at least 1 */
    struct address addresses[RESOLVED_MAX]; /* ports 0: not told; the best first */
    struct found found[RESOLVED_MAX];
};

void resolve_question_encode(const struct resolve_question *question,
                             uint8_t bytes[static RESOLVE_QUESTION_SIZE]);
/* False: not a question, or a name that is empty, unended or has characters no name has. */
bool resolve_question_decode(struct resolve_question *question, const uint8_t *bytes, size_t size);

void resolve_answer_encode(const struct resolve_answer *answer,
                           uint8_t bytes[static RESOLVE_ANSWER_SIZE]);
/* False: not an answer. */
bool resolve_answer_decode(struct resolve_answer *answer, const uint8_t *bytes, size_t size);

#endif
