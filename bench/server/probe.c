/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - how true the timestamps of a server are that reads the same clock as we do.
 *
 * usage: probe SERVER-IP PROBES PER-SECOND plain|xleave
 *
 * Asks with the kernel's stamps on this side.  Both read one clock: the offset that is measured,
 * ((T2-T1)+(T3-T4))/2, is the error of the stamps.  Prints one line of words and numbers, us:
 *   answers N offset_p50 X offset_p90 X offset_p99 X median X t2_p50 X t2_p99 X t3_p50 X t3_p99 X
 *   negative N
 * offset_*: of |offset|; t2: T2 - T1, t3: T4 - T3; negative: round trips below 0.
 */
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { NTP = 48, PROBES_MAX = 100000, CONTROL = 512, WAIT_MS = 20 };

static const int64_t ntp_to_unix_s = 2208988800;

/* One exchange: our two stamps and the server's two, UNIX ns. */
struct exchange {
    int64_t t1_ns, t2_ns, t3_ns, t4_ns;
    uint64_t receive; /* the server's receive stamp as it came */
};

static int64_t unix_of(const uint8_t *at)
{
    uint32_t words[2];

    memcpy(words, at, sizeof words);
    return ((int64_t)ntohl(words[0]) - ntp_to_unix_s) * 1000000000 +
           (int64_t)(((uint64_t)ntohl(words[1]) * 1000000000) >> 32);
}

/* Receives with the kernel's stamp; the size, -1: nothing within the time. */
static ssize_t take(int fd, int flags, uint8_t *bytes, size_t size, int64_t *stamp_ns)
{
    _Alignas(size_t) uint8_t control[CONTROL];
    struct iovec part = {bytes, size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct pollfd wait = {.fd = fd, .events = flags == 0 ? POLLIN : 0};

    if (poll(&wait, 1, WAIT_MS) != 1) {
        return -1;
    }
    ssize_t got = recvmsg(fd, &message, flags | MSG_DONTWAIT);
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); got >= 0 && h != NULL;
         h = CMSG_NXTHDR(&message, h)) {
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_TIMESTAMPING) {
            struct timespec stamp;

            memcpy(&stamp, CMSG_DATA(h), sizeof stamp);
            *stamp_ns = stamp.tv_sec * INT64_C(1000000000) + stamp.tv_nsec;
        }
    }
    return got;
}

/* True: answered.  In interleaved mode t3_ns is when the answer before this one left. */
static bool ask(int fd, const struct exchange *before, struct exchange *now, bool *interleaved)
{
    uint8_t request[NTP] = {0x23}, reply[NTP], nothing[256];
    static uint64_t number;

    number += 0x100000001;
    memcpy(request + 40, &number, 8);
    if (before != NULL) {
        uint64_t mark = ~number;

        memcpy(request + 24, &before->receive, 8);
        memcpy(request + 32, &mark, 8);
    }
    while (recv(fd, reply, NTP, MSG_DONTWAIT) >= 0) { /* late ones */
    }
    if (send(fd, request, NTP, 0) != NTP ||
        take(fd, MSG_ERRQUEUE, nothing, sizeof nothing, &now->t1_ns) < 0 ||
        take(fd, 0, reply, NTP, &now->t4_ns) != NTP) {
        return false;
    }
    now->t2_ns = unix_of(reply + 32);
    now->t3_ns = unix_of(reply + 40);
    memcpy(&now->receive, reply + 32, 8);
    *interleaved = before != NULL && memcmp(reply + 24, request + 32, 8) == 0;
    return *interleaved || memcmp(reply + 24, request + 40, 8) == 0;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double part_us(int64_t *values, unsigned count, double part)
{
    qsort(values, count, sizeof *values, by_size);
    return (double)values[(unsigned)((count - 1) * part)] / 1e3;
}

struct series {
    unsigned count, negative;
    int64_t offset[PROBES_MAX], size[PROBES_MAX], t2[PROBES_MAX], t3[PROBES_MAX];
};

static void add(struct series *series, const struct exchange *e)
{
    int64_t offset = ((e->t2_ns - e->t1_ns) + (e->t3_ns - e->t4_ns)) / 2;
    unsigned i = series->count++;

    series->offset[i] = offset;
    series->size[i] = offset < 0 ? -offset : offset;
    series->t2[i] = e->t2_ns - e->t1_ns;
    series->t3[i] = e->t4_ns - e->t3_ns;
    series->negative += (e->t4_ns - e->t1_ns) < (e->t3_ns - e->t2_ns);
}

static void probe(int fd, unsigned probes, long pause_ns, bool xleave, struct series *series)
{
    struct exchange before = {0}, now;
    bool known = false;

    for (unsigned i = 0; i < probes; i++) {
        const struct timespec pause = {0, pause_ns};
        bool interleaved = false;

        if (ask(fd, xleave && known ? &before : NULL, &now, &interleaved)) {
            if (!xleave) {
                add(series, &now);
            } else if (interleaved) {
                before.t3_ns = now.t3_ns; /* of the answer before */
                add(series, &before);
            }
            before = now;
            known = true;
        } else {
            known = false;
        }
        nanosleep(&pause, NULL);
    }
}

int main(int argc, char **argv)
{
    static struct series series;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(123)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
                 SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 ||
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0 ||
        connect(fd, (struct sockaddr *)&server, sizeof server) != 0) {
        fprintf(stderr, "usage: probe SERVER-IP PROBES PER-SECOND plain|xleave\n");
        return 2;
    }
    unsigned probes = (unsigned)strtoul(argv[2], NULL, 10);
    probe(fd, probes < PROBES_MAX ? probes : PROBES_MAX, (long)(1e9 / strtod(argv[3], NULL)),
          strcmp(argv[4], "xleave") == 0, &series);
    if (series.count == 0) {
        printf("answers 0\n");
        return 1;
    }
    printf("answers %u offset_p50 %.2f offset_p90 %.2f offset_p99 %.2f median %+.2f t2_p50 %.2f "
           "t2_p99 %.2f t3_p50 %.2f t3_p99 %.2f negative %u\n",
           series.count, part_us(series.size, series.count, 0.5),
           part_us(series.size, series.count, 0.9), part_us(series.size, series.count, 0.99),
           part_us(series.offset, series.count, 0.5), part_us(series.t2, series.count, 0.5),
           part_us(series.t2, series.count, 0.99), part_us(series.t3, series.count, 0.5),
           part_us(series.t3, series.count, 0.99), series.negative);
    return 0;
}
