/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_datagram.h - local datagram sockets whose counterparts have paths too, as chronyc's. */
#ifndef SYS_UNIX_DATAGRAM_H
#define SYS_UNIX_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/unix_socket.h"

enum { UNIX_DATAGRAM_PATH_SIZE = 108 };

/*
 * Binds at `path`, whose directory must exist.  What is left of a dead process is removed;
 * ERR_IN_USE: somebody listens there.  Non-blocking.
 */
MUST_USE enum err unix_datagram_open(int *fd, const char *path, const struct unix_owner *owner);

/*
 * One datagram.  *size is its full length, also when it is longer than `capacity`.  `from`: the
 * sender's path, "" when it has none.  ERR_AGAIN: nothing there.
 */
MUST_USE enum err unix_datagram_receive(int fd, void *bytes, size_t capacity, size_t *size,
                                        char from[static UNIX_DATAGRAM_PATH_SIZE]);

/* Never waits: who does not read loses the answer. */
MUST_USE enum err unix_datagram_send(int fd, const char *to, const void *bytes, size_t size);

#endif
