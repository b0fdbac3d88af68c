/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve.h - what noond and noon-helper say to each other about names: messages of fixed size,
 * big-endian, over a local socket that keeps their boundaries.
 *
 * Question {"NQ", version 1, family, query (4), name (256, ended by 0)}; answer {"NA", version 1,
 * result, query (4), ttl (4), count (1), 3 zeros, count times {family (1), 3 zeros, scope (4),
 * octets (16)}, unused ones zero}.  Neither end trusts the other: every octet is checked.
 */
#ifndef WIRE_RESOLVE_H
#define WIRE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

enum resolve_result {
    RESOLVE_OK,
    RESOLVE_NO_NAME, /* NXDOMAIN: the name does not exist, yet */
    RESOLVE_NO_DATA, /* it exists, without an address of the family */
    RESOLVE_FAILED,  /* SERVFAIL, time-out, no resolver */
};

enum {
    RESOLVED_MAX = 16,
    RESOLVE_NAME_SIZE = 256,
    RESOLVE_QUESTION_SIZE = 8 + RESOLVE_NAME_SIZE,
    RESOLVE_ANSWER_SIZE = 16 + RESOLVED_MAX * 24,
};

struct resolve_question {
    uint32_t query;               /* comes back in the answer */
    uint8_t family;               /* enum address_family; NONE: both */
    char name[RESOLVE_NAME_SIZE]; /* letters, digits, and what else resolvers take; no spaces */
};

struct resolve_answer {
    uint32_t query;
    enum resolve_result result;
    uint32_t ttl_s;                         /* OK: the least of the records'; 0: unknown */
    uint8_t count;                          /* OK: at least 1 */
    struct address addresses[RESOLVED_MAX]; /* ports 0 */
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
