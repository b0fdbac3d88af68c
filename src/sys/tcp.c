/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/udp_ancillary.h"

static enum err err_of(int os_error)
{
    switch (os_error) {
    case 0:
    case EINPROGRESS:
        return ERR_NONE;
    case ECONNREFUSED:
    case ECONNRESET:
        return ERR_NOT_FOUND;
    case ETIMEDOUT:
        return ERR_AGAIN;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return ERR_UNREACHABLE;
    default:
        return ERR_OTHER;
    }
}

enum err tcp_connect(int *fd, const struct address *to)
{
    struct sockaddr_storage name;
    socklen_t size = udp_sockaddr(to, &name);
    const int on = 1;

    *fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        return err_of(errno);
    }
    /* Two small messages: waiting for more would only cost time. */
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(*fd, (const struct sockaddr *)&name, size) != 0 && errno != EINPROGRESS) {
        enum err err = err_of(errno);

        (void)close(*fd);
        *fd = -1;
        return err;
    }
    return ERR_NONE;
}

enum err tcp_connected(int fd)
{
    int os_error = 0;
    socklen_t size = sizeof os_error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &os_error, &size) != 0) {
        return ERR_OTHER;
    }
    return err_of(os_error);
}
