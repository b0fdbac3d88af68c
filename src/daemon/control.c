/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "sys/unix_socket.h"

static const int64_t silence_ns = 5 * NS_PER_S;

struct connection {
    int fd; /* -1: free */
    bool may_write;
    bool answering;
    struct steady_time last;
    size_t received;
    uint8_t request[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    size_t reply_size, sent;
    uint8_t *reply;
};

struct control {
    int listeners[2]; /* status, control */
    size_t reply_max;
    control_handler *handler;
    void *context;
    struct connection connections[CONTROL_CONNECTIONS];
};

struct control *control_open(int status_socket, int control_socket, size_t reply_max,
                             control_handler *handler, void *context)
{
    struct control *control = calloc(1, sizeof *control);

    if (!control) {
        return NULL;
    }
    control->listeners[0] = status_socket;
    control->listeners[1] = control_socket;
    control->reply_max = reply_max;
    control->handler = handler;
    control->context = context;
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        struct connection *connection = &control->connections[i];

        connection->fd = -1;
        connection->reply = calloc(1, CONTROL_HEADER_SIZE + reply_max);
        if (!connection->reply) {
            control_close(control);
            return NULL;
        }
    }
    return control;
}

static void hang_up(struct connection *connection)
{
    unix_close(&connection->fd);
}

void control_close(struct control *control)
{
    if (!control) {
        return;
    }
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        hang_up(&control->connections[i]);
        free(control->connections[i].reply);
    }
    for (unsigned i = 0; i < 2; i++) {
        unix_close(&control->listeners[i]);
    }
    free(control);
}

bool control_busy(const struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        if (control->connections[i].fd >= 0) {
            return true;
        }
    }
    return false;
}

unsigned control_poll(struct control *control, struct pollfd fds[static CONTROL_POLLFDS])
{
    unsigned count = 0;

    for (unsigned i = 0; i < 2; i++) {
        if (control->listeners[i] >= 0) {
            fds[count++] = (struct pollfd){.fd = control->listeners[i], .events = POLLIN};
        }
    }
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        const struct connection *connection = &control->connections[i];

        if (connection->fd >= 0) {
            fds[count++] = (struct pollfd){.fd = connection->fd,
                                           .events = connection->answering ? POLLOUT : POLLIN};
        }
    }
    return count;
}

/* A full table takes the place of whoever has been silent longest. */
static struct connection *free_connection(struct control *control)
{
    struct connection *oldest = &control->connections[0];

    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        struct connection *connection = &control->connections[i];

        if (connection->fd < 0) {
            return connection;
        }
        if (connection->last.ns < oldest->last.ns) {
            oldest = connection;
        }
    }
    hang_up(oldest);
    return oldest;
}

static void greet(struct control *control, int listener, bool may_write, struct steady_time now)
{
    struct connection *connection;
    int fd;

    if (unix_accept(listener, &fd) != ERR_NONE) {
        return;
    }
    connection = free_connection(control);
    connection->fd = fd;
    connection->may_write = may_write;
    connection->answering = false;
    connection->received = 0;
    connection->last = now;
}

static void answer(struct control *control, struct connection *connection,
                   struct control_request *request)
{
    struct control_response response = {
        .result = CONTROL_UNKNOWN,
        .body = connection->reply + CONTROL_HEADER_SIZE,
        .capacity = control->reply_max,
    };
    struct control_reply_header header;

    request->ticket = (uint64_t)(connection - control->connections);
    if (control_command_writes(request->command) && !connection->may_write) {
        response.result = CONTROL_DENIED;
    } else {
        control->handler(control->context, request, connection->may_write, &response);
    }
    must(response.size <= response.capacity);
    header.result = response.result;
    header.body_size = (uint32_t)response.size;
    control_reply_encode(&header, connection->reply);
    connection->reply_size = CONTROL_HEADER_SIZE + response.size;
    connection->sent = 0;
    connection->answering = true;
}

/* Returns false when the connection is done with. */
static bool write_some(struct connection *connection)
{
    size_t sent = 0;
    enum err error = unix_write(connection->fd, connection->reply + connection->sent,
                                connection->reply_size - connection->sent, &sent);

    if (error != ERR_NONE) {
        return error == ERR_AGAIN;
    }
    connection->sent += sent;
    return connection->sent < connection->reply_size;
}

static bool read_some(struct control *control, struct connection *connection)
{
    struct control_request request;
    size_t got = 0;
    enum err error = unix_read(connection->fd, connection->request + connection->received,
                               sizeof connection->request - connection->received, &got);
    int taken;

    if (error != ERR_NONE) {
        return error == ERR_AGAIN;
    }
    connection->received += got;
    taken = control_request_decode(&request, connection->request, connection->received);
    if (taken < 0 || (taken == 0 && connection->received == sizeof connection->request)) {
        return false;
    }
    if (taken == 0) {
        return true;
    }
    answer(control, connection, &request);
    return write_some(connection);
}

static struct connection *find(struct control *control, int fd)
{
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        if (control->connections[i].fd == fd) {
            return &control->connections[i];
        }
    }
    return NULL;
}

void control_serve(struct control *control, const struct pollfd *fds, unsigned count,
                   struct steady_time now)
{
    for (unsigned i = 0; i < count; i++) {
        struct connection *connection;

        if (fds[i].revents == 0) {
            continue;
        }
        if (fds[i].fd == control->listeners[0] || fds[i].fd == control->listeners[1]) {
            greet(control, fds[i].fd, fds[i].fd == control->listeners[1], now);
            continue;
        }
        connection = find(control, fds[i].fd);
        if (!connection) {
            continue;
        }
        connection->last = now;
        if (!(connection->answering ? write_some(connection) : read_some(control, connection))) {
            hang_up(connection);
        }
    }
    for (unsigned i = 0; i < CONTROL_CONNECTIONS; i++) {
        struct connection *connection = &control->connections[i];

        if (connection->fd >= 0 && now.ns - connection->last.ns > silence_ns) {
            hang_up(connection);
        }
    }
}

void control_response_text(struct control_response *response, const char *text)
{
    size_t length = strlen(text);
    size_t room = response->capacity - response->size;

    length = length < room ? length : room;
    memcpy(response->body + response->size, text, length);
    response->size += length;
}
