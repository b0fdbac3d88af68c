/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/tcp_listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/storage.h"
#include "sys/udp.h"

enum { BACKLOG = 1024, PATIENCE_S = 5 };

static socklen_t fill(struct sockaddr_storage *out, const struct address *local)
{
    memset(out, 0, sizeof *out);
    if (local->family == ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;

        in->sin_family = AF_INET;
        in->sin_port = htons(local->port);
        memcpy(&in->sin_addr, local->bytes, sizeof in->sin_addr);
        return sizeof *in;
    }
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(local->port);
    memcpy(&in->sin6_addr, local->bytes, sizeof in->sin6_addr);
    in->sin6_scope_id = local->scope;
    return sizeof *in;
}

enum err tcp_listen(int *fd, const struct address *local)
{
    const int on = 1, patience_s = PATIENCE_S;
    struct sockaddr_storage address;
    socklen_t size = fill(&address, local);

    *fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0) {
        return storage_err(errno);
    }
    /* Connections of a former life, in their last two minutes, are no reason not to start. */
    (void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ss_family == AF_INET6) {
        (void)setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    /* Who has nothing to say yet is not worth a wake-up, nor a place. */
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &patience_s, sizeof patience_s);
    if (bind(*fd, (struct sockaddr *)&address, size) != 0 || listen(*fd, BACKLOG) != 0) {
        enum err err = storage_err(errno);

        tcp_close(fd);
        return err;
    }
    return ERR_NONE;
}

bool tcp_listens_at(int fd, const struct address *local)
{
    const struct udp_socket s = {.fd = fd}; /* for its name: that of a stream is no other */
    struct address bound = udp_local(&s);
    int listens = 0;
    socklen_t size = sizeof listens;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
           address_equal(&bound, local) && bound.port == local->port;
}

static struct address address_of(const struct sockaddr_storage *storage)
{
    struct address address = {.family = ADDRESS_NONE};

    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)storage;

        address.family = ADDRESS_IPV4;
        address.port = ntohs(in->sin_port);
        memcpy(address.bytes, &in->sin_addr, sizeof in->sin_addr);
    } else if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)storage;

        address.family = ADDRESS_IPV6;
        address.port = ntohs(in->sin6_port);
        address.scope = in->sin6_scope_id;
        memcpy(address.bytes, &in->sin6_addr, sizeof in->sin6_addr);
    }
    return address;
}

enum err tcp_accept(int listener, int *fd, struct address *from)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof storage;

    *fd = accept4(listener, (struct sockaddr *)&storage, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    *from = address_of(&storage);
    if (*fd < 0) {
        /* Who has gone again before he was accepted is nobody. */
        return errno == ECONNABORTED || errno == EPROTO ? ERR_AGAIN : storage_err(errno);
    }
    return ERR_NONE;
}

enum err tcp_send_last(int fd, const void *bytes, size_t size, size_t *sent)
{
    ssize_t taken = send(fd, bytes, size, MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT);

    *sent = taken > 0 ? (size_t)taken : 0;
    return taken >= 0 ? ERR_NONE : storage_err(errno);
}

void tcp_close(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}
