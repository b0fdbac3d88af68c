/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/derive.h"

#include <nettle/hmac.h>
#include <string.h>

void derive_key(const uint8_t *secret, size_t size, const char *label, uint64_t number,
                uint8_t key[static DERIVED_SIZE])
{
    struct hmac_sha256_ctx context;
    uint8_t octets[8];

    for (int i = 0; i < 8; i++) {
        octets[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    hmac_sha256_set_key(&context, size, secret);
    /* With its zero, which keeps it apart from the number. */
    hmac_sha256_update(&context, strlen(label) + 1, (const uint8_t *)label);
    hmac_sha256_update(&context, sizeof octets, octets);
    hmac_sha256_digest(&context, DERIVED_SIZE, key);
}
