/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/siphash.h"

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void rounds(uint64_t v[4], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* Up to 8 octets, least significant first. */
static uint64_t word_of(const uint8_t *bytes, size_t size)
{
    uint64_t word = 0;

    for (size_t i = 0; i < size; i++) {
        word |= (uint64_t)bytes[i] << 8 * i;
    }
    return word;
}

static uint64_t whole_word(const uint8_t bytes[static 8])
{
    return (uint64_t)bytes[7] << 56 | (uint64_t)bytes[6] << 48 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[4] << 32 | (uint64_t)bytes[3] << 24 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[1] << 8 | bytes[0];
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t siphash(const struct siphash_key *key, const uint8_t *bytes, size_t size)
{
    uint64_t v[4] = {
        key->half[0] ^ UINT64_C(0x736f6d6570736575),
        key->half[1] ^ UINT64_C(0x646f72616e646f6d),
        key->half[0] ^ UINT64_C(0x6c7967656e657261),
        key->half[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t length = (uint64_t)size << 56;

    for (; size >= 8; size -= 8, bytes += 8) {
        absorb(v, whole_word(bytes));
    }
    absorb(v, length | word_of(bytes, size));
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
