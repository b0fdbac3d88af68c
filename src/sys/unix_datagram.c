/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/unix_datagram.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/storage.h"

static bool name_of(const char *path, struct sockaddr_un *name)
{
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    return snprintf(name->sun_path, sizeof name->sun_path, "%s", path) < (int)sizeof name->sun_path;
}

/* Is somebody bound there?  A dead process's socket refuses. */
static bool is_alive(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return false;
    }
    bool alive = connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 || errno == EACCES;
    (void)close(fd);
    return alive;
}

static enum err bind_at(int fd, const struct sockaddr_un *name, const struct unix_owner *owner)
{
    (void)unlink(name->sun_path);
    mode_t old = umask(0777);
    int bound = bind(fd, (const struct sockaddr *)name, sizeof *name);
    int os_error = errno;
    (void)umask(old);
    if (bound != 0) {
        return storage_err(os_error);
    }
    if (((owner->uid >= 0 || owner->gid >= 0) &&
         chown(name->sun_path, (uid_t)owner->uid, (gid_t)owner->gid) != 0) ||
        chmod(name->sun_path, (mode_t)owner->mode) != 0) {
        enum err err = storage_err(errno);

        (void)unlink(name->sun_path);
        return err;
    }
    return ERR_NONE;
}

enum err unix_datagram_open(int *fd, const char *path, const struct unix_owner *owner)
{
    struct sockaddr_un name;

    *fd = -1;
    if (!name_of(path, &name)) {
        return ERR_RANGE;
    }
    if (is_alive(&name)) {
        return ERR_IN_USE;
    }
    *fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0) {
        return storage_err(errno);
    }
    enum err err = bind_at(*fd, &name, owner);
    if (err != ERR_NONE) {
        unix_close(fd);
    }
    return err;
}

enum err unix_datagram_receive(int fd, void *bytes, size_t capacity, size_t *size,
                               char from[static UNIX_DATAGRAM_PATH_SIZE])
{
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    size_t prefix = offsetof(struct sockaddr_un, sun_path);

    memset(&name, 0, sizeof name);
    *size = 0;
    from[0] = '\0';
    ssize_t got =
        recvfrom(fd, bytes, capacity, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&name, &length);
    if (got < 0) {
        return storage_err(errno);
    }
    *size = (size_t)got;
    /* A name that begins with a zero is no path but an abstract one. */
    if (length > prefix && length <= sizeof name) {
        size_t size_of_path = length - prefix;

        size_of_path =
            size_of_path < UNIX_DATAGRAM_PATH_SIZE ? size_of_path : UNIX_DATAGRAM_PATH_SIZE - 1;
        memcpy(from, name.sun_path, size_of_path);
        from[size_of_path] = '\0';
    }
    return ERR_NONE;
}

enum err unix_datagram_send(int fd, const char *to, const void *bytes, size_t size)
{
    struct sockaddr_un name;

    if (!name_of(to, &name)) {
        return ERR_RANGE;
    }
    return sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&name,
                  sizeof name) >= 0
               ? ERR_NONE
               : storage_err(errno);
}
