/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.c - as load.c, but as fast as a driver: requests are made in the kernel (frames of
 * BPF_PROG_TEST_RUN, Linux 5.18) and answers are looked at there, too.
 *
 * usage: frames OBJECT INTERFACE SERVER-IP SERVER-MAC FIRST-CLIENT-IP CLIENTS RATE SECONDS
 *
 * The object is frames.bpf.c compiled.  Only for a server that takes frames from the driver itself.
 * Prints: sent N answered N bad N fault N p50_us X p90_us X p99_us X
 */
#include "frames.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 16, LAST_WAIT_US = 50000 };

static const uint64_t ntp_to_unix_s = 2208988800, ns_in_s = 1000000000;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * ns_in_s + (uint64_t)t.tv_nsec;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static bool make_plan(struct frame_plan *plan, char **argv)
{
    static const uint8_t ip[] = {0x45, 0, 0, 76, 0, 0, 0x40, 0, 64, 17};
    uint8_t *b = plan->frame;
    struct in_addr server, first;
    unsigned octets[6], sum = 0;

    plan->interface = if_nametoindex(argv[2]);
    if (plan->interface == 0 || inet_pton(AF_INET, argv[3], &server) != 1 ||
        inet_pton(AF_INET, argv[5], &first) != 1 ||
        sscanf(argv[4], "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2], &octets[3],
               &octets[4], &octets[5]) != 6) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        b[i] = (uint8_t)octets[i];
    }
    b[6] = 2;
    put16(b + 12, 0x0800);
    memcpy(b + 14, ip, sizeof ip);
    memcpy(b + 30, &server, 4);
    for (unsigned i = 14; i < 34; i += 2) {
        uint16_t word;

        memcpy(&word, b + i, 2);
        sum += word;
    }
    plan->ip_sum = sum;
    put16(b + 34, 40000);
    put16(b + 36, 123);
    put16(b + 38, 56);
    b[42] = 0x23;
    b[44] = 6;
    plan->first = ntohl(first.s_addr);
    plan->clients = (unsigned)strtoul(argv[6], NULL, 10);
    return plan->clients > 0;
}

/* Memory of a global of the programs. */
static void *global(const struct bpf_object *object, const char *name, size_t size)
{
    int fd = bpf_object__find_map_fd_by_name(object, name);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static double part_us(const struct frame_counts *counts, double part)
{
    uint64_t all = counts->answered - counts->bad, met = 0;

    for (unsigned i = 0; i < LATENCIES; i++) {
        met += counts->latency[i];
        if ((double)met >= part * (double)all) {
            return i * (LATENCY_UNIT_NS / 1e3);
        }
    }
    return 0;
}

static int run(const struct bpf_object *object, double rate, double seconds)
{
    static uint8_t frame[FRAME_SIZE];
    struct bpf_test_run_opts options = {.sz = sizeof options,
                                        .data_in = frame,
                                        .data_size_in = sizeof frame,
                                        .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                                        .batch_size = BATCH,
                                        .repeat = (int)(rate * seconds)};

    return bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(object, "make")),
                                  &options);
}

int main(int argc, char **argv)
{
    struct frame_plan wanted = {.interface = 0};
    struct bpf_object *object;

    if (argc != 9 || !make_plan(&wanted, argv)) {
        fputs("usage: frames OBJECT INTERFACE SERVER-IP SERVER-MAC FIRST-CLIENT-IP CLIENTS RATE "
              "SECONDS\n",
              stderr);
        return 2;
    }
    (void)libbpf_set_print(NULL);
    object = bpf_object__open_file(argv[1], NULL);
    if (object == NULL || bpf_object__load(object) != 0) {
        fputs("frames: the programs can't be loaded\n", stderr);
        return 1;
    }
    struct frame_plan *plan = global(object, ".data.plan", sizeof *plan);
    struct frame_counts *counts = global(object, ".data.counts", sizeof *counts);
    LIBBPF_OPTS(bpf_link_create_opts, how);
    int link = bpf_link_create(bpf_program__fd(bpf_object__find_program_by_name(object, "take")),
                               (int)wanted.interface, BPF_XDP, &how);
    if (plan == NULL || counts == NULL || link < 0) {
        perror("frames");
        return 1;
    }
    double rate = strtod(argv[7], NULL), seconds = strtod(argv[8], NULL);
    uint64_t real = now_ns(CLOCK_REALTIME), mono = now_ns(CLOCK_MONOTONIC);
    wanted.seconds_offset = (real - mono) / ns_in_s + ntp_to_unix_s;
    wanted.ns_offset = (real - mono) % ns_in_s;
    wanted.interval_2_16 = (uint64_t)(1e9 / rate * 65536);
    memcpy(plan, &wanted, sizeof wanted);
    if (run(object, rate, seconds) != 0) {
        perror("frames: no frames can be made");
        return 1;
    }
    (void)usleep(LAST_WAIT_US);
    double took_s = (double)(counts->end_ns - counts->start_ns) / 1e9;
    printf("sent %llu answered %llu bad %llu fault %llu seconds %.4f p50_us %.1f p90_us %.1f "
           "p99_us %.1f\n",
           counts->sent, counts->answered, counts->bad, counts->fault, took_s, part_us(counts, 0.5),
           part_us(counts, 0.9), part_us(counts, 0.99));
    return 0;
}
