/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generator.c - asks one NTP server on loopback as fast as it answers, for a bounded time.
 *
 * A fixed number of requests is always under way, which keeps the server busy without overflowing
 * its socket.  Requests come from as many loopback addresses as asked for, through one socket.
 *
 * usage: generator ADDRESS PORT SECONDS CLIENTS
 * prints: ANSWERS LOST BAD SECONDS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum {
    HEADER = 48,
    BATCH = 32,
    WINDOW = 128, /* requests under way: fits into the kernel's default socket buffer */
    TRANSMIT = 40,
    ORIGIN = 24,
    FIRST_CLIENT = 0x7f010001, /* 127.1.0.1 */
};

static const uint32_t mark = 0x6e6f6f6e; /* upper half of our transmit stamps */
static const double longest_s = 60;      /* nobody gets a load test by mistake */

struct generator {
    int fd;
    struct sockaddr_in server;
    uint32_t clients;
    uint32_t next; /* number of the next request */
    unsigned under_way;
    uint64_t answers, lost, bad;
};

/* A message with a choice of its sender's address. */
struct request {
    struct iovec part;
    uint8_t bytes[HEADER];
    _Alignas(size_t) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void prepare(struct generator *g, struct request *request, struct msghdr *message)
{
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(FIRST_CLIENT + g->next % g->clients)};
    uint32_t number = g->next++;

    memset(request->bytes, 0, sizeof request->bytes);
    request->bytes[0] = 0x23; /* version 4, client */
    memcpy(request->bytes + TRANSMIT, &mark, 4);
    memcpy(request->bytes + TRANSMIT + 4, &number, 4);
    request->part = (struct iovec){request->bytes, sizeof request->bytes};
    *message = (struct msghdr){.msg_name = &g->server,
                               .msg_namelen = sizeof g->server,
                               .msg_iov = &request->part,
                               .msg_iovlen = 1,
                               .msg_control = request->control,
                               .msg_controllen = sizeof request->control};
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(header), &info, sizeof info);
}

static void ask(struct generator *g)
{
    struct request requests[BATCH];
    struct mmsghdr messages[BATCH];
    unsigned count = 0;

    while (count < BATCH && g->under_way + count < WINDOW) {
        prepare(g, &requests[count], &messages[count].msg_hdr);
        count++;
    }
    int sent = count > 0 ? sendmmsg(g->fd, messages, count, 0) : 0;
    if (sent < 0) {
        perror("generator: sendmmsg");
        exit(1);
    }
    g->under_way += (unsigned)sent;
}

static void check(struct generator *g, const uint8_t *bytes, size_t size)
{
    bool good = size == HEADER && (bytes[0] & 7) == 4 && bytes[0] >> 6 != 3 && bytes[1] > 0 &&
                bytes[1] < 16 && memcmp(bytes + ORIGIN, &mark, 4) == 0;

    g->answers += good;
    g->bad += !good;
    g->under_way -= g->under_way > 0;
}

static void listen_once(struct generator *g)
{
    uint8_t bytes[BATCH][2 * HEADER];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];

    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){bytes[i], sizeof bytes[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int got = recvmmsg(g->fd, messages, BATCH, MSG_WAITFORONE, NULL);
    if (got <= 0) { /* SO_RCVTIMEO: whatever was under way is not coming any more */
        g->lost += g->under_way;
        g->under_way = 0;
        return;
    }
    for (int i = 0; i < got; i++) {
        check(g, bytes[i], messages[i].msg_len);
    }
}

static bool open_socket(struct generator *g)
{
    const struct timeval patience = {.tv_usec = 50000};
    const struct sockaddr_in local = {.sin_family = AF_INET};

    g->fd = socket(AF_INET, SOCK_DGRAM, 0);
    return g->fd >= 0 &&
           setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
           bind(g->fd, (const struct sockaddr *)&local, sizeof local) == 0;
}

int main(int argc, char **argv)
{
    struct generator g = {.server.sin_family = AF_INET};

    if (argc != 5 || inet_pton(AF_INET, argv[1], &g.server.sin_addr) != 1) {
        fputs("usage: generator ADDRESS PORT SECONDS CLIENTS\n", stderr);
        return 2;
    }
    g.server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    double length_s = strtod(argv[3], NULL);
    g.clients = (uint32_t)strtoul(argv[4], NULL, 10);
    if (ntohl(g.server.sin_addr.s_addr) >> 24 != 127 || !(length_s > 0 && length_s <= longest_s) ||
        g.clients < 1 || g.clients > 60000) {
        fputs("generator: a loopback address, at most 60 s, 1 to 60000 clients\n", stderr);
        return 2;
    }
    if (!open_socket(&g)) {
        perror("generator");
        return 1;
    }
    double start_s = now_s();
    while (now_s() - start_s < length_s) {
        ask(&g);
        listen_once(&g);
    }
    while (g.under_way > 0) { /* so that the next measurement begins with empty sockets */
        listen_once(&g);
    }
    printf("%llu %llu %llu %.6f\n", (unsigned long long)g.answers, (unsigned long long)g.lost,
           (unsigned long long)g.bad, now_s() - start_s);
    return 0;
}
