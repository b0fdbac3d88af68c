/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.h - hears from the kernel that links, addresses or routes have changed. */
#ifndef SYS_NETLINK_H
#define SYS_NETLINK_H

#include <stdbool.h>

/*
 * Opens a socket that becomes readable when something changes; -1 where there is none to be had,
 * which is no error: the caller then learns of changes by its own polls.  Before a sandbox.
 */
int netlink_open(void);

/* Reads what is there; true when something has changed.  Bounded: the socket keeps little. */
bool netlink_changed(int fd);

#endif
