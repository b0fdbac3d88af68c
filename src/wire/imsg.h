/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * imsg.h - what OpenNTPD's ntpctl 6.2p3 and its daemon say over their socket: a header of 16 octets
 * and a struct, both as this machine has them in memory (x86-64 and other 64-bit ABIs).
 *
 * Padding is zero here; the real daemon's is whatever lay on its stack.
 */
#ifndef WIRE_IMSG_H
#define WIRE_IMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum imsg_type {
    IMSG_STATUS = 10,
    IMSG_PEERS,
    IMSG_PEERS_END,
    IMSG_SENSORS,
    IMSG_SENSORS_END,
    IMSG_ALL,
    IMSG_ALL_END,
};

enum {
    IMSG_HEADER_SIZE = 16,
    IMSG_TEXT_SIZE = 80,
    IMSG_STATUS_SIZE = 72, /* messages with their headers */
    IMSG_PEER_SIZE = 144,
    IMSG_COUNT_SIZE = 20,
};

struct imsg_status {
    uint32_t peers, sensors, valid_peers, valid_sensors;
    bool synced;
    uint8_t stratum;
    double slewing_ms; /* reference - local, still to be slewed */
    int64_t constraint_median, constraint_last;
    uint32_t constraint_errors;
};

struct imsg_peer {
    char description[IMSG_TEXT_SIZE];
    bool synced; /* to this one */
    uint8_t weight;
    uint8_t trust; /* 0..10, valid from 6 */
    uint8_t stratum;
    int64_t next_s, poll_s;
    double offset_ms; /* reference - local */
    double delay_ms, jitter_ms;
};

/* The type of a request; 0: these octets are none; -1: more of them are needed. */
int imsg_request(const uint8_t *bytes, size_t size);

/* Write a message; return its octets. */
size_t imsg_put_status(const struct imsg_status *status, uint8_t bytes[static IMSG_STATUS_SIZE]);
size_t imsg_put_peer(const struct imsg_peer *peer, uint8_t bytes[static IMSG_PEER_SIZE]);
/* The end of a list, with its count, or of all (IMSG_ALL_END), without. */
size_t imsg_put_end(enum imsg_type type, int32_t count, uint8_t bytes[static IMSG_COUNT_SIZE]);

#endif
