/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay.c - a network between one client and one server: every datagram waits DELAY, and an
 * exponentially distributed time of mean JITTER on top, in order.  Release is counted from the
 * kernel's stamp of arrival, on CLOCK_MONOTONIC_RAW; the last tenth of a millisecond is spun away.
 *
 * usage: relay ADDRESS PORT SERVER SERVER_PORT DELAY_US JITTER_US SEED
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>

#include "stamps.h"

enum { WAITING_MAX = 256, SIZE_MAX_BYTES = 1024, SPIN_NS = 100000 };

struct datagram {
    int64_t release_ns;
    bool back;
    size_t size;
    uint8_t bytes[SIZE_MAX_BYTES];
};

struct relay {
    int client, server; /* sockets towards them */
    struct sockaddr_storage asker;
    bool asked;
    double delay_ns, jitter_ns;
    uint64_t seed;
    int64_t last_ns[2]; /* release of the last datagram of each direction */
    struct datagram waiting[WAITING_MAX];
    unsigned count;
};

/* Uniform in (0, 1): splitmix64. */
static double draw(struct relay *relay)
{
    uint64_t z = relay->seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

static void accept_one(struct relay *relay, bool back)
{
    struct datagram *datagram = &relay->waiting[relay->count];
    struct sockaddr_storage from;
    int64_t came_ns;
    ssize_t size = take(back ? relay->server : relay->client, datagram->bytes, SIZE_MAX_BYTES,
                        &from, &came_ns);

    if (size < 0 || relay->count + 1 == WAITING_MAX) {
        return;
    }
    if (!back) {
        relay->asker = from;
        relay->asked = true;
    }
    datagram->back = back;
    datagram->size = (size_t)size;
    datagram->release_ns =
        came_ns + (int64_t)(relay->delay_ns - relay->jitter_ns * log(draw(relay)));
    if (datagram->release_ns < relay->last_ns[back]) {
        datagram->release_ns = relay->last_ns[back];
    }
    relay->last_ns[back] = datagram->release_ns;
    relay->count++;
}

/* The datagram that leaves next. */
static struct datagram *next(struct relay *relay)
{
    struct datagram *first = NULL;

    for (unsigned i = 0; i < relay->count; i++) {
        if (!first || relay->waiting[i].release_ns < first->release_ns) {
            first = &relay->waiting[i];
        }
    }
    return first;
}

static void release(struct relay *relay, struct datagram *datagram)
{
    while (clock_ns(CLOCK_MONOTONIC_RAW) < datagram->release_ns) {
    }
    if (!datagram->back) {
        send(relay->server, datagram->bytes, datagram->size, 0);
    } else if (relay->asked) {
        sendto(relay->client, datagram->bytes, datagram->size, 0, (struct sockaddr *)&relay->asker,
               sizeof(struct sockaddr_in));
    }
    *datagram = relay->waiting[--relay->count];
}

static int open_socket(const char *host, const char *port, bool towards)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        (towards ? connect(fd, (struct sockaddr *)&address, sizeof address)
                 : bind(fd, (struct sockaddr *)&address, sizeof address)) < 0) {
        fprintf(stderr, "relay: %s port %s: %s\n", host, port, strerror(errno));
        exit(EXIT_FAILURE);
    }
    stamps_on(fd, false);
    return fd;
}

int main(int argc, char **argv)
{
    static struct relay relay;

    if (argc != 8) {
        fprintf(stderr, "usage: relay ADDRESS PORT SERVER SERVER_PORT DELAY_US JITTER_US SEED\n");
        return 2;
    }
    relay.client = open_socket(argv[1], argv[2], false);
    relay.server = open_socket(argv[3], argv[4], true);
    relay.delay_ns = atof(argv[5]) * 1e3;
    relay.jitter_ns = atof(argv[6]) * 1e3;
    relay.seed = strtoull(argv[7], NULL, 10);
    for (;;) {
        struct datagram *first = next(&relay);
        int64_t wait_ns = first ? first->release_ns - clock_ns(CLOCK_MONOTONIC_RAW) : 1000000000;
        struct pollfd ready[] = {{.fd = relay.client, .events = POLLIN},
                                 {.fd = relay.server, .events = POLLIN}};

        if (first && wait_ns <= SPIN_NS) {
            release(&relay, first);
            continue;
        }
        int64_t sleep_ns = wait_ns - SPIN_NS;
        struct timespec limit = {sleep_ns / 1000000000, sleep_ns % 1000000000};
        if (ppoll(ready, 2, &limit, NULL) > 0) {
            for (int i = 0; i < 2; i++) {
                if (ready[i].revents & POLLIN) {
                    accept_one(&relay, i == 1);
                }
            }
        }
    }
}
