/* SPDX-License-Identifier: BSD-2-Clause */
#include "timesync1/status_reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/unix_socket.h"
#include "wire/control.h"

enum { PATH_SIZE = 256, SOURCE_OCTETS_MIN = 64 };

static const struct duration patience = {2 * NS_PER_S};

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; size > 0; bytes += done, size -= done) {
        if (unix_write(fd, bytes, size, &done) != ERR_NONE) {
            return false;
        }
    }
    return true;
}

static bool receive_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t done = 0; size > 0; bytes += done, size -= done) {
        if (unix_read(fd, bytes, size, &done) != ERR_NONE) {
            return false;
        }
    }
    return true;
}

static bool decode(struct status_record *record, const uint8_t *body, size_t size)
{
    size_t capacity = size / SOURCE_OCTETS_MIN + 1;

    record->sources = calloc(capacity, sizeof *record->sources);
    if (record->sources != NULL && status_decode(record, capacity, body, size)) {
        return true;
    }
    free(record->sources);
    record->sources = NULL;
    return false;
}

static bool receive_record(int fd, struct status_record *record)
{
    uint8_t head[CONTROL_HEADER_SIZE];
    struct control_reply_header header;
    uint8_t *body;
    bool good;

    if (!receive_all(fd, head, sizeof head) || !control_reply_decode(&header, head) ||
        header.result != CONTROL_OK || header.body_size > CONTROL_REPLY_MAX) {
        return false;
    }
    body = malloc((size_t)header.body_size + 1);
    good = body != NULL && receive_all(fd, body, header.body_size) &&
           decode(record, body, header.body_size);
    free(body);
    return good;
}

bool status_reader_ask(const char *run_directory, struct status_record *record)
{
    const struct control_request request = {.command = CONTROL_STATUS};
    uint8_t bytes[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    size_t size = control_request_encode(&request, bytes, sizeof bytes);
    char path[PATH_SIZE];
    int fd = -1;
    bool good;

    *record = (struct status_record){.count = 0};
    if (snprintf(path, sizeof path, "%s/status.sock", run_directory) >= (int)sizeof path ||
        unix_connect(&fd, path, patience) != ERR_NONE) {
        return false;
    }
    good = send_all(fd, bytes, size) && receive_record(fd, record);
    unix_close(&fd);
    return good;
}
