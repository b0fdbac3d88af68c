/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gcm_siv.h - AEAD_AES_128_GCM_SIV (RFC 8452) over nettle's AES and GHASH; for crypto/aead, which
 * everybody else uses.
 */
#ifndef CRYPTO_GCM_SIV_H
#define CRYPTO_GCM_SIV_H

#include <nettle/aes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/around.h"

enum { GCM_SIV_KEY_SIZE = 16, GCM_SIV_NONCE_SIZE = 12 };

/* The key from which those of each message are derived. */
struct gcm_siv_key {
    struct aes128_ctx generating;
};

void gcm_siv_key_init(struct gcm_siv_key *key, const uint8_t secret[static GCM_SIV_KEY_SIZE]);

/* As aead_seal(); the nonce has GCM_SIV_NONCE_SIZE octets. */
void gcm_siv_seal(const struct gcm_siv_key *key, const struct aead_around *around,
                  const uint8_t *text, size_t size, uint8_t *sealed);
/* As aead_open(), but `size` is the text's, without the tag; text is undefined when it is false. */
bool gcm_siv_open(const struct gcm_siv_key *key, const struct aead_around *around,
                  const uint8_t *sealed, size_t size, uint8_t *text);

#endif
