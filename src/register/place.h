/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h - where records are kept: one interface over an authoritative DNS server and Route 53.
 *
 * An attempt brings what is there into line with what is wanted, touches nothing else, and takes
 * seconds at most.
 */
#ifndef REGISTER_PLACE_H
#define REGISTER_PLACE_H

#include "register/keeper.h"
#include "register/record.h"
#include "register/settings.h"
#include "register/tsig_key.h"

enum { WHY_SIZE = 600 };

/* What is wanted, and what came of it. */
struct attempt {
    const struct records *wanted; /* none: all is to be withdrawn */
    const struct records *old;    /* that an earlier attempt may have left there */
    unsigned ttl_s;
    struct text *why;        /* unless it is done: what went wrong */
    unsigned added, removed; /* records that were changed there */
};

/* The secrets that a place needs, and how it is reached. */
struct access {
    const struct place *place;
    struct tsig_key key; /* of a DNS server */
};

#endif
