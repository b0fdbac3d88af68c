/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - Network Time Security of simulated servers: key exchanges with certificates that are
 * nothing but their validity, and protected replies.
 */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/true_time.h"
#include "wire/keys.h"
#include "wire/ntp_packet.h"

enum { SIM_COOKIE_SIZE = 16, SIM_PROTECTED_MAX = 384 };

/* What a server has for NTS; zeroed: nothing. */
struct sim_certificate {
    bool present;
    struct utc_time from, until;
    struct period refuses; /* key exchanges come to nothing */
    uint32_t generation;   /* cookies of another one can't be read */
    uint32_t exchanges;
};

/*
 * A key exchange at `now` with the server `host`, which is the one at question->server; false when
 * it has no answer.
 */
bool sim_exchange_keys(struct sim_certificate *certificate, unsigned host, struct true_time now,
                       const struct keys_question *question, struct keys_answer *answer);

/*
 * Protects the plain answer of the server `host` to a request: appends to the header in
 * bytes[SIM_PROTECTED_MAX].  Returns the size; a NAK when it can't read the request, 0 when that
 * has no cookie.
 */
size_t sim_protect_answer(const struct sim_certificate *certificate, unsigned host,
                          const uint8_t *request, size_t size,
                          uint8_t bytes[static SIM_PROTECTED_MAX]);

#endif
