/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.h - tells that files in some directories may have changed, by inotify. */
#ifndef SYS_WATCH_H
#define SYS_WATCH_H

#include <stddef.h>

#include "base/err.h"

/* A descriptor that is readable when something has changed; -1: there is no inotify. */
int watch_open(void);

/*
 * Watches these directories; of one that is not there, the nearest above it.  Call again after each
 * change: it may be there now.
 */
void watch_directories(int fd, const char *const *paths, size_t count);

/* Takes all events that are there. */
void watch_take(int fd);

#endif
