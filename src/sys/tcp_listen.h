/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp_listen.h - sockets that wait for TCP connections, and the connections. */
#ifndef SYS_TCP_LISTEN_H
#define SYS_TCP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/err.h"

/*
 * Listens at an address and port; an IPv6 one takes IPv6 only.  ERR_IN_USE: somebody else does;
 * ERR_UNSUPPORTED: the family is not available.
 */
MUST_USE enum err tcp_listen(int *fd, const struct address *local);

/* Is it such a socket, of exactly that address and port? */
bool tcp_listens_at(int fd, const struct address *local);

/*
 * The next connection, non-blocking, and who has made it.  ERR_AGAIN: none now; ERR_FULL: no
 * descriptor left.
 */
MUST_USE enum err tcp_accept(int listener, int *fd, struct address *from);

/*
 * Sends the last octets before tcp_close(), with which they then leave in one packet if they fit.
 * *sent: how many were taken.  ERR_AGAIN: there is no room now.
 */
MUST_USE enum err tcp_send_last(int fd, const void *bytes, size_t size, size_t *sent);

void tcp_close(int *fd);

#endif
