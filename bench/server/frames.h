/* SPDX-License-Identifier: BSD-2-Clause */
/* frames.h - what frames.c and its programs in the kernel share. */
#ifndef BENCH_SERVER_FRAMES_H
#define BENCH_SERVER_FRAMES_H

enum {
    FRAME_SIZE = 14 + 20 + 8 + 48,
    LATENCY_UNIT_NS = 100,
    LATENCIES = 8192, /* a power of two */
};

/* Why an answer is bad. */
enum frame_fault {
    FAULT_NONE,
    FAULT_ADDRESS,
    FAULT_CHECKSUM,
    FAULT_HEADER,
    FAULT_ORIGIN,
    FAULT_TIME
};

struct frame_plan {
    unsigned char frame[FRAME_SIZE + 6]; /* a request, without source address and transmit time */
    unsigned int interface, first, clients;
    unsigned int ip_sum;               /* of the header's constant part */
    unsigned long long interval_2_16;  /* between two, 2^-16 ns */
    unsigned long long seconds_offset; /* NTP time of CLOCK_MONOTONIC's zero: s ... */
    unsigned long long ns_offset;      /* ... and ns */
};

struct frame_counts {
    unsigned long long start_ns, end_ns; /* CLOCK_MONOTONIC, of the first request and the last */
    unsigned long long sent, answered, bad, fault;
    unsigned int latency[LATENCIES];
};

#endif
