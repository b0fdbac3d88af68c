/* SPDX-License-Identifier: BSD-2-Clause */
/* shared_pages.h - the memory by which noond's processes tell each other what they know. */
#ifndef DAEMON_SHARED_PAGES_H
#define DAEMON_SHARED_PAGES_H

#include <stdbool.h>

#include "sys/page.h"

enum { SHARED_CONFIG_SIZE = 64 << 10 };

enum shared_page {
    SHARED_LIFE,     /* time process to parent: life.h */
    SHARED_LINE,     /* time to all: wire/line.h */
    SHARED_RECORD,   /* time to server: the status */
    SHARED_COUNTERS, /* server to time: worker_report.h */
    SHARED_RULES,    /* time to server: rules made at runtime; a restarted one goes on with them */
    SHARED_CONFIG,   /* parent to time and server: the configuration in force, as text */
    SHARED_RING,     /* key exchange server to server: the cookies' keys */
    SHARED_TOTALS,   /* key exchange server to time: what it has counted */
    SHARED_ACCESS,   /* time to key exchange server: who may exchange keys */
    SHARED_PAGES
};

struct shared_pages {
    struct page at[SHARED_PAGES]; /* for writing */
    int readers[SHARED_PAGES];    /* descriptors by which nobody can write */
};

/* Makes them all.  `line` is that of a file (map NULL: there is none), kept.  False: no memory. */
bool shared_pages_open(struct shared_pages *pages, const struct page *line);

/* A fresh one in place of another; those who use the old one have it open themselves. */
bool shared_pages_renew(struct shared_pages *pages, enum shared_page which);

/* Writes a text, with its end. */
void shared_pages_tell(struct shared_pages *pages, enum shared_page which, const char *text);

#endif
