/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * auth.h - is a request authenticated, and by what; its answer is authenticated likewise.
 *
 * A request with a MAC that is wrong, or of a key that is not known, is dropped, as chronyd drops
 * it: whoever sent it would not believe a plain answer, and a crypto-NAK tells an attacker which
 * keys exist.
 */
#ifndef CORE_SERVER_AUTH_H
#define CORE_SERVER_AUTH_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/mac.h"
#include "wire/drop.h"

/* The secrets; borrowed. */
struct auth_secrets {
    const struct mac_key *keys; /* in ascending order of their ids */
    size_t key_count;
};

/* What authenticates one request. */
struct auth {
    const struct mac_key *key; /* NULL: no MAC */
    uint8_t version;
};

/*
 * Looks at what follows the header, which is there.  DROP_FORMAT: nothing that can follow it looks
 * like this; DROP_BAD_MAC.
 */
enum drop_reason auth_check(struct auth *auth, const struct auth_secrets *secrets, uint8_t version,
                            const uint8_t *bytes, size_t size);

/*
 * Completes the answer of `size` octets in `bytes`, which have room for as many octets as were
 * asked with; returns how many it has then, no more than that.
 */
size_t auth_seal(const struct auth *auth, uint8_t *bytes, size_t size);

#endif
