/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * responder.c - the least that answers an NTP request: recvfrom(), two looks at the clock,
 * sendto().
 *
 * It checks nobody, remembers nobody and tells nothing of its own quality: the yardstick by which
 * the servers are measured, because absolute rates change with the machine's mood and ratios do
 * not.
 *
 * usage: responder ADDRESS PORT
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { HEADER = 48, STRATUM = 8 };

static const int64_t unix_to_ntp_s = 2208988800;

static void put_now(uint8_t bytes[static 8])
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint32_t seconds = htonl((uint32_t)(now.tv_sec + unix_to_ntp_s));
    uint32_t fraction = htonl((uint32_t)(((uint64_t)now.tv_nsec << 32) / 1000000000U));
    memcpy(bytes, &seconds, 4);
    memcpy(bytes + 4, &fraction, 4);
}

static void answer(int fd)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    uint8_t asked[512], answer[HEADER] = {0};
    ssize_t got = recvfrom(fd, asked, sizeof asked, 0, (struct sockaddr *)&from, &size);

    if (got < HEADER || (asked[0] & 7) != 3) {
        return;
    }
    put_now(answer + 32);
    answer[0] = (uint8_t)((asked[0] & 0x38) | 4);
    answer[1] = STRATUM;
    answer[2] = asked[2];
    answer[3] = (uint8_t)-24;
    memcpy(answer + 16, answer + 32, 8);
    memcpy(answer + 24, asked + 40, 8);
    put_now(answer + 40);
    (void)sendto(fd, answer, sizeof answer, 0, (const struct sockaddr *)&from, size);
}

int main(int argc, char **argv)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc != 3 || inet_pton(AF_INET, argv[1], &local.sin_addr) != 1) {
        fputs("usage: responder ADDRESS PORT\n", stderr);
        return 2;
    }
    local.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    if (bind(fd, (const struct sockaddr *)&local, sizeof local) != 0) {
        perror("responder: bind");
        return 1;
    }
    for (;;) {
        answer(fd);
    }
}
