/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/storage.h"

enum { BACKLOG = 32 };

void unix_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

static bool name_of(const char *path, struct sockaddr_un *name)
{
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(name->sun_path, sizeof name->sun_path, "%s", path) < (int)sizeof name->sun_path;
}

/* Does somebody answer there?  A dead process's socket refuses; one that is busy still lives. */
static bool is_alive(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return false;
    }
    bool alive = connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 || errno == EAGAIN ||
                 errno == EACCES;
    (void)close(fd);
    return alive;
}

static enum err listen_at(int fd, const struct sockaddr_un *name, const struct unix_owner *owner)
{
    struct sockaddr_un temporary;
    char path[sizeof name->sun_path + 8];

    /* Under its real name it must never be seen with more rights than it is to have. */
    (void)snprintf(path, sizeof path, "%s.new", name->sun_path);
    if (!name_of(path, &temporary)) {
        return ERR_RANGE;
    }
    (void)unlink(path);
    mode_t old = umask(0777);
    int bound = bind(fd, (const struct sockaddr *)&temporary, sizeof temporary);
    int os_error = errno;
    (void)umask(old);
    if (bound != 0) {
        return storage_err(os_error);
    }
    if (((owner->uid >= 0 || owner->gid >= 0) &&
         chown(path, (uid_t)owner->uid, (gid_t)owner->gid) != 0) ||
        chmod(path, (mode_t)owner->mode) != 0 || listen(fd, BACKLOG) != 0 ||
        rename(path, name->sun_path) != 0) {
        enum err err = storage_err(errno);

        (void)unlink(path);
        return err;
    }
    return ERR_NONE;
}

enum err unix_listen(int *fd, const char *path, const struct unix_owner *owner)
{
    struct sockaddr_un name;

    *fd = -1;
    if (!name_of(path, &name)) {
        return ERR_RANGE;
    }
    if (is_alive(&name)) {
        return ERR_IN_USE;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0) {
        return storage_err(errno);
    }
    enum err err = listen_at(*fd, &name, owner);
    if (err != ERR_NONE) {
        unix_close(fd);
    }
    return err;
}

bool unix_is_listener(int fd)
{
    int domain = 0;
    int listens = 0;
    socklen_t size = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

enum err unix_accept(int listener, int *fd)
{
    *fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (*fd >= 0) {
        return ERR_NONE;
    }
    /* The one who called has already gone. */
    return errno == ECONNABORTED ? ERR_AGAIN : storage_err(errno);
}

enum err unix_connect(int *fd, const char *path, struct duration timeout)
{
    struct sockaddr_un name;
    struct timeval limit = {.tv_sec = timeout.ns / NS_PER_S,
                            .tv_usec = timeout.ns % NS_PER_S / 1000};

    *fd = -1;
    if (!name_of(path, &name)) {
        return ERR_RANGE;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return storage_err(errno);
    }
    (void)setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(*fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        enum err err = errno == ECONNREFUSED ? ERR_NOT_FOUND : storage_err(errno);

        unix_close(fd);
        return err;
    }
    return ERR_NONE;
}

enum err unix_read(int fd, void *bytes, size_t capacity, size_t *done)
{
    ssize_t got = recv(fd, bytes, capacity, 0);

    *done = got > 0 ? (size_t)got : 0;
    if (got < 0) {
        return storage_err(errno);
    }
    return got == 0 && capacity > 0 ? ERR_UNREACHABLE : ERR_NONE;
}

enum err unix_write(int fd, const void *bytes, size_t size, size_t *done)
{
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

    *done = sent > 0 ? (size_t)sent : 0;
    return sent < 0 ? storage_err(errno) : ERR_NONE;
}

int64_t unix_peer_uid(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) {
        return -1;
    }
    return peer.uid == (uid_t)-1 ? -1 : (int64_t)peer.uid;
}

enum err unix_pair(int fds[static 2])
{
    fds[0] = fds[1] = -1;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0
               ? ERR_NONE
               : storage_err(errno);
}

union fd_control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

enum err unix_send_fd(int socket, const void *bytes, size_t size, int fd)
{
    union fd_control control;
    struct iovec vector = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0) {
        return storage_err(errno);
    }
    return (size_t)sent == size ? ERR_NONE : ERR_OTHER;
}

enum err unix_receive_fd(int socket, void *bytes, size_t size, int *fd)
{
    union fd_control control;
    struct iovec vector = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};

    *fd = -1;
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == ECONNRESET) {
        /* The other end has gone without reading all of ours: said once, before its last words. */
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    }
    if (got < 0) {
        return storage_err(errno);
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof *fd)) {
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    }
    if (got == 0 && *fd < 0) {
        return ERR_UNREACHABLE;
    }
    if ((size_t)got != size || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        unix_close(fd);
        return ERR_FORMAT;
    }
    return ERR_NONE;
}
