/* SPDX-License-Identifier: BSD-2-Clause */
/* route53_text.h - what Route 53 is told and answers: XML of its API of 2013-04-01.  expat reads.
 */
#ifndef REGISTER_ROUTE53_TEXT_H
#define REGISTER_ROUTE53_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "register/record.h"

/* All records of one name and type that carry this server's identifier. */
struct route53_set {
    enum record_type type;
    char name[RECORD_NAME_SIZE];
    char id[256];
    unsigned long ttl_s;
    bool multivalue;
    char weight[8]; /* "": none */
    char health[256];
    char values[RECORD_ADDRESSES_MAX][RECORD_DATA_SIZE];
    size_t count;
};

struct route53_answer {
    bool found; /* the set that was asked for is there: */
    struct route53_set set;
    char code[64], message[300]; /* of a refusal; "": none */
};

/* The same name, type, identifier, values in any order, and all else. */
bool route53_set_equal(const struct route53_set *a, const struct route53_set *b);

/* Appends one change, "UPSERT" or "DELETE", between these two. */
void route53_begin(struct text *text);
void route53_change(struct text *text, const char *action, const struct route53_set *set);
void route53_end(struct text *text);

/*
 * Reads an answer, and in it the set of the name, type and identifier of `wanted` (NULL: none).
 * False: it is no XML, as of a portal or a proxy.
 */
bool route53_read(struct route53_answer *answer, const struct route53_set *wanted,
                  const char *bytes, size_t size);

#endif
