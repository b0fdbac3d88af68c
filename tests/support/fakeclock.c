/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fakeclock.c - preloaded before the C library, it gives an unmodified program a virtual time.
 *
 * Clocks, clock_adjtime(), poll() and UDP sockets are answered by fake_world; time moves only while
 * the program waits in poll() or sleeps.  It is deliberately as narrow as simulators of this kind
 * are: one ready descriptor a poll(), one receive call for it, no IPv6, no local sockets, no socket
 * type flags, CLOCK_MONOTONIC from 0, no CLOCK_BOOTTIME.  A call that such a simulator could not
 * see (epoll, ppoll, fork, sleep, sendmmsg, raw system calls ...) ends the program with its name.
 *
 * Environment: FAKECLOCK_ERROR_S, FAKECLOCK_SKEW_PPM (the clock at the start), FAKECLOCK_SERVERS
 * (their offsets in s: "0 0 0.2" are 192.0.2.1 to 192.0.2.3), FAKECLOCK_DELAY_S,
 * FAKECLOCK_JITTER_S, FAKECLOCK_SEED, FAKECLOCK_SETTLE_S (errors count after that),
 * FAKECLOCK_REPORT (a file for the result, written when the program ends), FAKECLOCK_START_S (the
 * true time it begins at), FAKECLOCK_SPEAK_S and FAKECLOCK_SILENT_S (servers answer only between
 * these), FAKECLOCK_RIVAL_S (another program changes the frequency so often), FAKECLOCK_LEAP (that
 * they announce), FAKECLOCK_TRACE (a file with a line each second: s since the start, true error in
 * s, maxerror, esterror, status, TAI).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "support/fake_world.h"

enum {
    DESCRIPTORS_MAX = 1024,
    POLLS_WITHOUT_TIME_MAX = 10000,
    READING_NS = 50,
    CALL_NS = 500,
    FRAME_HEAD = 14 + 20 + 8, /* Ethernet, IPv4, UDP: before a looped datagram */
    NOBODY = -1
};

#define SERVER_NETWORK UINT32_C(0xc0000200) /* 192.0.2.0/24, for documentation (RFC 5737) */

struct fake_socket {
    bool used, connected, packet_info;
    bool readable, reported; /* the last poll() said so: one receive call is due */
    int stamps;              /* SO_TIMESTAMPING flags */
    uint32_t sent_count;
    unsigned server; /* connected to */
    struct sockaddr_in local, remote;
    size_t looped_size; /* the last datagram sent, on the error queue; 0: none */
    int64_t looped_ns;
    uint8_t looped[FAKE_DATAGRAM_MAX];
};

static struct fake_world world;
static struct fake_socket sockets[DESCRIPTORS_MAX];
static unsigned polls_without_time;
static FILE *trace;
static uint16_t next_port = 40000;
static bool waited; /* before its first wait a program may measure how long a reading takes */

/* ---- ending ---------------------------------------------------------------------------------- */

static void unseen(const char *what)
{
    fprintf(stderr, "fakeclock: %s: a simulator of the C library cannot follow this\n", what);
    abort();
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAKECLOCK_TRACE");

    world_init(&world);
    trace = path != NULL ? fopen(path, "w") : NULL;
}

void world_second(const struct fake_world *w)
{
    if (trace != NULL) {
        fprintf(trace, "%.0f %.9f %lld %lld %d %d\n", (double)(w->true_ns - w->start_ns) / 1e9,
                world_error_s(w), (long long)world_maxerror_us(w), (long long)w->clock.esterror_us,
                world_status(w), w->clock.tai);
    }
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAKECLOCK_REPORT");
    const struct fake_report *r = &world.report;
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    unsigned i;

    if (file == NULL) {
        return;
    }
    fprintf(file, "error_s %.9f\nelapsed_s %.3f\n", world_error_s(&world),
            (double)(world.true_ns - world.start_ns) / 1e9);
    fprintf(file, "rms_s %.9f\nworst_s %.9f\njudged_s %llu\n",
            r->seconds > 0 ? sqrt(r->squares / (double)r->seconds) : 0.0, r->worst_s,
            (unsigned long long)r->seconds);
    fprintf(file, "freq_ppm %.6f\nmaxerror_us %lld\nstatus %d\n",
            (double)world.clock.freq / 65536 + (double)(world.clock.tick - 10000) * 100,
            (long long)world_maxerror_us(&world), world_status(&world));
    fprintf(file, "esterror_us %lld\ntai %d\n", (long long)world.clock.esterror_us,
            world.clock.tai);
    fprintf(file, "steps %llu\nadjustments %llu\nrequests %llu\n", (unsigned long long)r->steps,
            (unsigned long long)r->adjustments, (unsigned long long)r->requests);
    for (i = 0; i < world.server_count; i++) {
        fprintf(file, "answers_%u %llu\n", i + 1, (unsigned long long)world.servers[i].answers);
    }
    fclose(file);
}

/* The C library's own function behind one of ours. */
static void *real_function(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL) {
        unseen(name);
    }
    return function;
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static struct timespec to_timespec(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / FAKE_NS_PER_S, .tv_nsec = ns % FAKE_NS_PER_S};

    return t;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (!waited) {
        world_advance(&world, world.true_ns + READING_NS);
    }
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *t = to_timespec(world_real(&world));
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
        *t = to_timespec(world_mono(&world));
        return 0;
    case CLOCK_MONOTONIC_RAW:
        *t = to_timespec(world_raw(&world));
        return 0;
    default:
        return refuse(EINVAL);
    }
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    int64_t ns = world_real(&world);

    (void)zone;
    t->tv_sec = ns / FAKE_NS_PER_S;
    t->tv_usec = ns % FAKE_NS_PER_S / 1000;
    return 0;
}

time_t time(time_t *t)
{
    time_t seconds = world_real(&world) / FAKE_NS_PER_S;

    if (t != NULL) {
        *t = seconds;
    }
    return seconds;
}

int clock_settime(clockid_t id, const struct timespec *t)
{
    if (id != CLOCK_REALTIME) {
        return refuse(EINVAL);
    }
    world_set(&world, t->tv_sec * FAKE_NS_PER_S + t->tv_nsec);
    return 0;
}

int settimeofday(const struct timeval *t, const struct timezone *zone)
{
    (void)zone;
    world_set(&world, t->tv_sec * FAKE_NS_PER_S + t->tv_usec * 1000);
    return 0;
}

int clock_adjtime(clockid_t id, struct timex *tx)
{
    return id == CLOCK_REALTIME ? world_adjust(&world, tx) : refuse(EINVAL);
}

int adjtimex(struct timex *tx)
{
    return world_adjust(&world, tx);
}

int ntp_adjtime(struct timex *tx)
{
    return world_adjust(&world, tx);
}

int nanosleep(const struct timespec *request, struct timespec *rest)
{
    if (rest != NULL) {
        *rest = to_timespec(0);
    }
    world_advance(&world, world_after(&world, request->tv_sec * FAKE_NS_PER_S + request->tv_nsec));
    return 0;
}

int usleep(useconds_t us)
{
    world_advance(&world, world_after(&world, (int64_t)us * 1000));
    return 0;
}

/* A signal after some real time has no place in virtual time; nothing here is ever interrupted. */
unsigned alarm(unsigned seconds)
{
    (void)seconds;
    return 0;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static struct fake_socket *fake(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS_MAX && sockets[fd].used ? &sockets[fd] : NULL;
}

/* A descriptor of our own under the socket's number, so that fcntl() and close() work. */
int socket(int domain, int type, int protocol)
{
    int fd;

    (void)protocol;
    if (domain != AF_INET || type != SOCK_DGRAM) {
        return refuse(EINVAL);
    }
    fd = open("/dev/null", O_RDWR);
    if (fd < 0 || fd >= DESCRIPTORS_MAX) {
        return refuse(EMFILE);
    }
    memset(&sockets[fd], 0, sizeof sockets[fd]);
    sockets[fd].used = true;
    sockets[fd].local.sin_family = AF_INET;
    return fd;
}

int close(int fd)
{
    int (*real_close)(int) = (int (*)(int))real_function("close");
    struct fake_datagram *d;

    while (fake(fd) != NULL && (d = world_datagram(&world, fd, true)) != NULL) {
        d->used = false;
    }
    if (fake(fd) != NULL) {
        sockets[fd].used = false;
    }
    return real_close(fd);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    struct fake_socket *s = fake(fd);

    if (s == NULL || size < sizeof s->local || address->sa_family != AF_INET) {
        return refuse(EINVAL);
    }
    memcpy(&s->local, address, sizeof s->local);
    if (s->local.sin_port == 0) {
        s->local.sin_port = htons(next_port++);
    }
    return 0;
}

/* Which server an address names; NOBODY: none of them. */
static int server_of(const struct sockaddr_in *to)
{
    uint32_t number = ntohl(to->sin_addr.s_addr) - SERVER_NETWORK;

    return to->sin_family == AF_INET && number >= 1 && number <= world.server_count &&
                   to->sin_port == htons(123)
               ? (int)number - 1
               : NOBODY;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    struct fake_socket *s = fake(fd);
    int server;

    if (s == NULL || size < sizeof s->remote) {
        return refuse(EINVAL);
    }
    memcpy(&s->remote, address, sizeof s->remote);
    server = server_of(&s->remote);
    if (server == NOBODY) {
        return refuse(ENETUNREACH);
    }
    s->server = (unsigned)server;
    s->connected = true;
    if (s->local.sin_port == 0) {
        s->local.sin_port = htons(next_port++);
    }
    s->local.sin_addr.s_addr = htonl(SERVER_NETWORK + 100);
    return 0;
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
    struct fake_socket *s = fake(fd);

    if (s == NULL || *size < sizeof s->local) {
        return refuse(EINVAL);
    }
    memcpy(address, &s->local, sizeof s->local);
    *size = sizeof s->local;
    return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    struct fake_socket *s = fake(fd);

    if (s == NULL) {
        return refuse(EBADF);
    }
    if (level == SOL_SOCKET && name == SO_TIMESTAMPING && size >= sizeof s->stamps) {
        memcpy(&s->stamps, value, sizeof s->stamps);
    }
    if (level == IPPROTO_IP && name == IP_PKTINFO) {
        s->packet_info = true;
    }
    return 0;
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size)
{
    if (fake(fd) == NULL || level != SOL_SOCKET || name != SO_ERROR || *size < sizeof(int)) {
        return refuse(EINVAL);
    }
    memset(value, 0, sizeof(int));
    return 0;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct fake_socket *s = fake(fd);
    int server = s != NULL && s->connected ? (int)s->server : NOBODY;
    size_t size;

    (void)flags;
    if (s == NULL || message->msg_iovlen != 1) {
        return refuse(EINVAL);
    }
    if (message->msg_name != NULL) {
        server = server_of(message->msg_name);
    }
    size = message->msg_iov[0].iov_len;
    if (server == NOBODY || size > FAKE_DATAGRAM_MAX) {
        return refuse(server == NOBODY ? ENETUNREACH : EMSGSIZE);
    }
    world_request(&world, fd, (unsigned)server, message->msg_iov[0].iov_base, size);
    if ((s->stamps & SOF_TIMESTAMPING_TX_SOFTWARE) != 0) {
        memcpy(s->looped, message->msg_iov[0].iov_base, size);
        s->looped_size = size;
        s->looped_ns = world_real(&world);
    }
    s->sent_count++;
    return (ssize_t)size;
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size)
{
    struct sockaddr_in address;
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (to != NULL && to_size >= sizeof address) {
        memcpy(&address, to, sizeof address);
        message.msg_name = &address;
        message.msg_namelen = sizeof address;
    }
    return sendmsg(fd, &message, flags);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    return sendto(fd, bytes, size, flags, NULL, 0);
}

/* Appends one control message; *used is how much of the control buffer is taken. */
static void add_control(struct msghdr *message, size_t *used, int level, int type,
                        const void *value, size_t size)
{
    struct cmsghdr head = {.cmsg_len = CMSG_LEN(size), .cmsg_level = level, .cmsg_type = type};
    uint8_t *at = (uint8_t *)message->msg_control + *used;

    if (message->msg_control == NULL || *used + CMSG_SPACE(size) > message->msg_controllen) {
        unseen("a control buffer too small for stamps and packet information");
    }
    memset(at, 0, CMSG_SPACE(size));
    memcpy(at, &head, sizeof head);
    memcpy(at + CMSG_LEN(0), value, size);
    *used += CMSG_SPACE(size);
}

static void add_stamp(struct msghdr *message, size_t *used, int64_t ns)
{
    struct timespec stamps[3] = {{0}};

    stamps[0] = to_timespec(ns);
    add_control(message, used, SOL_SOCKET, SCM_TIMESTAMPING, stamps, sizeof stamps);
}

/* The datagram that was sent last, in its Ethernet frame, with the stamp of its departure. */
static ssize_t receive_looped(struct fake_socket *s, struct msghdr *message)
{
    struct sock_extended_err report = {.ee_errno = ENOMSG,
                                       .ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
                                       .ee_info = SCM_TSTAMP_SND,
                                       .ee_data = s->sent_count - 1};
    uint8_t frame[FRAME_HEAD + FAKE_DATAGRAM_MAX] = {[12] = 8, [FRAME_HEAD - 28] = 0x45};
    size_t size = FRAME_HEAD + s->looped_size, used = 0;
    size_t room = message->msg_iov[0].iov_len;

    memcpy(frame + FRAME_HEAD, s->looped, s->looped_size);
    s->looped_size = 0;
    size = size < room ? size : room;
    memcpy(message->msg_iov[0].iov_base, frame, size);
    add_stamp(message, &used, s->looped_ns);
    add_control(message, &used, SOL_IP, IP_RECVERR, &report, sizeof report);
    message->msg_controllen = used;
    message->msg_flags = MSG_ERRQUEUE;
    return (ssize_t)size;
}

static ssize_t receive_datagram(int fd, struct fake_socket *s, struct msghdr *message)
{
    struct fake_datagram *d = world_datagram(&world, fd, false);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(123)};
    size_t used = 0, size;

    if (d == NULL) {
        return refuse(EAGAIN);
    }
    from.sin_addr.s_addr = htonl(SERVER_NETWORK + 1 + d->server);
    if (message->msg_name != NULL && message->msg_namelen >= sizeof from) {
        memcpy(message->msg_name, &from, sizeof from);
        message->msg_namelen = sizeof from;
    }
    size = d->size < message->msg_iov[0].iov_len ? d->size : message->msg_iov[0].iov_len;
    memcpy(message->msg_iov[0].iov_base, d->bytes, size);
    if (s->packet_info) {
        struct in_pktinfo info = {.ipi_ifindex = 1, .ipi_addr = s->local.sin_addr};

        info.ipi_spec_dst = s->local.sin_addr;
        add_control(message, &used, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
    if ((s->stamps & SOF_TIMESTAMPING_RX_SOFTWARE) != 0) {
        add_stamp(message, &used, world_real(&world));
    }
    message->msg_controllen = used;
    message->msg_flags = 0;
    d->used = false;
    return (ssize_t)size;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct fake_socket *s = fake(fd);

    if (s == NULL || message->msg_iovlen != 1) {
        return refuse(EINVAL);
    }
    if (!s->reported) {
        unseen("a receive call on a socket that the last poll() did not report");
    }
    s->reported = false;
    if ((flags & MSG_ERRQUEUE) != 0) {
        if (s->looped_size == 0) {
            unseen("reading an error queue that the last poll() did not report");
        }
        return receive_looped(s, message);
    }
    return receive_datagram(fd, s, message);
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags,
                 struct sockaddr *restrict from, socklen_t *restrict from_size)
{
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    uint8_t control[256];
    struct msghdr message = {.msg_name = from,
                             .msg_namelen = from_size != NULL ? *from_size : 0,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t received = recvmsg(fd, &message, flags);

    if (from_size != NULL) {
        *from_size = message.msg_namelen;
    }
    return received;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    return recvfrom(fd, bytes, size, flags, NULL, NULL);
}

/* One datagram a call, whatever was asked. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    ssize_t size = count > 0 ? recvmsg(fd, &messages[0].msg_hdr, flags) : 0;

    (void)timeout;
    if (size < 0) {
        return -1;
    }
    messages[0].msg_len = (unsigned)size;
    return 1;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* What a descriptor has to say now. */
static short ready_events(const struct pollfd *p)
{
    const struct fake_socket *s = fake(p->fd);

    if (s == NULL) {
        unseen("poll() on a descriptor that is no simulated socket");
    }
    if ((p->events & POLLPRI) != 0 && s->looped_size > 0) {
        return POLLPRI;
    }
    if ((p->events & POLLIN) != 0 && world_datagram(&world, p->fd, false) != NULL) {
        return POLLIN;
    }
    return 0;
}

/* Reports the first descriptor that is ready, and no other. */
static int report_ready(struct pollfd *fds, nfds_t count)
{
    int found = 0;
    nfds_t i;

    for (i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (fds[i].fd >= 0) {
            sockets[fds[i].fd].reported = false;
        }
    }
    for (i = 0; i < count && found == 0; i++) {
        fds[i].revents = fds[i].fd >= 0 ? ready_events(&fds[i]) : 0;
        if (fds[i].revents != 0) {
            sockets[fds[i].fd].reported = true;
            found = 1;
        }
    }
    return found;
}

/* The true time at which the wait ends at the latest: the timeout, or the first arrival. */
static int64_t wait_until(const struct pollfd *fds, nfds_t count, int timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : world_after(&world, (int64_t)timeout_ms * 1000000);
    nfds_t i;

    for (i = 0; i < count; i++) {
        const struct fake_datagram *d = NULL;

        if (fds[i].fd >= 0 && (fds[i].events & POLLIN) != 0) {
            d = world_datagram(&world, fds[i].fd, true);
        }
        if (d != NULL && d->arrival_ns < until) {
            until = d->arrival_ns;
        }
    }
    return until;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    int ready = report_ready(fds, count);
    int64_t until;

    if (ready != 0 || timeout_ms == 0) {
        if (++polls_without_time > POLLS_WITHOUT_TIME_MAX) {
            unseen("polling without end while time stands still");
        }
        /* A call takes time: who waits for less than the unit of its timeout gets there. */
        world_advance(&world, ready != 0 ? 0 : world.true_ns + CALL_NS);
        return ready;
    }
    polls_without_time = 0;
    waited = true;
    until = wait_until(fds, count, timeout_ms);
    if (until == INT64_MAX) {
        unseen("waiting for ever with nothing on its way");
    }
    world_advance(&world, until);
    return report_ready(fds, count);
}

/* One descriptor a call, as poll() reports it. */
int select(int count, fd_set *restrict reading, fd_set *restrict writing,
           fd_set *restrict exceptions, struct timeval *restrict timeout)
{
    struct pollfd fds[FD_SETSIZE];
    nfds_t used = 0, i;
    int fd, ready, timeout_ms = -1;

    for (fd = 0; fd < count; fd++) {
        short wanted = reading != NULL && FD_ISSET(fd, reading) ? POLLIN : 0;

        wanted |= exceptions != NULL && FD_ISSET(fd, exceptions) ? POLLPRI : 0;
        if (wanted != 0) {
            fds[used++] = (struct pollfd){.fd = fd, .events = wanted};
        }
        if (writing != NULL) {
            FD_CLR(fd, writing);
        }
    }
    if (timeout != NULL) {
        timeout_ms = (int)(timeout->tv_sec * 1000 + (timeout->tv_usec + 999) / 1000);
    }
    ready = poll(fds, used, timeout_ms);
    for (i = 0; i < used; i++) {
        if (reading != NULL && (fds[i].revents & POLLIN) == 0) {
            FD_CLR(fds[i].fd, reading);
        }
        if (exceptions != NULL && (fds[i].revents & POLLPRI) == 0) {
            FD_CLR(fds[i].fd, exceptions);
        }
    }
    return ready;
}

/* What -D_FORTIFY_SOURCE makes of poll(). */
int fake_poll_checked(struct pollfd *fds, nfds_t count, int timeout_ms,
                      size_t size) __asm__("__poll_chk");
int fake_poll_checked(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    (void)size;
    return poll(fds, count, timeout_ms);
}

/* ---- randomness, and what nobody may call ---------------------------------------------------- */

ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    size_t at;

    (void)flags;
    for (at = 0; at < size; at++) {
        ((uint8_t *)bytes)[at] = (uint8_t)(world_random(&world) >> 56);
    }
    return (ssize_t)size;
}

long syscall(long number, ...)
{
    long (*real_syscall)(long, ...) = (long (*)(long, ...))real_function("syscall");
    long a[4];
    va_list list;
    int i;

    va_start(list, number);
    for (i = 0; i < 4; i++) {
        a[i] = va_arg(list, long);
    }
    va_end(list);
    if (number == SYS_clock_adjtime) {
        struct timex *tx;

        memcpy(&tx, &a[1], sizeof tx);
        return clock_adjtime((clockid_t)a[0], tx);
    }
    if (number != SYS_gettid && number != SYS_futex) {
        fprintf(stderr, "fakeclock: system call %ld\n", number);
        unseen("syscall()");
    }
    return real_syscall(number, a[0], a[1], a[2], a[3]);
}

/* Prototypes of the C library do not matter here: none of these returns. */
#define UNSEEN(name)                                                                               \
    int unseen_##name(void) __asm__(#name);                                                        \
    int unseen_##name(void)                                                                        \
    {                                                                                              \
        unseen(#name "()");                                                                        \
        return -1;                                                                                 \
    }

UNSEEN(ppoll)
UNSEEN(pselect)
UNSEEN(epoll_create)
UNSEEN(epoll_create1)
UNSEEN(eventfd)
UNSEEN(signalfd)
UNSEEN(inotify_init)
UNSEEN(inotify_init1)
UNSEEN(timerfd_create)
UNSEEN(timer_create)
UNSEEN(sendmmsg)
UNSEEN(accept4)
UNSEEN(fork)
UNSEEN(vfork)
UNSEEN(posix_spawn)
UNSEEN(execve)
UNSEEN(execv)
UNSEEN(sleep)
UNSEEN(clock_nanosleep)
UNSEEN(timespec_get)
UNSEEN(pthread_create)
