/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.h - tells systemd, or whoever set NOTIFY_SOCKET, how the service is (sd_notify(3)).
 *
 * Without NOTIFY_SOCKET every call does nothing.  Only the main process is listened to.
 */
#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"

struct notify {
    int fd;                   /* -1: nobody listens */
    struct duration watchdog; /* a sign of life is expected this often; 0: never */
    struct steady_time next;  /* of notify_keep_alive() */
};

/* Reads NOTIFY_SOCKET (a path, or @abstract) and WATCHDOG_USEC, and takes them out of the
 * environment so that children do not speak for us. */
void notify_open(struct notify *notify);
void notify_ready(const struct notify *notify);
/* A reload begins, at this time of CLOCK_MONOTONIC; notify_ready() ends it. */
void notify_reloading(const struct notify *notify, struct steady_time now);
void notify_stopping(const struct notify *notify);
/* One line for people.  Control characters are left out. */
void notify_status(const struct notify *notify, const char *text);
/*
 * Gives these descriptors to the manager to keep over a restart, instead of those that it has of
 * ours: for a service with FileDescriptorStoreMax=.
 */
void notify_store(const struct notify *notify, const int *fds, size_t count);
/*
 * Descriptors that the manager has kept for us (LISTEN_FDS), closed on exec; returns how many, at
 * most `max`.  Takes them out of the environment; those that are not ours are closed.
 */
size_t notify_kept(int *fds, size_t max);
void notify_watchdog(const struct notify *notify);
/*
 * Gives a sign of life twice as often as one is expected, while all is `well`.  Returns when it is
 * to be called again; INT64_MAX: never.
 */
struct steady_time notify_keep_alive(struct notify *notify, struct steady_time now, bool well);
void notify_close(struct notify *notify);

#endif
