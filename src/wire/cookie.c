/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/cookie.h"

#include <string.h>

#include "base/bytes.h"
#include "base/must.h"
#include "base/text.h"
#include "crypto/derive.h"

enum {
    ID_SIZE = 4,
    HEAD_SIZE = 4, /* of what is sealed: the algorithm, and nothing */
    SEALS = 1,
    HEX_PER_WORD = 16,
};

static const char first_line[] = "noon cookie keys 1\n";

void cookie_ring_turn(struct cookie_ring *ring, const uint8_t random[static 2 * COOKIE_SECRET],
                      int64_t now_s)
{
    const int fresh = ring->keys[0].id == 0 ? 2 : 1;

    for (int i = 0; i < fresh; i++) {
        const uint8_t *secret = random + (size_t)i * COOKIE_SECRET;
        uint32_t id = 0;

        memmove(&ring->keys[1], &ring->keys[0], (COOKIE_RING - 1) * sizeof ring->keys[0]);
        memcpy(ring->keys[0].secret, secret, COOKIE_SECRET);
        /* A number that tells nothing about the key, and that no other key is likely to have. */
        derive_key(secret, COOKIE_SECRET, "id", 0, ring->keys[0].secret);
        memcpy(&id, ring->keys[0].secret, sizeof id);
        memcpy(ring->keys[0].secret, secret, COOKIE_SECRET);
        ring->keys[0].id = id != 0 ? id : 1;
    }
    ring->changed_s = now_s;
}

void cookie_ring_derive(struct cookie_ring *ring, const uint8_t *secret, size_t size, int64_t now_s,
                        int64_t every_s)
{
    int64_t span = now_s / every_s;

    must(every_s > 0 && size >= COOKIE_SHARED_MIN);
    for (int i = 0; i < COOKIE_RING; i++) {
        int64_t of = span + SEALS - i;

        ring->keys[i].id = (uint32_t)of != 0 ? (uint32_t)of : 1;
        derive_key(secret, size, "cookie", (uint64_t)of, ring->keys[i].secret);
    }
    ring->changed_s = span * every_s;
}

size_t cookie_ring_print(const struct cookie_ring *ring, char text[static COOKIE_RING_TEXT])
{
    struct text out = text_begin(text, COOKIE_RING_TEXT);

    text_add(&out, first_line);
    text_i64(&out, ring->changed_s);
    text_char(&out, '\n');
    for (int i = 0; i < COOKIE_RING; i++) {
        text_hex(&out, ring->keys[i].id, 2 * ID_SIZE);
        text_char(&out, ' ');
        for (int k = 0; k < COOKIE_SECRET; k++) {
            text_hex(&out, ring->keys[i].secret[k], 2);
        }
        text_char(&out, '\n');
    }
    return out.length;
}

static bool take_hex(struct reader *r, size_t octets, uint8_t *bytes)
{
    for (size_t i = 0; i < octets; i++) {
        unsigned value = 0;

        for (int k = 0; k < 2; k++) {
            char c = (char)reader_be(r, 1);

            if (c >= '0' && c <= '9') {
                value = value << 4 | (unsigned)(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                value = value << 4 | (unsigned)(c - 'a' + 10);
            } else {
                return false;
            }
        }
        bytes[i] = (uint8_t)value;
    }
    return true;
}

static bool take_time(struct reader *r, int64_t *s)
{
    char c;

    *s = 0;
    for (int i = 0; i < HEX_PER_WORD && (c = (char)reader_be(r, 1)) != '\n'; i++) {
        if (c < '0' || c > '9') {
            return false;
        }
        *s = *s * 10 + (c - '0');
    }
    return !r->overrun && r->at[-1] == '\n';
}

bool cookie_ring_parse(struct cookie_ring *ring, const char *text, size_t size)
{
    struct reader r = {.at = (const uint8_t *)text, .left = size};
    const uint8_t *line = reader_take(&r, sizeof first_line - 1);

    memset(ring, 0, sizeof *ring);
    if (line == NULL || memcmp(line, first_line, sizeof first_line - 1) != 0 ||
        !take_time(&r, &ring->changed_s)) {
        return false;
    }
    for (int i = 0; i < COOKIE_RING; i++) {
        uint8_t id[ID_SIZE];

        if (!take_hex(&r, ID_SIZE, id) || reader_be(&r, 1) != ' ' ||
            !take_hex(&r, COOKIE_SECRET, ring->keys[i].secret) || reader_be(&r, 1) != '\n') {
            return false;
        }
        struct reader number = {.at = id, .left = sizeof id};
        ring->keys[i].id = (uint32_t)reader_be(&number, ID_SIZE);
    }
    return !r.overrun && r.left == 0 && ring->keys[SEALS].id != 0;
}

void cookie_keys_prepare(struct cookie_keys *keys, const struct cookie_ring *ring)
{
    for (int i = 0; i < COOKIE_RING; i++) {
        keys->ids[i] = ring->keys[i].id;
        aead_key_init(&keys->keys[i], AEAD_AES_SIV_CMAC_256, ring->keys[i].secret);
    }
}

static size_t sealed_size(uint16_t algorithm)
{
    return HEAD_SIZE + 2 * aead_key_size(algorithm) + AEAD_TAG_SIZE;
}

size_t cookie_size(uint16_t algorithm)
{
    return ID_SIZE + COOKIE_NONCE + sealed_size(algorithm);
}

void cookie_seal(const struct cookie_keys *keys, const struct cookie *cookie,
                 const uint8_t nonce[static COOKIE_NONCE], uint8_t *bytes)
{
    const size_t key_size = aead_key_size(cookie->algorithm);
    uint8_t text[HEAD_SIZE + 2 * AEAD_KEY_SIZE_MAX];
    struct writer w = {.at = text, .left = sizeof text};
    struct writer out = {.at = bytes, .left = ID_SIZE + COOKIE_NONCE};

    must(key_size > 0);
    writer_be(&w, 2, cookie->algorithm);
    writer_be(&w, 2, 0);
    writer_put(&w, cookie->to_server, key_size);
    writer_put(&w, cookie->to_client, key_size);
    writer_be(&out, ID_SIZE, keys->ids[SEALS]);
    writer_put(&out, nonce, COOKIE_NONCE);
    const struct aead_around around = {nonce, COOKIE_NONCE, bytes, ID_SIZE};
    aead_seal(&keys->keys[SEALS], &around, text, sizeof text - w.left, out.at);
}

bool cookie_open(const struct cookie_keys *keys, const uint8_t *bytes, size_t size,
                 struct cookie *cookie)
{
    struct reader r = {.at = bytes, .left = size};
    uint32_t id = (uint32_t)reader_be(&r, ID_SIZE);
    const uint8_t *nonce = reader_take(&r, COOKIE_NONCE);
    const struct aead_around around = {nonce, COOKIE_NONCE, bytes, ID_SIZE};
    uint8_t text[COOKIE_SIZE_MAX];
    int i = 0;

    while (i < COOKIE_RING && (keys->ids[i] != id || id == 0)) {
        i++;
    }
    if (r.overrun || size > COOKIE_SIZE_MAX || i == COOKIE_RING ||
        !aead_open(&keys->keys[i], &around, r.at, r.left, text)) {
        return false;
    }
    r = (struct reader){.at = text, .left = r.left - AEAD_TAG_SIZE};
    cookie->algorithm = (uint16_t)reader_be(&r, 2);
    (void)reader_be(&r, 2);
    const size_t key_size = aead_key_size(cookie->algorithm);
    if (r.overrun || key_size == 0 || r.left != 2 * key_size) {
        return false;
    }
    memcpy(cookie->to_server, r.at, key_size);
    memcpy(cookie->to_client, r.at + key_size, key_size);
    return true;
}
