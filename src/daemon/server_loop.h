/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_loop.h - answers clients from within the time process, for --single; and what the server
 * process reports, for everything else.
 */
#ifndef DAEMON_SERVER_LOOP_H
#define DAEMON_SERVER_LOOP_H

#include <poll.h>
#include <stddef.h>

#include "core/node/options.h"
#include "core/server/rules.h"
#include "daemon/server_totals.h"
#include "sys/page.h"
#include "sys/udp.h"
#include "wire/line.h"
#include "wire/status.h"

enum { SERVER_LOOP_SOCKETS = 8 };

struct server_loop;

/*
 * Serves on the given bound sockets, which it borrows, to whom `options` allow.  NULL: no memory or
 * no socket.
 */
struct server_loop *server_loop_open(struct udp_socket *sockets, size_t count,
                                     const struct node_options *options);
void server_loop_close(struct server_loop *loop);
/* Other access rules: those of the options and the ones made at runtime. */
void server_loop_options(struct server_loop *loop, const struct node_options *options,
                         const struct rules *rules);
/* The line to serve from.  loop NULL: nothing to do. */
void server_loop_publish(struct server_loop *loop, const struct time_line *line);
/* Tells clients from now on that there is no time here, or serves again.  loop NULL: nothing. */
void server_loop_drain(struct server_loop *loop, bool draining);
/* What to poll; returns how many. */
unsigned server_loop_poll(const struct server_loop *loop,
                          struct pollfd fds[static SERVER_LOOP_SOCKETS]);
/* Answers one datagram on a socket that is ready. */
void server_loop_serve(struct server_loop *loop, int fd);

/* Counters of the loop, or of the server process by its pages; zeros when there is neither. */
void server_status_read(const struct server_loop *loop, const struct server_totals *totals,
                        struct server_status *status);

/* The client table, encoded for CONTROL_CLIENTS; 0 octets: nobody keeps one. */
size_t server_clients_read(const struct server_loop *loop, const struct server_totals *totals,
                           uint8_t *bytes, size_t capacity);

#endif
