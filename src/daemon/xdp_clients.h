/* SPDX-License-Identifier: BSD-2-Clause */
/* xdp_clients.h - clients that the program in the network driver has answered, among the others. */
#ifndef DAEMON_XDP_CLIENTS_H
#define DAEMON_XDP_CLIENTS_H

#include <stddef.h>

#include "wire/clients.h"
#include "wire/line.h"
#include "wire/xdp.h"

/* Memory for looks at up to so many clients; NULL: there is none. */
struct xdp_clients;
struct xdp_clients *xdp_clients_open(void);

/*
 * Adds the clients of the program's table, the map `fd`, to record->clients, of which there are
 * `capacity`; who is there already, since some of its requests went to the sockets, is one.  A
 * descriptor that is no map adds nothing.
 */
void xdp_clients_add(struct xdp_clients *clients, int fd, const struct time_line *line,
                     struct clients_record *record, size_t capacity);

#endif
