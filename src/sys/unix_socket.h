/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_socket.h - local stream sockets with an owner and a mode, and passing descriptors. */
#ifndef SYS_UNIX_SOCKET_H
#define SYS_UNIX_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"

struct unix_owner {
    unsigned mode;
    int64_t uid, gid; /* -1: leave */
};

/*
 * Listens at `path`.  What is left of a dead process is removed; ERR_IN_USE: somebody answers
 * there.  The socket appears with its final mode and owner (made under another name, renamed).
 */
MUST_USE enum err unix_listen(int *fd, const char *path, const struct unix_owner *owner);

/* Is this descriptor a local socket that listens? */
bool unix_is_listener(int fd);

/* The next connection, non-blocking.  ERR_AGAIN: none; ERR_FULL: no descriptor left. */
MUST_USE enum err unix_accept(int listener, int *fd);

/* Connects; for programs that ask.  ERR_NOT_FOUND: nobody is there; ERR_DENIED.  Blocking
 * afterwards, with `timeout` on each read and write. */
MUST_USE enum err unix_connect(int *fd, const char *path, struct duration timeout);

/*
 * Read and write what is possible now.  *done is how many octets; ERR_AGAIN: none now;
 * ERR_UNREACHABLE: the other end has closed.
 */
MUST_USE enum err unix_read(int fd, void *bytes, size_t capacity, size_t *done);
MUST_USE enum err unix_write(int fd, const void *bytes, size_t size, size_t *done);

/* Who is at the other end of a connection; uid -1: unknown. */
int64_t unix_peer_uid(int fd);

/* A pair of connected sockets that keep message boundaries (SOCK_SEQPACKET), non-blocking. */
MUST_USE enum err unix_pair(int fds[static 2]);

/* One message, with a descriptor (fd -1: none), which stays the sender's too. */
MUST_USE enum err unix_send_fd(int socket, const void *bytes, size_t size, int fd);

/*
 * One message of exactly `size` octets and the descriptor that came with it (-1: none), which is
 * now the caller's.  ERR_FORMAT: another size (a descriptor is closed then).
 */
MUST_USE enum err unix_receive_fd(int socket, void *bytes, size_t size, int *fd);

void unix_close(int *fd);

#endif
