/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask_mru.h - ntpq's mrulist: the table of clients page by page, the oldest first.
 *
 * A request names the newest entries that ntpq has got so far.  The first of them that has not
 * asked again since is where the next page begins; whoever asked meanwhile comes at the end, with
 * his new time.  So a list of any length arrives whole while clients go on asking.
 */
#ifndef CORE_SERVER_ASK_MRU_H
#define CORE_SERVER_ASK_MRU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/server/clientlog.h"
#include "wire/mode6.h"

enum { MRU_KNOWN_MAX = 16, MRU_PAGE_MAX = 96 };

struct mru_known {
    struct address address;
    struct ntp_ts last;
};

struct mru_query {
    unsigned fragments; /* of the answer, at most; 0: not said */
    unsigned limit;     /* entries; 0: not said */
    unsigned recent;    /* only so many, the newest; 0: all */
    struct client_wish wish;
    unsigned known_count;
    struct mru_known known[MRU_KNOWN_MAX];
};

/*
 * What a READ_MRU request asks for, but for its nonce.  MODE6_BAD_VALUE: neither frags nor limit,
 * or more than ntpd would take, or a number that is none; MODE6_UNKNOWN_VARIABLE: a filter that is
 * not known here.
 */
enum mode6_error mru_parse(const struct mode6_request *request, struct utc_time now,
                           struct mru_query *query);

/* Where the tables are. */
struct mru_tables {
    void *context;
    /* As client_log_page(), of all tables together: page->count says how many at most. */
    void (*page)(void *context, const struct client_wish *wish, struct clients_record *page);
    /* False: he is not there. */
    bool (*find)(void *context, const struct address *address, struct client_status *client);
};

/* A page of entries. */
struct mru_page {
    size_t count;
    bool complete;              /* the newest is among them */
    bool resumed;               /* it follows `older` */
    struct client_status older; /* the entry of the request that was still good */
    struct client_status clients[MRU_PAGE_MAX];
};

/* MODE6_UNKNOWN_VARIABLE: none of the entries that ntpq knows is good any more: it begins anew. */
enum mode6_error mru_collect(const struct mru_query *query, const struct mru_tables *tables,
                             size_t most, struct mru_page *page);

#endif
