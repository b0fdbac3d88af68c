/* SPDX-License-Identifier: BSD-2-Clause */
/* around.h - what an AEAD protects together with a text, or needs to open it. */
#ifndef CRYPTO_AROUND_H
#define CRYPTO_AROUND_H

#include <stddef.h>
#include <stdint.h>

/* Borrows. */
struct aead_around {
    const uint8_t *nonce;
    size_t nonce_size;
    const uint8_t *associated; /* readable to all; a change of it is noticed */
    size_t associated_size;
};

#endif
