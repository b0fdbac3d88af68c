/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metadata.h - asks OpenStack's metadata service who tells the time: plain HTTP to an address of
 * the link, two files, one after the other.
 *
 * Never waits; whatever the other side does, a file is over in METADATA_LIMIT_S and in
 * METADATA_MAX octets.  No redirect is followed: it would lead away from the link.
 */
#ifndef HELPER_METADATA_H
#define HELPER_METADATA_H

#include <poll.h>
#include <stdbool.h>

#include "base/address.h"
#include "base/units.h"
#include "helper/leads.h"
#include "helper/vendor_data.h"

enum { METADATA_LIMIT_S = 5, METADATA_MAX = VENDOR_DATA_MAX, METADATA_REASON_SIZE = 120 };
/* Asked again after so long; after a failure from the first on, doubled each time. */
enum { METADATA_AGAIN_S = 900, METADATA_FAILED_S = 30 };

struct metadata {
    int fd; /* -1: no connection */
    bool sent;
    size_t file; /* that is being read */
    struct steady_time begun, again;
    int64_t pause_s;
    struct address server;
    struct found found;
    struct leads next;                 /* of the files so far */
    struct leads leads;                /* of the last time that all files were read */
    char reason[METADATA_REASON_SIZE]; /* why the last time failed; "": it did not */
    size_t size;
    char buffer[METADATA_MAX];
};

/* Asks nothing yet.  `found` is how its servers are named. */
void metadata_init(struct metadata *metadata, const struct address *server,
                   const struct found *found);
/* Begins to ask when it is time to, and nothing is under way. */
void metadata_ask(struct metadata *metadata, struct steady_time now);
/* What to wait for, and shortens *timeout (below 0: for ever); false: nothing is under way. */
bool metadata_poll(const struct metadata *metadata, struct steady_time now, struct pollfd *fd,
                   struct duration *timeout);
/* After the wait, whether the descriptor is ready or not.  True: it came to an end, and `leads` or
 * `reason` are new. */
bool metadata_work(struct metadata *metadata, struct steady_time now, bool ready);
void metadata_close(struct metadata *metadata);

#endif
