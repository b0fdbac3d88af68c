/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reference.c - an NTP server whose time is CLOCK_MONOTONIC_RAW + BASE, gaining RATE ppm from START
 * on: true time of the closed loop, which nobody can steer.  Basic and interleaved mode (RFC 9769),
 * for one client.
 *
 * usage: reference ADDRESS PORT BASE_NS START_RAW_NS RATE_PPM
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "stamps.h"

enum { HEADER = 48, ORIGIN = 24, RECEIVE = 32, TRANSMIT = 40 };

struct truth {
    int64_t base_ns, start_ns;
    double rate;
};

/* The last exchange: what interleaved mode refers to. */
struct last {
    uint64_t receive; /* network order, as it was sent */
    uint64_t sent;
};

/* NTP timestamp in network order. */
static uint64_t stamp_at(const struct truth *truth, int64_t raw_ns)
{
    int64_t ns =
        raw_ns + truth->base_ns + (int64_t)((double)(raw_ns - truth->start_ns) * truth->rate);
    uint64_t s = (uint64_t)(ns / 1000000000) + UINT64_C(2208988800);
    uint64_t part = (uint64_t)(ns % 1000000000);
    uint64_t value = s << 32 | ((part << 32) / 1000000000);

    return htobe64(value);
}

/* When the answer left, by the kernel; 0: it does not say. */
static int64_t left_ns(int fd)
{
    int64_t end_ns = clock_ns(CLOCK_MONOTONIC_RAW) + 2000000;
    int64_t raw_ns = 0;

    while (clock_ns(CLOCK_MONOTONIC_RAW) < end_ns) {
        char control[512], byte;
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof control};

        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
            return message_raw_ns(&message);
        }
    }
    return raw_ns;
}

static void answer(int fd, const struct truth *truth, struct last *last)
{
    uint8_t packet[1024];
    struct sockaddr_storage from;
    int64_t came_ns;
    ssize_t size = take(fd, packet, sizeof packet, &from, &came_ns);
    uint64_t origin, theirs_received, theirs_sent, receive, transmit;

    if (size < HEADER || (packet[0] & 7) != 3) {
        return;
    }
    memcpy(&origin, packet + ORIGIN, 8);
    memcpy(&theirs_received, packet + RECEIVE, 8);
    memcpy(&theirs_sent, packet + TRANSMIT, 8);
    bool interleaved =
        origin != 0 && origin == last->receive && last->sent != 0 && theirs_received != theirs_sent;

    receive = stamp_at(truth, came_ns);
    packet[0] = (uint8_t)((packet[0] & 0x38) | 4);
    packet[1] = 1;
    packet[3] = (uint8_t)-24;
    memset(packet + 4, 0, 12);
    packet[11] = 1; /* root dispersion: 15 us */
    memcpy(packet + 12, "RAW", 4);
    memcpy(packet + 16, &receive, 8);
    memcpy(packet + ORIGIN, interleaved ? &theirs_received : &theirs_sent, 8);
    memcpy(packet + RECEIVE, &receive, 8);
    transmit = interleaved ? last->sent : stamp_at(truth, clock_ns(CLOCK_MONOTONIC_RAW));
    memcpy(packet + TRANSMIT, &transmit, 8);
    if (sendto(fd, packet, HEADER, 0, (struct sockaddr *)&from, sizeof from) != HEADER) {
        return;
    }
    int64_t raw_ns = left_ns(fd);
    last->receive = receive;
    last->sent = raw_ns ? stamp_at(truth, raw_ns) : 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    struct truth truth;
    struct last last = {0, 0};
    char mapped[64];
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    if (argc != 6) {
        fprintf(stderr, "usage: reference ADDRESS PORT BASE_NS START_RAW_NS RATE_PPM\n");
        return 2;
    }
    snprintf(mapped, sizeof mapped, "%s%s", strchr(argv[1], ':') ? "" : "::ffff:", argv[1]);
    address.sin6_port = htons((uint16_t)atoi(argv[2]));
    truth = (struct truth){atoll(argv[3]), atoll(argv[4]), atof(argv[5]) * 1e-6};
    if (inet_pton(AF_INET6, mapped, &address.sin6_addr) != 1 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "reference: can't bind %s port %s: %s\n", argv[1], argv[2],
                strerror(errno));
        return 1;
    }
    stamps_on(fd, true);
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};

        if (poll(&ready, 1, -1) > 0 && ready.revents & POLLIN) {
            answer(fd, &truth, &last);
        } else if (ready.revents & POLLERR) {
            left_ns(fd); /* a stamp that came too late: of no use */
        }
    }
}
