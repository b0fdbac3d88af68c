/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_daemon.h - something behind a local socket that answers as it was told, once a connection.
 */
#ifndef UNIT_CLI_FAKE_DAEMON_H
#define UNIT_CLI_FAKE_DAEMON_H

#include <stddef.h>
#include <stdint.h>

#include "wire/control.h"

struct fake_reply {
    const uint8_t *bytes; /* sent after the request has come ... */
    size_t size;
    int silent_s; /* ... and then kept open that long */
};

struct fake_daemon {
    char directory[64]; /* a new one in /tmp, with status.sock and control.sock */
    int process;
};

/* Starts a process that gives this reply to everybody at both sockets; control.sock has `mode`. */
void fake_daemon_start(struct fake_daemon *daemon, const struct fake_reply *reply, unsigned mode);
/* Ends it and removes its directory. */
void fake_daemon_stop(struct fake_daemon *daemon);

/* A reply as noond makes it.  Returns its size. */
size_t fake_answer(uint8_t *bytes, size_t capacity, enum control_result result, const void *body,
                   size_t size);

#endif
