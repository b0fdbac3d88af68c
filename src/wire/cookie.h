/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cookie.h - the cookies of an NTS server (RFC 8915, section 6): the keys of one client, sealed by
 * a key that only servers know, so that the server has to remember nothing.
 *
 * The server's keys are a ring: one seals, the next one is known already, and some older ones still
 * open.  Servers that share a name share the ring: as a file that is copied, which may be late by
 * one change of keys; or derived from a secret and the time.
 */
#ifndef WIRE_COOKIE_H
#define WIRE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "crypto/aead.h"

enum {
    COOKIE_RING = 4, /* the next one, the one that seals, and two older ones */
    COOKIE_SECRET = 32,
    COOKIE_NONCE = 16,
    COOKIE_SIZE_MAX = 4 + COOKIE_NONCE + AEAD_TAG_SIZE + 4 + 2 * AEAD_KEY_SIZE_MAX,
    COOKIE_RING_TEXT = 512,
    COOKIE_SHARED_MIN = 16, /* octets of a shared secret */
};

struct cookie_key {
    uint32_t id; /* on the wire; 0: none */
    uint8_t secret[COOKIE_SECRET];
};

/* As it is shared between processes and, as text, between machines. */
struct cookie_ring {
    struct cookie_key keys[COOKIE_RING]; /* [0] next, [1] seals, [2], [3] older */
    int64_t changed_s;                   /* UTC when [1] began to seal, s since 1970 */
};

/* A new first key; the others move on.  The first call fills two of them: `random` must be. */
void cookie_ring_turn(struct cookie_ring *ring, const uint8_t random[static 2 * COOKIE_SECRET],
                      int64_t now_s);

/*
 * The ring at a time of all servers that have this secret: keys of that and the neighbouring spans
 * of `every_s` seconds.  Whoever learns the secret can open every cookie there ever was.
 */
void cookie_ring_derive(struct cookie_ring *ring, const uint8_t *secret, size_t size, int64_t now_s,
                        int64_t every_s);

/* Writes the ring as text of less than COOKIE_RING_TEXT octets; returns its length. */
size_t cookie_ring_print(const struct cookie_ring *ring, char text[static COOKIE_RING_TEXT]);
/* False: not such a text. */
bool cookie_ring_parse(struct cookie_ring *ring, const char *text, size_t size);

/* The ring, prepared for use. */
struct cookie_keys {
    uint32_t ids[COOKIE_RING];
    struct aead_key keys[COOKIE_RING];
};

void cookie_keys_prepare(struct cookie_keys *keys, const struct cookie_ring *ring);

/* What a cookie holds. */
struct cookie {
    uint16_t algorithm; /* enum aead_id, one that is known */
    uint8_t to_server[AEAD_KEY_SIZE_MAX], to_client[AEAD_KEY_SIZE_MAX];
};

/* Octets of a cookie for that algorithm; a multiple of 4. */
size_t cookie_size(uint16_t algorithm);

/* Seals; the nonce must be unpredictable, or cookies of one client could be told to be his. */
void cookie_seal(const struct cookie_keys *keys, const struct cookie *cookie,
                 const uint8_t nonce[static COOKIE_NONCE], uint8_t *bytes);

/* False: not sealed by a key of the ring. */
bool cookie_open(const struct cookie_keys *keys, const uint8_t *bytes, size_t size,
                 struct cookie *cookie);

#endif
