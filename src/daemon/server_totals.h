/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_totals.h - what all server processes have counted, for the time process: the one that
 * runs, the one that is leaving, and those that have ended.  So no counter goes back when the
 * server process is replaced.
 */
#ifndef DAEMON_SERVER_TOTALS_H
#define DAEMON_SERVER_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/page.h"
#include "wire/status.h"

struct server_totals {
    struct page now, before;      /* map NULL: there is none */
    struct server_status earlier; /* of pages that are closed */
};

/* Takes the page of the first server process; its descriptor stays the caller's.  False: no page.
 */
bool server_totals_open(struct server_totals *totals, int fd);
/* The page of the next one; takes the descriptor. */
void server_totals_next(struct server_totals *totals, int fd);
void server_totals_read(const struct server_totals *totals, struct server_status *status);

/* Adds one worker's or process's counters to others.  `serving`: whether either does. */
void server_status_add(struct server_status *sum, const struct server_status *other);

#endif
