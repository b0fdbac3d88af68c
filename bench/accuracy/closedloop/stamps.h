/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stamps.h - the kernel's stamps of datagrams on CLOCK_MONOTONIC_RAW.
 *
 * The kernel stamps in CLOCK_REALTIME, which is the clock that the daemon under test steers: a
 * stamp is carried over by what passed since then, some microseconds, and lost when the clock was
 * stepped meanwhile.
 */
#ifndef CLOSEDLOOP_STAMPS_H
#define CLOSEDLOOP_STAMPS_H

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static inline int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* `real_ns`, a moment ago, on the raw clock; now when it cannot be carried over. */
static inline int64_t stamp_raw_ns(int64_t real_ns)
{
    int64_t best_ns = INT64_MAX, age_ns = 0, raw_ns = 0;

    for (int i = 0; i < 3; i++) {
        int64_t before_ns = clock_ns(CLOCK_MONOTONIC_RAW);
        int64_t now_ns = clock_ns(CLOCK_REALTIME);
        int64_t after_ns = clock_ns(CLOCK_MONOTONIC_RAW);

        if (after_ns - before_ns < best_ns) {
            best_ns = after_ns - before_ns;
            age_ns = now_ns - real_ns;
            raw_ns = before_ns + best_ns / 2;
        }
    }
    return age_ns >= 0 && age_ns < 1000000000 ? raw_ns - age_ns : raw_ns;
}

static inline void stamps_on(int fd, bool sent)
{
    int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
                SOF_TIMESTAMPING_OPT_TSONLY | (sent ? SOF_TIMESTAMPING_TX_SOFTWARE : 0);

    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) < 0) {
        perror("SO_TIMESTAMPING");
        exit(EXIT_FAILURE);
    }
}

/* The stamp that came with a message, on the raw clock; now when there is none. */
static inline int64_t message_raw_ns(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
            struct scm_timestamping stamps;

            memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
            return stamp_raw_ns(stamps.ts[0].tv_sec * INT64_C(1000000000) + stamps.ts[0].tv_nsec);
        }
    }
    return clock_ns(CLOCK_MONOTONIC_RAW);
}

/* One datagram with its sender and its stamp; its size, or -1. */
static inline ssize_t take(int fd, void *bytes, size_t size, struct sockaddr_storage *from,
                           int64_t *raw_ns)
{
    char control[512];
    struct iovec part = {bytes, size};
    struct msghdr message = {.msg_name = from,
                             .msg_namelen = sizeof *from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

    if (got >= 0) {
        *raw_ns = message_raw_ns(&message);
    }
    return got;
}

#endif
