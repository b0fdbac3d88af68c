/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervisor_sockets.h - the server's sockets, which the parent holds while server processes come
 * and go: what arrives meanwhile waits in them.
 *
 * A service manager that can keeps them too, while the parent itself is replaced (systemd's
 * FileDescriptorStoreMax=).
 */
#ifndef DAEMON_SUPERVISOR_SOCKETS_H
#define DAEMON_SUPERVISOR_SOCKETS_H

#include <stddef.h>

#include "base/err.h"
#include "daemon/endpoints.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/udp_group.h"

/* What is answered where, and by how many threads. */
struct server_plan {
    struct endpoint endpoints[ENDPOINTS_MAX];
    size_t count;     /* 0: no server process */
    unsigned threads; /* 1..UDP_GROUP_MAX; questions are answered by one */
};

struct server_sockets {
    struct endpoint endpoints[ENDPOINTS_MAX];
    struct udp_group groups[ENDPOINTS_MAX]; /* of the same number */
    size_t count;
    int kept[ENDPOINTS_MAX * UDP_GROUP_MAX]; /* of an earlier life, not taken yet */
    size_t kept_count;
};

/* Starts without a socket, but with what the service manager has kept. */
void server_sockets_init(struct server_sockets *sockets);

/*
 * Opens what the plan asks for and closes what it does not; a socket that stays is not touched.
 * *changed says whether a server process has to be given others.  ERR_IN_USE: somebody else serves
 * there, which has been said; the rest is open.
 */
MUST_USE enum err server_sockets_apply(struct server_sockets *sockets,
                                       const struct server_plan *plan, const struct log_sink *log,
                                       bool *changed);

/* How many are open. */
size_t server_sockets_count(const struct server_sockets *sockets);

/* Fills in their descriptors; returns how many, at most `max`. */
size_t server_sockets_fds(const struct server_sockets *sockets, int *fds, size_t max);

/* Hands them to the service manager, instead of those that it has. */
void server_sockets_store(const struct server_sockets *sockets, const struct notify *notify);

#endif
