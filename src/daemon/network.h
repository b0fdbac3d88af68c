/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network.h - when to look whether the network has changed, and when to leave it alone.
 *
 * Sources that are silent are asked soon after a change.  Where interfaces come and go all the time
 * that must cost nothing, neither us nor the sources: after each change nothing is looked at for 2
 * s, and ever longer while changes go on.
 */
#ifndef DAEMON_NETWORK_H
#define DAEMON_NETWORK_H

#include <stdbool.h>

#include "base/units.h"

struct network {
    int fd; /* of netlink_open(); -1: nobody tells */
    struct duration pause;
    unsigned in_a_row;
    struct steady_time taken, look; /* the last change that was told; when to look again */
};

/* Keeps `fd`, which network_close() closes. */
void network_open(struct network *network, int fd);
void network_close(struct network *network);

/* The descriptor to wait for; -1: not now. */
int network_fd(const struct network *network, struct steady_time now);

/* Until network_fd() may have another answer; negative: for ever. */
struct duration network_wait(const struct network *network, struct steady_time now);

/* The descriptor was ready: true when a change is to be told. */
bool network_take(struct network *network, struct steady_time now);

#endif
