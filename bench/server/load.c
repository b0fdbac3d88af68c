/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - asks one NTP server as fast as it answers.
 *
 * usage: load ADDRESS SECONDS WINDOW     WINDOW: requests under way at most; 1 measures delays
 *
 * Prints answers per second, requests without answer, and the delay (T4 - T1) - (T3 - T2) with T1
 * read before sending and T4 the kernel's: never negative when the server's stamps are true.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, PACKET = 48, STALL_MS = 20, DELAYS_MAX = 1 << 20, CONTROL = 128 };

#define NTP_TO_UNIX_S INT64_C(2208988800)

struct load {
    int fd;
    unsigned window, under_way;
    uint64_t sent, answers, lost, negative;
    int64_t sent_ns; /* of the last request: T1 when the window is 1 */
    uint32_t delays;
    int64_t *delay_ns;
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int64_t stamp_ns(const uint8_t *at)
{
    uint32_t word[2];

    memcpy(word, at, sizeof word);
    return (ntohl(word[0]) - NTP_TO_UNIX_S) * INT64_C(1000000000) +
           (int64_t)(((uint64_t)ntohl(word[1]) * 1000000000) >> 32);
}

static void send_some(struct load *load)
{
    static uint8_t packet[BATCH][PACKET];
    struct iovec part[BATCH];
    struct mmsghdr message[BATCH];
    unsigned count = load->window - load->under_way;
    int sent;

    count = count < BATCH ? count : BATCH;
    memset(message, 0, sizeof message);
    for (unsigned i = 0; i < count; i++) {
        uint64_t cookie = load->sent + i + 1;

        packet[i][0] = 0x23;
        memcpy(packet[i] + 40, &cookie, sizeof cookie);
        part[i] = (struct iovec){packet[i], PACKET};
        message[i].msg_hdr.msg_iov = &part[i];
        message[i].msg_hdr.msg_iovlen = 1;
    }
    load->sent_ns = now_ns(CLOCK_REALTIME);
    sent = sendmmsg(load->fd, message, count, 0);
    if (sent > 0) {
        load->sent += (unsigned)sent;
        load->under_way += (unsigned)sent;
    }
}

static void measure(struct load *load, const uint8_t *packet, struct msghdr *message)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    struct timespec t4;
    int64_t delay;

    if (head == NULL || head->cmsg_type != SCM_TIMESTAMPNS || load->delays == DELAYS_MAX) {
        return;
    }
    memcpy(&t4, CMSG_DATA(head), sizeof t4);
    delay = t4.tv_sec * INT64_C(1000000000) + t4.tv_nsec - load->sent_ns -
            (stamp_ns(packet + 40) - stamp_ns(packet + 32));
    load->negative += delay < 0;
    load->delay_ns[load->delays++] = delay;
}

static void receive_some(struct load *load)
{
    static uint8_t packet[BATCH][PACKET + 1];
    static uint8_t control[BATCH][CONTROL];
    struct iovec part[BATCH];
    struct mmsghdr message[BATCH];
    int count;

    memset(message, 0, sizeof message);
    for (int i = 0; i < BATCH; i++) {
        part[i] = (struct iovec){packet[i], sizeof packet[i]};
        message[i].msg_hdr.msg_iov = &part[i];
        message[i].msg_hdr.msg_iovlen = 1;
        message[i].msg_hdr.msg_control = control[i];
        message[i].msg_hdr.msg_controllen = CONTROL;
    }
    count = recvmmsg(load->fd, message, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        if (message[i].msg_len != PACKET || (packet[i][0] & 7) != 4) {
            continue;
        }
        load->answers++;
        load->under_way -= load->under_way > 0;
        if (load->window == 1) {
            measure(load, packet[i], &message[i].msg_hdr);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void report(struct load *load, double seconds)
{
    printf("answers_per_s %.0f\nunanswered_percent %.3f\n", (double)load->answers / seconds,
           load->sent > 0 ? 100.0 * (double)load->lost / (double)load->sent : 0.0);
    if (load->delays > 0) {
        qsort(load->delay_ns, load->delays, sizeof *load->delay_ns, by_size);
        printf("delay_us_min %.1f\ndelay_us_p50 %.1f\ndelay_us_p99 %.1f\nnegative %llu of %u\n",
               (double)load->delay_ns[0] / 1e3, (double)load->delay_ns[load->delays / 2] / 1e3,
               (double)load->delay_ns[(uint64_t)load->delays * 99 / 100] / 1e3,
               (unsigned long long)load->negative, load->delays);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(123)};
    struct load load = {.fd = socket(AF_INET, SOCK_DGRAM, 0)};
    int on = 1, room = 1 << 22;
    int64_t start, end;

    if (argc != 4 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 ||
        connect(load.fd, (struct sockaddr *)&server, sizeof server) != 0) {
        fprintf(stderr, "usage: load ADDRESS SECONDS WINDOW\n");
        return 2;
    }
    load.window = (unsigned)strtoul(argv[3], NULL, 10);
    load.delay_ns = malloc(DELAYS_MAX * sizeof *load.delay_ns);
    setsockopt(load.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(load.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    start = now_ns(CLOCK_MONOTONIC);
    end = start + strtol(argv[2], NULL, 10) * INT64_C(1000000000);
    while (load.delay_ns != NULL && now_ns(CLOCK_MONOTONIC) < end) {
        struct pollfd wait = {.fd = load.fd, .events = POLLIN};

        if (load.under_way < load.window) {
            send_some(&load);
        }
        if (poll(&wait, 1, STALL_MS) == 0) {
            load.lost += load.under_way;
            load.under_way = 0;
        } else {
            receive_some(&load);
        }
    }
    report(&load, (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9);
    free(load.delay_ns);
    return load.answers > 0 ? 0 : 1;
}
