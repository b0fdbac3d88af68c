/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/metadata.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sys/tcp.h"
#include "sys/unix_socket.h"

/* What was given for all machines of the cloud, and what services of it make for this one. */
static const char *const files[] = {"/openstack/latest/vendor_data.json",
                                    "/openstack/latest/vendor_data2.json"};
enum { FILES = 2, REQUEST_SIZE = 256, STATUS_OK = 200, STATUS_NOT_FOUND = 404 };

void metadata_init(struct metadata *metadata, const struct address *server,
                   const struct found *found)
{
    memset(metadata, 0, sizeof *metadata);
    metadata->fd = -1;
    metadata->server = *server;
    metadata->found = *found;
    metadata->pause_s = METADATA_FAILED_S;
}

void metadata_close(struct metadata *metadata)
{
    unix_close(&metadata->fd);
}

/* Always true, for its callers to say that it is over. */
static bool finish(struct metadata *metadata, struct steady_time now)
{
    unix_close(&metadata->fd);
    if (metadata->reason[0] == '\0') {
        metadata->leads = metadata->next;
        metadata->pause_s = METADATA_FAILED_S;
        metadata->again.ns = now.ns + METADATA_AGAIN_S * NS_PER_S;
        return true;
    }
    metadata->again.ns = now.ns + metadata->pause_s * NS_PER_S;
    metadata->pause_s =
        metadata->pause_s * 2 < METADATA_AGAIN_S ? metadata->pause_s * 2 : METADATA_AGAIN_S;
    return true;
}

__attribute__((format(printf, 3, 4))) static bool
fail(struct metadata *metadata, struct steady_time now, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(metadata->reason, sizeof metadata->reason, format, arguments);
    va_end(arguments);
    return finish(metadata, now);
}

/* True: it is over, without a connection. */
static bool begin_file(struct metadata *metadata, struct steady_time now)
{
    metadata->size = 0;
    metadata->sent = false;
    metadata->begun = now;
    if (tcp_connect(&metadata->fd, &metadata->server) != ERR_NONE) {
        return fail(metadata, now, "there is no way to it");
    }
    return false;
}

void metadata_ask(struct metadata *metadata, struct steady_time now)
{
    if (metadata->fd >= 0 || now.ns < metadata->again.ns) {
        return;
    }
    metadata->file = 0;
    metadata->next.count = 0;
    metadata->reason[0] = '\0';
    (void)begin_file(metadata, now);
}

static int64_t left_ns(const struct metadata *metadata, struct steady_time now)
{
    int64_t left = metadata->begun.ns + METADATA_LIMIT_S * NS_PER_S - now.ns;

    return left > 0 ? left : 0;
}

bool metadata_poll(const struct metadata *metadata, struct steady_time now, struct pollfd *fd,
                   struct duration *timeout)
{
    int64_t left;

    if (metadata->fd < 0) {
        return false;
    }
    left = left_ns(metadata, now);
    timeout->ns = timeout->ns < 0 || left < timeout->ns ? left : timeout->ns;
    *fd = (struct pollfd){.fd = metadata->fd, .events = metadata->sent ? POLLIN : POLLOUT};
    return true;
}

/* Where the content begins, and the status; NULL: this is no response of HTTP. */
static const char *content_of(const struct metadata *metadata, long *status)
{
    static const char version[] = "HTTP/1.";
    const char *end = memmem(metadata->buffer, metadata->size, "\r\n\r\n", 4);
    const char *blank = end == NULL ? NULL : memchr(metadata->buffer, ' ', metadata->size);

    if (blank == NULL || blank > end ||
        strncmp(metadata->buffer, version, sizeof version - 1) != 0) {
        return NULL;
    }
    /* It ends at the latest where the head does. */
    *status = strtol(blank, NULL, 10);
    return end + 4;
}

/* The length that the head promises; -1: none.  What is cut short is not to be believed. */
static long promised(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length:";

    for (const char *at = head; at + sizeof name <= end; at++) {
        if (strncasecmp(at, name, sizeof name - 1) == 0) {
            return strtol(at + sizeof name - 1, NULL, 10);
        }
    }
    return -1;
}

/* The whole response is there: true when that was the last file, or it is refused. */
static bool take_file(struct metadata *metadata, struct steady_time now)
{
    long status = 0;
    const char *content = content_of(metadata, &status), *path = files[metadata->file];
    size_t size;

    if (content == NULL) {
        return fail(metadata, now, "what it answers is not HTTP");
    }
    size = (size_t)(metadata->buffer + metadata->size - content);
    if (status >= 300 && status < 400) {
        return fail(metadata, now, "%s is redirected elsewhere, as by a captive portal", path);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return fail(metadata, now, "%s has the status %ld", path, status);
    }
    if (status == STATUS_OK) {
        long length = promised(metadata->buffer, content);

        if (length >= 0 && (size_t)length != size) {
            return fail(metadata, now, "%s is cut short", path);
        }
        if (vendor_data_read(content, size, &metadata->found, &metadata->next) !=
            VENDOR_DATA_READ) {
            return fail(metadata, now, "%s is not JSON", path);
        }
    }
    unix_close(&metadata->fd);
    if (++metadata->file == FILES) {
        return finish(metadata, now);
    }
    return begin_file(metadata, now);
}

static bool send_request(struct metadata *metadata, struct steady_time now)
{
    char request[REQUEST_SIZE];
    size_t sent = 0;
    int length;

    if (tcp_connected(metadata->fd) != ERR_NONE) {
        return fail(metadata, now, "nobody takes connections there");
    }
    /* 1.0, so that the content comes in one piece, ended by the end of the connection. */
    length = snprintf(request, sizeof request,
                      "GET %s HTTP/1.0\r\nHost: 169.254.169.254\r\nUser-Agent: noon\r\n"
                      "Accept: application/json\r\nConnection: close\r\n\r\n",
                      files[metadata->file]);
    /* A connection that is new has room for it. */
    if (unix_write(metadata->fd, request, (size_t)length, &sent) != ERR_NONE ||
        sent != (size_t)length) {
        return fail(metadata, now, "it takes no question");
    }
    metadata->sent = true;
    return false;
}

static bool receive(struct metadata *metadata, struct steady_time now)
{
    enum err err = ERR_NONE;

    while (err == ERR_NONE) {
        size_t got = 0;

        err = unix_read(metadata->fd, metadata->buffer + metadata->size,
                        sizeof metadata->buffer - metadata->size, &got);
        metadata->size += got;
        if (metadata->size == sizeof metadata->buffer) {
            return fail(metadata, now, "%s has more than %d octets", files[metadata->file],
                        METADATA_MAX - 1);
        }
    }
    /* The end of the connection is the end of the content. */
    return err != ERR_AGAIN && take_file(metadata, now);
}

bool metadata_work(struct metadata *metadata, struct steady_time now, bool ready)
{
    if (metadata->fd < 0) {
        return false;
    }
    if (ready && (metadata->sent ? receive(metadata, now) : send_request(metadata, now))) {
        return true;
    }
    if (left_ns(metadata, now) == 0) {
        return fail(metadata, now, "it has not answered within %d s", METADATA_LIMIT_S);
    }
    return false;
}
