/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t length = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof name.sun_path) {
        return -1;
    }
    memcpy(name.sun_path, path, length);
    if (path[0] == '@') {
        name.sun_path[0] = '\0'; /* abstract: no file, and the length counts */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        (void)close(fd);
        return -1;
    }
    if (fd >= 0) {
        const struct timeval patience = {.tv_sec = 1};

        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    return fd;
}

/* WATCHDOG_USEC counts only for the process that it names, when it names one. */
static struct duration watchdog_interval(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");

    if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())) {
        return (struct duration){0};
    }
    long long value = strtoll(usec, NULL, 10);
    return (struct duration){value > 0 && value < INT64_MAX / 1000 ? value * 1000 : 0};
}

void notify_open(struct notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");

    *notify = (struct notify){.fd = path == NULL ? -1 : connect_to(path)};
    if (notify->fd >= 0) {
        notify->watchdog = watchdog_interval();
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

static void tell_with(const struct notify *notify, const char *text, int flags)
{
    if (notify->fd >= 0) {
        /* Nobody to tell that nobody listens. */
        ssize_t sent = send(notify->fd, text, strlen(text), MSG_NOSIGNAL | flags);
        (void)sent;
    }
}

/* What must not be lost in a full queue: waits a moment (SO_SNDTIMEO). */
static void tell(const struct notify *notify, const char *text)
{
    tell_with(notify, text, 0);
}

void notify_ready(const struct notify *notify)
{
    tell(notify, "READY=1");
}

void notify_reloading(const struct notify *notify, struct steady_time now)
{
    char text[80];

    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)(now.ns / 1000));
    tell(notify, text);
}

void notify_stopping(const struct notify *notify)
{
    tell(notify, "STOPPING=1");
}

void notify_status(const struct notify *notify, const char *status)
{
    char text[512] = "STATUS=";
    size_t at = strlen(text);

    for (size_t i = 0; status[i] != '\0' && at < sizeof text - 1; i++) {
        unsigned char c = (unsigned char)status[i];

        /* A new line would begin another assignment. */
        if (c >= ' ' && c != 127) {
            text[at++] = status[i];
        }
    }
    text[at] = '\0';
    tell_with(notify, text, MSG_DONTWAIT);
}

enum { KEPT_FIRST = 3, STORE_MAX = 128 };

#define STORE_NAME "noon-server"

static void send_fds(const struct notify *notify, const int *fds, size_t count)
{
    /* The manager would otherwise forget a socket in whose error queue something waits. */
    char text[] = "FDSTORE=1\nFDNAME=" STORE_NAME "\nFDPOLL=0";
    struct iovec vector = {.iov_base = text, .iov_len = sizeof text - 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(STORE_MAX * sizeof(int))];
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};

    memset(control, 0, sizeof control);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    ssize_t sent = sendmsg(notify->fd, &message, MSG_NOSIGNAL);
    (void)sent;
}

void notify_store(const struct notify *notify, const int *fds, size_t count)
{
    if (notify->fd < 0) {
        return;
    }
    tell(notify, "FDSTOREREMOVE=1\nFDNAME=" STORE_NAME);
    for (size_t done = 0; done < count; done += STORE_MAX) {
        send_fds(notify, fds + done, count - done < STORE_MAX ? count - done : STORE_MAX);
    }
}

/* Is the i-th of the names, which colons separate, ours? */
static bool is_ours(const char *names, size_t i)
{
    for (; i > 0 && names != NULL; i--) {
        names = strchr(names, ':');
        names += names != NULL;
    }
    return names != NULL && strncmp(names, STORE_NAME, sizeof STORE_NAME - 1) == 0 &&
           (names[sizeof STORE_NAME - 1] == ':' || names[sizeof STORE_NAME - 1] == '\0');
}

size_t notify_kept(int *fds, size_t max)
{
    const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    size_t count = 0;

    if (pid != NULL && number != NULL && strtol(pid, NULL, 10) == (long)getpid()) {
        long given = strtol(number, NULL, 10);

        for (long i = 0; i < given && i < 1024; i++) {
            int fd = KEPT_FIRST + (int)i;

            if (count < max && is_ours(names, (size_t)i) && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
                fds[count++] = fd;
            } else {
                (void)close(fd);
            }
        }
    }
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return count;
}

void notify_watchdog(const struct notify *notify)
{
    tell_with(notify, "WATCHDOG=1", MSG_DONTWAIT);
}

struct steady_time notify_keep_alive(struct notify *notify, struct steady_time now, bool well)
{
    if (notify->watchdog.ns <= 0) {
        return (struct steady_time){INT64_MAX};
    }
    if (now.ns >= notify->next.ns) {
        notify->next.ns = now.ns + notify->watchdog.ns / 2;
        if (well) {
            notify_watchdog(notify);
        }
    }
    return notify->next;
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0) {
        (void)close(notify->fd);
    }
    notify->fd = -1;
}
