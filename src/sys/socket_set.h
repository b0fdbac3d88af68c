/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket_set.h - the sockets of a service, held by the one who may bind them while those who use
 * them come and go: what arrives meanwhile waits in them.
 *
 * A service manager that can keeps them too, while the holder itself is replaced (systemd's
 * FileDescriptorStoreMax=).
 */
#ifndef SYS_SOCKET_SET_H
#define SYS_SOCKET_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sys/notify.h"
#include "sys/udp.h"
#include "sys/udp_group.h"

/* A place where something is answered. */
struct endpoint {
    struct udp_options options;
    bool stream;      /* TCP, of which only options.local counts */
    bool optional;    /* doing without is no failure: others may be there first */
    unsigned sockets; /* 1..UDP_GROUP_MAX of UDP, each for a thread */
};

enum { SOCKET_SET_MAX = 8, SOCKET_SET_FDS_MAX = SOCKET_SET_MAX * UDP_GROUP_MAX };

struct socket_set {
    struct endpoint endpoints[SOCKET_SET_MAX];
    struct udp_group groups[SOCKET_SET_MAX]; /* of the same number */
    size_t count;
    bool given_up;                /* one was closed here that others may still hold open */
    int kept[SOCKET_SET_FDS_MAX]; /* of an earlier life, not taken yet */
    size_t kept_count;
};

/* Starts without a socket, but with what the service manager has kept. */
void socket_set_init(struct socket_set *set);

/*
 * Opens what is wanted and closes what is not; a socket that stays is not touched.  `results` says
 * for each of the `count` endpoints (at most SOCKET_SET_MAX) whether it is open.  Returns whether
 * something has changed: then those who use the sockets have to be given others.
 */
MUST_USE bool socket_set_apply(struct socket_set *set, const struct endpoint *wanted, size_t count,
                               enum err results[]);

/*
 * Could this endpoint be opened?  Nothing stays open.  ERR_NONE also where it can't be told: it is
 * open, or a socket of the set lies in its way, which would be closed for it.
 */
MUST_USE enum err socket_set_try(const struct socket_set *set, const struct endpoint *wanted);

/* Fills in the descriptors of UDP, or of TCP; returns how many, at most `max`. */
size_t socket_set_fds(const struct socket_set *set, bool stream, int *fds, size_t max);

/* How many sockets of UDP, or of TCP, are open. */
size_t socket_set_count(const struct socket_set *set, bool stream);

/* Hands all to the service manager, instead of those that it has. */
void socket_set_store(const struct socket_set *set, const struct notify *notify);

#endif
