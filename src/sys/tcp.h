/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp.h - connections to somebody, without waiting: for key exchanges. */
#ifndef SYS_TCP_H
#define SYS_TCP_H

#include "base/address.h"
#include "base/err.h"

/*
 * Begins to connect; *fd is the caller's, ready to write when that has come to its end.
 * ERR_UNREACHABLE: there is no route.
 */
MUST_USE enum err tcp_connect(int *fd, const struct address *to);

/* How it ended: ERR_NONE; ERR_NOT_FOUND: refused; ERR_AGAIN: nobody answered; ERR_UNREACHABLE. */
MUST_USE enum err tcp_connected(int fd);

#endif
