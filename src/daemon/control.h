/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - the two Unix sockets over which `noon` asks and commands (wire/control.h).
 *
 * One request a connection, answered at once.  Memory is taken at start; a client that is slow,
 * silent or talks nonsense loses its connection and costs nobody else anything.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "wire/control.h"

enum { CONTROL_CONNECTIONS = 16, CONTROL_POLLFDS = CONTROL_CONNECTIONS + 2 };

/* The answer being written: body points to `capacity` octets of the connection's memory. */
struct control_response {
    enum control_result result;
    uint8_t *body;
    size_t capacity;
    size_t size;
};

/* Called for each request; `may_write` says that it came through the control socket. */
typedef void control_handler(void *context, const struct control_request *request, bool may_write,
                             struct control_response *response);

struct control;

/*
 * Takes the two listening sockets (-1: there is none) and keeps them.  `reply_max` bounds one
 * reply's body; requests go to `handler`.  NULL when there is no memory.
 */
struct control *control_open(int status_socket, int control_socket, size_t reply_max,
                             control_handler *handler, void *context);
void control_close(struct control *control);

/* Fills what is to be polled; returns how many.  Call for every pass of the loop. */
unsigned control_poll(struct control *control, struct pollfd fds[static CONTROL_POLLFDS]);
/* Serves what became ready, and drops who has been silent for 5 s. */
void control_serve(struct control *control, const struct pollfd *fds, unsigned count,
                   struct steady_time now);
/* Is a connection open?  Then the loop has to wake up once a second for the time-outs. */
bool control_busy(const struct control *control);

/* Appends text to the response's body. */
void control_response_text(struct control_response *response, const char *text);

#endif
