/* SPDX-License-Identifier: BSD-2-Clause */
/* derive.h - keys made from a secret, so that who shares the secret shares them. */
#ifndef CRYPTO_DERIVE_H
#define CRYPTO_DERIVE_H

#include <stddef.h>
#include <stdint.h>

enum { DERIVED_SIZE = 32 };

/* HMAC-SHA256 (RFC 2104) by the secret of a label and a number. */
void derive_key(const uint8_t *secret, size_t size, const char *label, uint64_t number,
                uint8_t key[static DERIVED_SIZE]);

#endif
