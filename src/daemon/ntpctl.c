/* SPDX-License-Identifier: BSD-2-Clause */
/* ntpctl.c - OpenNTPD's ntpctl on its socket: it may ask, and change nothing. */
#include <stdlib.h>

#include "core/server/ask_ntpctl.h"
#include "daemon/time_process.h"
#include "sys/unix_socket.h"

static void hang_up(struct ntpctl_client *client)
{
    unix_close(&client->fd);
    *client = (struct ntpctl_client){.fd = -1};
}

void ntpctl_open(struct time_process *process, int listener)
{
    process->ntpctl.listener = listener;
    for (unsigned i = 0; i < NTPCTL_CLIENTS; i++) {
        process->ntpctl.clients[i] = (struct ntpctl_client){.fd = -1};
    }
}

unsigned ntpctl_poll(const struct time_process *process,
                     struct pollfd fds[static NTPCTL_CLIENTS + 1])
{
    unsigned count = 0;

    if (process->ntpctl.listener >= 0) {
        fds[count++] = (struct pollfd){.fd = process->ntpctl.listener, .events = POLLIN};
    }
    for (unsigned i = 0; i < NTPCTL_CLIENTS; i++) {
        if (process->ntpctl.clients[i].fd >= 0) {
            fds[count++] = (struct pollfd){.fd = process->ntpctl.clients[i].fd, .events = POLLIN};
        }
    }
    return count;
}

/* Who is silent longest makes room: the places are taken in turn. */
static void greet(struct time_process *process)
{
    struct ntpctl_client *client =
        &process->ntpctl.clients[process->ntpctl.next++ % NTPCTL_CLIENTS];
    int fd;

    if (unix_accept(process->ntpctl.listener, &fd) != ERR_NONE) {
        return;
    }
    if (client->fd >= 0) {
        hang_up(client);
    }
    *client = (struct ntpctl_client){.fd = fd};
}

/* The answer has room in the socket's buffer; who does not read it, loses it. */
static void answer(struct time_process *process, struct ntpctl_client *client, int type)
{
    size_t size = ask_ntpctl_size(process->capacity), done;
    uint8_t *bytes = malloc(size);
    struct ask_view view = {.record = &process->status};

    if (bytes != NULL) {
        publish_refresh(process);
        view.now = process->status.node.now;
        size = ask_ntpctl(&view, (enum imsg_type)type, bytes, size);
        if (unix_write(client->fd, bytes, size, &done) != ERR_NONE) {
            hang_up(client);
        }
    }
    free(bytes);
}

static void hear(struct time_process *process, struct ntpctl_client *client)
{
    size_t got = 0;
    enum err error = unix_read(client->fd, client->request + client->received,
                               sizeof client->request - client->received, &got);
    int type;

    if (error != ERR_NONE) {
        if (error != ERR_AGAIN) {
            hang_up(client);
        }
        return;
    }
    client->received += got;
    type = imsg_request(client->request, client->received);
    if (type == 0) {
        hang_up(client);
    } else if (type > 0) {
        client->received = 0;
        answer(process, client, type);
    }
}

void ntpctl_serve(struct time_process *process, const struct pollfd *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fds[i].revents == 0) {
            continue;
        }
        if (fds[i].fd == process->ntpctl.listener) {
            greet(process);
            continue;
        }
        for (unsigned k = 0; k < NTPCTL_CLIENTS; k++) {
            if (process->ntpctl.clients[k].fd == fds[i].fd) {
                hear(process, &process->ntpctl.clients[k]);
                break;
            }
        }
    }
}

void ntpctl_close(struct time_process *process)
{
    for (unsigned i = 0; i < NTPCTL_CLIENTS; i++) {
        if (process->ntpctl.clients[i].fd >= 0) {
            hang_up(&process->ntpctl.clients[i]);
        }
    }
    unix_close(&process->ntpctl.listener);
}
