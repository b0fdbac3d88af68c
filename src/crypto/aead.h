/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aead.h - authenticated encryption with associated data, as NTS uses it (RFC 8915): one interface
 * for AEAD_AES_SIV_CMAC_256 (RFC 5297) and AEAD_AES_128_GCM_SIV (RFC 8452).
 *
 * Nothing is allocated: a prepared key is a struct of the caller's, which aead_key_done() wipes.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/around.h"

/* The numbers of IANA's registry of AEAD algorithms. */
enum aead_id { AEAD_NONE = 0, AEAD_AES_SIV_CMAC_256 = 15, AEAD_AES_128_GCM_SIV = 30 };

enum {
    AEAD_KEY_SIZE_MAX = 32,
    AEAD_NONCE_SIZE_MAX = 16, /* of what is sent; see aead_nonce_size() */
    AEAD_TAG_SIZE = 16,       /* by so much the sealed text is longer, in both */
    AEAD_STATE_SIZE = 400,
};

struct aead_key {
    enum aead_id id;
    _Alignas(16) uint8_t state[AEAD_STATE_SIZE];
};

/* Whether the number names an algorithm that is spoken here. */
bool aead_known(unsigned id);
/* The algorithm's name for people, "AES-SIV-CMAC-256"; "none" for an unknown one. */
const char *aead_name(unsigned id);
/* Octets of the secret; 0 for an unknown algorithm. */
size_t aead_key_size(unsigned id);
/* Octets of the nonces that are sent; 0 for an unknown algorithm. */
size_t aead_nonce_size(unsigned id);
/* Whether a nonce of this size can be opened: GCM-SIV takes 12 only, SIV any but none. */
bool aead_nonce_fits(unsigned id, size_t nonce_size);

/* Prepares the secret of aead_key_size(id) octets; id must be known. */
void aead_key_init(struct aead_key *key, enum aead_id id, const uint8_t *secret);
/* Wipes it; safe on one that was never prepared. */
void aead_key_done(struct aead_key *key);

/* Writes size + AEAD_TAG_SIZE octets to `sealed`, which may not overlap `text`. */
void aead_seal(const struct aead_key *key, const struct aead_around *around, const uint8_t *text,
               size_t size, uint8_t *sealed);
/*
 * Writes size - AEAD_TAG_SIZE octets to `text`, which may not overlap `sealed`.  False: not sealed
 * with this key, nonce and associated data, or shorter than a tag; `text` is zeros then.
 */
bool aead_open(const struct aead_key *key, const struct aead_around *around, const uint8_t *sealed,
               size_t size, uint8_t *text);

#endif
