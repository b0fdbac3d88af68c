/* SPDX-License-Identifier: BSD-2-Clause */
/* ke_totals.h - what the key exchange server of NTS has counted, and other pages that it shares. */
#ifndef WIRE_KE_TOTALS_H
#define WIRE_KE_TOTALS_H

#include <stdint.h>

enum {
    KE_TOTALS_LAYOUT = 0x6b657433,
    COOKIE_RING_LAYOUT = 0x636b7231,
    KE_ACCESS_LAYOUT = 0x6b656131, /* struct access_rule, in order: who may exchange keys */
};

/* Each connection ends as one of the others, but those that are open. */
struct ke_totals {
    uint64_t connections;
    uint64_t exchanges;         /* cookies were given */
    uint64_t handshakes_failed; /* no TLS 1.3, another protocol, or hung up before */
    uint64_t bad_requests;      /* not sound, too long, or hung up in the middle */
    uint64_t no_cipher;         /* nothing was asked for that is spoken here */
    uint64_t slow;              /* not finished in time */
    uint64_t crowded_out;       /* closed to make room for others */
    uint64_t limited;           /* closed at once: ntsratelimit */
    uint64_t refused;           /* closed at once: not allowed to ask for time either */
    uint64_t internal_errors;   /* no memory, no keys */
};

#endif
