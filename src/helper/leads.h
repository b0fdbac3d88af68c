/* SPDX-License-Identifier: BSD-2-Clause */
/* leads.h - servers that somebody has named, before their names are looked up. */
#ifndef HELPER_LEADS_H
#define HELPER_LEADS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/resolve.h"

enum { LEADS_MAX = 16, LEADS_INTERVAL_S = 60 };

struct lead {
    char host[RESOLVE_NAME_SIZE]; /* a name, or an address as text */
    uint16_t port;                /* 0: the usual one */
    struct found found;
};

struct leads {
    size_t count;
    struct lead at[LEADS_MAX]; /* the best first */
};

/*
 * Appends a server, once: the first who names it counts.  False: it is neither a name nor an
 * address that a host can have, or there is no room.
 */
bool leads_add(struct leads *leads, const char *host, const struct found *found);

/* The same servers, for the same reasons? */
bool leads_equal(const struct leads *a, const struct leads *b);

#endif
