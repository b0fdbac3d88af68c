/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    KEPT = 4096,     /* octets in the socket: that something changed is all we want to know */
    READS_MAX = 256, /* in a row; more than fit into the socket */
};

int netlink_open(void)
{
    struct sockaddr_nl name = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                     RTMGRP_IPV6_ROUTE,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    int kept = KEPT;

    if (fd < 0) {
        return -1;
    }
    /* A thousand interfaces that come and go must not cost memory, nor time to read of each. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kept, sizeof kept);
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool netlink_changed(int fd)
{
    bool changed = false;

    for (int i = 0; i < READS_MAX; i++) {
        char some;
        ssize_t got = recv(fd, &some, sizeof some, MSG_DONTWAIT | MSG_TRUNC);

        /* ENOBUFS: more has changed than the socket could keep. */
        if (got < 0 && errno != ENOBUFS && errno != EINTR) {
            break;
        }
        changed = true;
    }
    return changed;
}
