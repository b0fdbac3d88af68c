/* SPDX-License-Identifier: BSD-2-Clause */
/* supervised.c - the time process's side of supervisor.h. */
#include <string.h>

#include "daemon/life.h"
#include "daemon/supervisor.h"
#include "sys/process.h"
#include "sys/unix_socket.h"
#include "wire/ke_totals.h"
#include "wire/line.h"

/* A descriptor that is /dev/null stands for one that could not be had. */
static int listener_of(int fd)
{
    return unix_is_listener(fd) ? fd : -1;
}

bool supervised_open(struct supervised *supervised)
{
    memset(supervised, 0, sizeof *supervised);
    supervised->channel = SUPERVISOR_FD_CHANNEL;
    if (process_given_fds() < SUPERVISOR_FD_SERVER - PROCESS_FDS_FIRST) {
        return false;
    }
    supervised->status_listener = listener_of(SUPERVISOR_FD_STATUS_SOCKET);
    supervised->control_listener = listener_of(SUPERVISOR_FD_CONTROL_SOCKET);
    xdp_feed_open(&supervised->xdp, SUPERVISOR_FD_XDP_LINES, SUPERVISOR_FD_XDP_COUNTERS,
                  SUPERVISOR_FD_XDP_SETTINGS);
    return page_adopt(&supervised->life, SUPERVISOR_FD_LIFE, PAGE_LAYOUT_LIFE, true) == ERR_NONE &&
           page_adopt(&supervised->line, SUPERVISOR_FD_LINE, TIME_LINE_LAYOUT, true) == ERR_NONE &&
           page_adopt(&supervised->record, SUPERVISOR_FD_RECORD, PAGE_LAYOUT_RECORD, true) ==
               ERR_NONE &&
           page_adopt(&supervised->rules, SUPERVISOR_FD_RULES, PAGE_LAYOUT_RULES, true) ==
               ERR_NONE &&
           page_adopt(&supervised->access, SUPERVISOR_FD_ACCESS, KE_ACCESS_LAYOUT, true) ==
               ERR_NONE &&
           page_adopt(&supervised->ke_totals, SUPERVISOR_FD_NTS_TOTALS, KE_TOTALS_LAYOUT, false) ==
               ERR_NONE &&
           server_totals_open(&supervised->server, SUPERVISOR_FD_COUNTERS);
}

void supervised_server(struct supervised *supervised, int fd)
{
    server_totals_next(&supervised->server, fd);
}

void supervised_awake(struct supervised *supervised, struct steady_time now,
                      struct duration timeout)
{
    life_promise(&supervised->life, (struct steady_time){now.ns + timeout.ns});
}

enum err supervised_send(const struct supervised *supervised, enum message_kind kind,
                         uint32_t argument)
{
    const struct message message = {.kind = kind, .argument = argument};

    return unix_send_fd(supervised->channel, &message, sizeof message, -1);
}

enum err supervised_receive(const struct supervised *supervised, struct message *message, int *fd)
{
    return unix_receive_fd(supervised->channel, message, sizeof *message, fd);
}
