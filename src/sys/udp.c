/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sys/storage.h"
#include "sys/udp_ancillary.h"

enum {
    SERVER_BUFFER = 1 << 20, /* cut by the kernel to net.core.rmem_max */
    /* Answers that wait for an interface that is slow to send are among those to all the others:
       10,000 of them, as many as an interface's queue has room for by default. */
    SERVER_SEND_BUFFER = 4 << 20,
    FRAME_MAX = 1600,
    STAMP_SLACK_NS = 1000, /* two readings of a simulator's clock may disagree by less */
    STAMPS_RX = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
    /* By number (OPT_ID), without the datagram itself (OPT_TSONLY), which needs no privilege. */
    STAMPS_NUMBERED = STAMPS_RX | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY,
    STAMPS_TX = STAMPS_NUMBERED | SOF_TIMESTAMPING_TX_SOFTWARE,
};

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* A family's option of the same meaning in both versions of IP. */
static bool set_ip_option(const struct udp_socket *s, int name4, int name6, int value)
{
    return s->family == ADDRESS_IPV4 ? set_option(s->fd, IPPROTO_IP, name4, value)
                                     : set_option(s->fd, IPPROTO_IPV6, name6, value);
}

static enum err open_socket(struct udp_socket *s, uint8_t family)
{
    int domain = family == ADDRESS_IPV4 ? AF_INET : AF_INET6;

    *s = (struct udp_socket){.fd = -1, .family = family};
    if (family != ADDRESS_IPV4 && family != ADDRESS_IPV6) {
        return ERR_UNSUPPORTED;
    }
    s->fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 && errno == EINVAL) {
        /* Simulators know the plain type only. */
        s->fd = socket(domain, SOCK_DGRAM, 0);
        if (s->fd >= 0) {
            (void)fcntl(s->fd, F_SETFD, FD_CLOEXEC);
            (void)fcntl(s->fd, F_SETFL, O_NONBLOCK);
        }
    }
    return s->fd < 0 ? storage_err(errno) : ERR_NONE;
}

/* Closes what could not be finished. */
static enum err give_up(struct udp_socket *s, enum err err)
{
    udp_close(s);
    return err;
}

/* Before bind(). */
static enum err apply_options(struct udp_socket *s, const struct udp_options *options)
{
    if (options->device[0] != '\0' &&
        setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, options->device,
                   (socklen_t)strnlen(options->device, UDP_DEVICE_SIZE - 1)) != 0) {
        return storage_err(errno);
    }
    if (s->family == ADDRESS_IPV6) {
        (void)set_option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    if (options->share_port && !set_option(s->fd, SOL_SOCKET, SO_REUSEPORT, 1)) {
        return storage_err(errno);
    }
    if (options->priority > 0) {
        (void)set_ip_option(s, IP_TOS, IPV6_TCLASS, options->priority << 2);
    }
    /*
     * Don't fragment, and don't believe ICMP about the path's width either: a forged report could
     * otherwise lower it for everybody.  Saves choosing an IP identification as well.
     */
    (void)set_ip_option(s, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    return ERR_NONE;
}

static enum err bind_socket(struct udp_socket *s, const struct address *local)
{
    struct sockaddr_storage to;
    socklen_t size = udp_sockaddr(local, &to);

    return bind(s->fd, (const struct sockaddr *)&to, size) != 0 ? storage_err(errno) : ERR_NONE;
}

/* Binds only when something was asked for: the kernel draws better ports than we could. */
static enum err bind_client(struct udp_socket *s, const struct udp_options *options)
{
    struct address local = {.family = s->family, .port = options->local.port};
    bool address_asked = options->local.family == s->family;

    if (address_asked) {
        local = options->local;
    }
    return address_asked || local.port != 0 ? bind_socket(s, &local) : ERR_NONE;
}

static enum err finish_client(struct udp_socket *s, const struct address *server,
                              const struct udp_options *options)
{
    struct sockaddr_storage to;
    socklen_t size = udp_sockaddr(server, &to);

    if (connect(s->fd, (const struct sockaddr *)&to, size) != 0) {
        return give_up(s, storage_err(errno));
    }
    s->connected = true;
    s->stamps = options->stamps && set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_TX);
    /* Tells of all ICMP errors, not only of closed ports. */
    (void)set_ip_option(s, IP_RECVERR, IPV6_RECVERR, 1);
    return ERR_NONE;
}

enum err udp_client_open(struct udp_socket *s, const struct address *server,
                         const struct udp_options *options)
{
    enum err err = open_socket(s, server->family);

    if (err == ERR_NONE) {
        err = apply_options(s, options);
    }
    if (err == ERR_NONE) {
        err = bind_client(s, options);
    }
    return err != ERR_NONE ? give_up(s, err) : finish_client(s, server, options);
}

enum err udp_client_adopt(struct udp_socket *s, int fd, const struct address *server,
                          const struct udp_options *options)
{
    *s = (struct udp_socket){.fd = fd, .family = server->family};
    return finish_client(s, server, options);
}

enum err udp_bound_open(int *fd, const struct udp_options *options)
{
    struct udp_socket s;
    enum err err = open_socket(&s, options->local.family);

    if (err == ERR_NONE) {
        err = apply_options(&s, options);
    }
    if (err == ERR_NONE) {
        err = bind_socket(&s, &options->local);
    }
    *fd = s.fd;
    if (err != ERR_NONE) {
        err = give_up(&s, err);
        *fd = -1;
    }
    return err;
}

static void configure_server(struct udp_socket *s)
{
    (void)set_ip_option(s, IP_PKTINFO, IPV6_RECVPKTINFO, 1);
    /* Beyond the limit for everybody where the parent may (CAP_NET_ADMIN). */
    if (!set_option(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, SERVER_BUFFER)) {
        (void)set_option(s->fd, SOL_SOCKET, SO_RCVBUF, SERVER_BUFFER);
    }
    if (!set_option(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, SERVER_SEND_BUFFER)) {
        (void)set_option(s->fd, SOL_SOCKET, SO_SNDBUF, SERVER_SEND_BUFFER);
    }
    /* Departures are stamped where an answer asks for it (udp_batch_stamp()). */
    s->stamps = set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_NUMBERED) ||
                set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_RX);
}

enum err udp_server_open(struct udp_socket *s, const struct udp_options *options)
{
    enum err err = open_socket(s, options->local.family);

    if (err == ERR_NONE) {
        err = apply_options(s, options);
    }
    if (err == ERR_NONE) {
        /* An address may come later than the daemon, at boot. */
        (void)set_ip_option(s, IP_FREEBIND, IPV6_FREEBIND, 1);
        configure_server(s);
        err = bind_socket(s, &options->local);
    }
    return err != ERR_NONE ? give_up(s, err) : ERR_NONE;
}

enum err udp_server_adopt(struct udp_socket *s, int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t size = sizeof name;

    *s = (struct udp_socket){.fd = fd};
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        s->fd = -1;
        return storage_err(errno);
    }
    s->family = udp_address(&name).family;
    if (s->family == ADDRESS_NONE) {
        s->fd = -1;
        return ERR_FORMAT;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    configure_server(s);
    return ERR_NONE;
}

void udp_close(struct udp_socket *s)
{
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    s->fd = -1;
}

struct address udp_local(const struct udp_socket *s)
{
    struct sockaddr_storage name = {0};
    socklen_t size = sizeof name;

    if (s->fd < 0 || getsockname(s->fd, (struct sockaddr *)&name, &size) != 0) {
        return (struct address){.family = ADDRESS_NONE};
    }
    return udp_address(&name);
}

enum err udp_receive(struct udp_socket *s, struct udp_datagram *datagram)
{
    struct sockaddr_storage from;
    uint64_t control[UDP_CONTROL_SIZE / sizeof(uint64_t)];
    struct iovec vector = {.iov_base = datagram->bytes, .iov_len = datagram->capacity};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(s->fd, &message, 0);

    if (got < 0) {
        enum err err = storage_err(errno);

        if (err == ERR_UNREACHABLE) {
            s->unreachable++;
        } else if (errno == EMSGSIZE) {
            s->too_big++; /* somebody claims that the path is narrow; sending looks after it */
            err = ERR_AGAIN;
        }
        return err;
    }
    udp_datagram_fill(datagram, &message, (size_t)got);
    return ERR_NONE;
}

/* The numbers of OPT_ID may have slipped in a send that failed: count from 0 again. */
static void restart_ids(struct udp_socket *s)
{
    if (s->stamps) {
        (void)set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_TX & ~SOF_TIMESTAMPING_OPT_ID);
        s->stamps = set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPING, STAMPS_TX);
    }
    s->next_id = 0;
    for (unsigned i = 0; i < UDP_SENT_KEPT; i++) {
        s->sent[i].waiting = false;
    }
}

static void remember(struct udp_socket *s, const struct udp_message *message, struct utc_time stamp)
{
    struct udp_sent *sent = &s->sent[s->sent_next++ % UDP_SENT_KEPT];

    *sent = (struct udp_sent){.waiting = true,
                              .sequence = message->sequence,
                              .id = s->next_id++,
                              .stamp = stamp,
                              .size = (uint16_t)message->size};
    memcpy(sent->head, message->bytes,
           message->size < UDP_SENT_HEAD ? message->size : UDP_SENT_HEAD);
}

/* Is it worth another try?  Notes what the error tells. */
static bool mend(struct udp_socket *s, int os_error)
{
    if (os_error == EMSGSIZE) {
        s->too_big++;
        s->df_cleared = true;
        return set_ip_option(s, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PMTUDISC_OMIT) ||
               set_ip_option(s, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PMTUDISC_DONT);
    }
    if (storage_err(os_error) == ERR_UNREACHABLE) {
        /* May tell of an earlier datagram; this one has not been sent then. */
        s->unreachable++;
        return s->connected;
    }
    return os_error == EINTR;
}

enum err udp_send(struct udp_socket *s, const struct udp_message *message, struct utc_time *stamp)
{
    struct sockaddr_storage to;
    uint64_t control[UDP_CONTROL_SEND_SIZE / sizeof(uint64_t)];
    /* sendmsg() does not write: its struct only lacks the const. */
    struct iovec vector = {.iov_base = (void *)(uintptr_t)message->bytes, .iov_len = message->size};
    struct msghdr out = {.msg_iov = &vector, .msg_iovlen = 1};

    if (!s->connected) {
        out.msg_namelen = udp_sockaddr(&message->to, &to);
        out.msg_name = &to;
        udp_ancillary_from(&out, control, &message->from);
    }
    for (int try = 0; try < 2; try++) {
        *stamp = udp_now();
        if (sendmsg(s->fd, &out, 0) == (ssize_t)message->size) {
            if (s->stamps && s->connected) {
                remember(s, message, *stamp);
            }
            return ERR_NONE;
        }
        int os_error = errno;
        restart_ids(s);
        if (!mend(s, os_error)) {
            return os_error == EAGAIN ? ERR_FULL : storage_err(os_error);
        }
    }
    return ERR_UNREACHABLE;
}

/*
 * Whose departure is it?  Where OPT_TSONLY is not honoured the frame comes back, with the datagram
 * at its end; otherwise the kernel's number tells.  A stamp from before the datagram was handed
 * over belongs to an earlier one of the same number.
 */
static struct udp_sent *find_sent(struct udp_socket *s, const struct udp_ancillary *with,
                                  const uint8_t *frame, size_t frame_size)
{
    for (unsigned i = 0; i < UDP_SENT_KEPT; i++) {
        struct udp_sent *sent = &s->sent[i];
        size_t head = sent->size < UDP_SENT_HEAD ? sent->size : UDP_SENT_HEAD;

        if (!sent->waiting || with->stamp.ns < sent->stamp.ns - STAMP_SLACK_NS) {
            continue;
        }
        if (frame_size == 0 ? sent->id == with->id
                            : frame_size >= sent->size &&
                                  memcmp(frame + frame_size - sent->size, sent->head, head) == 0) {
            return sent;
        }
    }
    return NULL;
}

enum err udp_report(struct udp_socket *s, struct udp_report *report)
{
    uint8_t frame[FRAME_MAX];
    struct sockaddr_storage name;
    uint64_t control[UDP_CONTROL_SIZE / sizeof(uint64_t)];
    struct iovec vector = {.iov_base = frame, .iov_len = sizeof frame};
    struct msghdr message = {.msg_name = &name,
                             .msg_namelen = sizeof name,
                             .msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct udp_ancillary with;
    ssize_t got = recvmsg(s->fd, &message, MSG_ERRQUEUE);

    if (got < 0) {
        return storage_err(errno);
    }
    udp_ancillary_read(&message, &with);
    if (with.is_error && with.is_icmp) {
        *report = (struct udp_report){.kind = UDP_REPORT_ERROR, .os_error = with.os_error};
        s->too_big += with.os_error == EMSGSIZE;
        s->unreachable += with.os_error != EMSGSIZE;
        return ERR_NONE;
    }
    struct udp_sent *sent = with.stamped ? find_sent(s, &with, frame, (size_t)got) : NULL;
    if (sent == NULL) {
        return ERR_FORMAT;
    }
    sent->waiting = false;
    *report = (struct udp_report){
        .kind = UDP_REPORT_SENT, .sequence = sent->sequence, .stamp = with.stamp};
    return ERR_NONE;
}
