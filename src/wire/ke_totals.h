/* SPDX-License-Identifier: BSD-2-Clause */
/* ke_totals.h - what the key exchange server of NTS has counted, as it lies in shared memory. */
#ifndef WIRE_KE_TOTALS_H
#define WIRE_KE_TOTALS_H

#include <stdint.h>

enum { KE_TOTALS_LAYOUT = 0x6b657431, COOKIE_RING_LAYOUT = 0x636b7231 };

struct ke_totals {
    uint64_t connections; /* accepted */
    uint64_t exchanges;   /* that ended with cookies */
    uint64_t failures;    /* no TLS, no sound request, or too slow */
    uint64_t crowded_out; /* closed to make room for others */
};

#endif
