/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/gcm_siv.h"

#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <string.h>

#include "base/must.h"
#include "crypto/wipe.h"

enum { BLOCK = 16, BATCH_BLOCKS = 16 };

/* The keys of one message (section 4). */
struct message_keys {
    uint8_t authentication[BLOCK];
    struct aes128_ctx encryption;
};

static void put_le(uint8_t *bytes, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

void gcm_siv_key_init(struct gcm_siv_key *key, const uint8_t secret[static GCM_SIV_KEY_SIZE])
{
    aes128_set_encrypt_key(&key->generating, secret);
}

static void derive(const struct gcm_siv_key *key, const uint8_t *nonce, struct message_keys *out)
{
    uint8_t blocks[4 * BLOCK], encryption[BLOCK];

    for (unsigned i = 0; i < 4; i++) {
        put_le(blocks + i * BLOCK, 4, i);
        memcpy(blocks + i * BLOCK + 4, nonce, GCM_SIV_NONCE_SIZE);
    }
    aes128_encrypt(&key->generating, sizeof blocks, blocks, blocks);
    memcpy(out->authentication, blocks, 8);
    memcpy(out->authentication + 8, blocks + BLOCK, 8);
    memcpy(encryption, blocks + (size_t)2 * BLOCK, 8);
    memcpy(encryption + 8, blocks + (size_t)3 * BLOCK, 8);
    aes128_set_encrypt_key(&out->encryption, encryption);
    wipe(blocks, sizeof blocks);
    wipe(encryption, sizeof encryption);
}

static void reverse(uint8_t *to, const uint8_t *from)
{
    for (unsigned i = 0; i < BLOCK; i++) {
        to[i] = from[BLOCK - 1 - i];
    }
}

/* In place of a cipher: gcm_set_key() takes what this "encrypts" zeros to as its hash key. */
static void hand_over(const void *hash_key, size_t length, uint8_t *to, const uint8_t *from)
{
    (void)from;
    must(length == BLOCK);
    memcpy(to, hash_key, BLOCK);
}

/* POLYVAL by way of GHASH, which nettle has in assembler: the hash key (appendix A). */
static void ghash_key(const uint8_t *authentication, struct gcm_key *key)
{
    uint8_t hash_key[BLOCK], carry = 0;

    reverse(hash_key, authentication);
    /* mulX_GHASH: one bit to the right over the whole block, by which no secret is branched on. */
    for (unsigned i = 0; i < BLOCK; i++) {
        uint8_t octet = hash_key[i];

        hash_key[i] = (uint8_t)(octet >> 1 | carry << 7);
        carry = octet & 1;
    }
    hash_key[0] ^= (uint8_t)(0xe1 & -carry);
    gcm_set_key(key, hash_key, hand_over);
    wipe(hash_key, sizeof hash_key);
}

/* Absorbs octets, the last block filled up by zeros, each block reversed. */
static void absorb(struct gcm_ctx *hash, const struct gcm_key *key, const uint8_t *bytes,
                   size_t size)
{
    uint8_t batch[BATCH_BLOCKS * BLOCK], last[BLOCK] = {0};

    while (size > 0) {
        size_t filled = 0;

        for (; size >= BLOCK && filled < sizeof batch; filled += BLOCK) {
            reverse(batch + filled, bytes);
            bytes += BLOCK;
            size -= BLOCK;
        }
        if (size > 0 && size < BLOCK && filled < sizeof batch) {
            memcpy(last, bytes, size);
            reverse(batch + filled, last);
            filled += BLOCK;
            size = 0;
        }
        gcm_update(hash, key, filled, batch);
    }
    wipe(batch, sizeof batch);
    wipe(last, sizeof last);
}

static void make_tag(const struct message_keys *keys, const struct aead_around *around,
                     const uint8_t *text, size_t size, uint8_t tag[static BLOCK])
{
    struct gcm_key key;
    struct gcm_ctx hash;
    uint8_t lengths[BLOCK];

    memset(&hash, 0, sizeof hash);
    ghash_key(keys->authentication, &key);
    absorb(&hash, &key, around->associated, around->associated_size);
    absorb(&hash, &key, text, size);
    put_le(lengths, 8, (uint64_t)around->associated_size * 8);
    put_le(lengths + 8, 8, (uint64_t)size * 8);
    absorb(&hash, &key, lengths, sizeof lengths);
    reverse(tag, hash.x.b);
    for (unsigned i = 0; i < GCM_SIV_NONCE_SIZE; i++) {
        tag[i] ^= around->nonce[i];
    }
    tag[BLOCK - 1] &= 0x7f;
    aes128_encrypt(&keys->encryption, BLOCK, tag, tag);
    wipe(&key, sizeof key);
    wipe(&hash, sizeof hash);
}

/* Counter mode of section 4: a 32-bit little-endian counter that wraps, at the block's start. */
static void crypt(const struct aes128_ctx *cipher, const uint8_t *tag, const uint8_t *from,
                  size_t size, uint8_t *to)
{
    uint8_t stream[BATCH_BLOCKS * BLOCK];
    uint32_t counter =
        (uint32_t)tag[0] | (uint32_t)tag[1] << 8 | (uint32_t)tag[2] << 16 | (uint32_t)tag[3] << 24;

    while (size > 0) {
        size_t part = size < sizeof stream ? size : sizeof stream;
        size_t blocks = (part + BLOCK - 1) / BLOCK;

        for (size_t i = 0; i < blocks; i++) {
            memcpy(stream + i * BLOCK, tag, BLOCK);
            put_le(stream + i * BLOCK, 4, counter++);
            stream[i * BLOCK + BLOCK - 1] |= 0x80;
        }
        aes128_encrypt(cipher, blocks * BLOCK, stream, stream);
        for (size_t i = 0; i < part; i++) {
            to[i] = from[i] ^ stream[i];
        }
        from += part;
        to += part;
        size -= part;
    }
    wipe(stream, sizeof stream);
}

void gcm_siv_seal(const struct gcm_siv_key *key, const struct aead_around *around,
                  const uint8_t *text, size_t size, uint8_t *sealed)
{
    struct message_keys keys;

    derive(key, around->nonce, &keys);
    make_tag(&keys, around, text, size, sealed + size);
    crypt(&keys.encryption, sealed + size, text, size, sealed);
    wipe(&keys, sizeof keys);
}

bool gcm_siv_open(const struct gcm_siv_key *key, const struct aead_around *around,
                  const uint8_t *sealed, size_t size, uint8_t *text)
{
    struct message_keys keys;
    uint8_t tag[BLOCK];

    derive(key, around->nonce, &keys);
    crypt(&keys.encryption, sealed + size, sealed, size, text);
    make_tag(&keys, around, text, size, tag);
    bool same = memeql_sec(tag, sealed + size, sizeof tag) == 1;
    wipe(tag, sizeof tag);
    wipe(&keys, sizeof keys);
    return same;
}
