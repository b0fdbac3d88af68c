/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_group.h - several sockets on one address and port, each for a thread of its own.
 *
 * The kernel spreads what arrives by the sender's address (IPv6: its /64), never by its port, so
 * that a client always meets the same socket and whoever reads it can remember him alone.
 */
#ifndef SYS_UDP_GROUP_H
#define SYS_UDP_GROUP_H

#include <stdbool.h>

#include "base/err.h"
#include "sys/udp.h"

enum { UDP_GROUP_MAX = 16 };

struct udp_group {
    int fds[UDP_GROUP_MAX];
    unsigned count;
};

/*
 * Opens sockets for the server's port until there are `count` of them; those that are there stay as
 * they are.  The first one excludes everybody else: ERR_IN_USE.  With a socket missing that could
 * not be had the others do its work.
 */
MUST_USE enum err udp_group_grow(struct udp_group *group, const struct udp_options *options,
                                 unsigned count);

/*
 * Adds a socket that was kept from an earlier life of the daemon, if it is bound as the options
 * say.  False: it is not, or the group is full, and the caller keeps it.
 */
bool udp_group_take(struct udp_group *group, const struct udp_options *options, int fd);

/*
 * Closes them here.  Who was given them may hold them open for a while: sockets of this user that
 * share their port (udp_options.share_port) may be bound in their place at once.
 */
void udp_group_close(struct udp_group *group);

/* Datagrams that the kernel could not keep for want of room in this socket's queue. */
unsigned udp_overflows(int fd);

#endif
