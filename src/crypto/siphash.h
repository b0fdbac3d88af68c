/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for tables whose keys a
 * stranger chooses.
 */
#ifndef CRYPTO_SIPHASH_H
#define CRYPTO_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t half[2]; /* the two little-endian halves of the 128-bit key */
};

uint64_t siphash(const struct siphash_key *key, const uint8_t *bytes, size_t size);

#endif
