/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/must.h"
#include "fuzz/fuzz.h"
#include "wire/cookie.h"

/* What is taken for a ring can be written, read again, turned, and seals what it then opens. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct cookie_keys keys;
    static const uint8_t random[2 * COOKIE_SECRET] = {1};
    const struct cookie cookie = {.algorithm = AEAD_AES_128_GCM_SIV, .to_server = {2}};
    const size_t key_size = aead_key_size(cookie.algorithm);
    uint8_t sealed[COOKIE_SIZE_MAX];
    struct cookie_ring ring, again;
    char text[COOKIE_RING_TEXT];
    struct cookie opened;

    if (!cookie_ring_parse(&ring, (const char *)bytes, size)) {
        return 0;
    }
    size_t length = cookie_ring_print(&ring, text);
    must(length < COOKIE_RING_TEXT && cookie_ring_parse(&again, text, length));
    must(again.changed_s == ring.changed_s && ring.changed_s >= 0);
    for (int i = 0; i < COOKIE_RING; i++) {
        must(again.keys[i].id == ring.keys[i].id);
        must(memcmp(again.keys[i].secret, ring.keys[i].secret, COOKIE_SECRET) == 0);
    }
    /* Two keys of one number: the first opens. */
    const bool unique = ring.keys[0].id != ring.keys[1].id;
    cookie_keys_prepare(&keys, &ring);
    cookie_seal(&keys, &cookie, random, sealed);
    bool opens = cookie_open(&keys, sealed, cookie_size(cookie.algorithm), &opened);
    must(opens || !unique);
    must(!opens || memcmp(opened.to_server, cookie.to_server, key_size) == 0);
    cookie_ring_turn(&ring, random, ring.changed_s + 1);
    must(ring.keys[1].id != 0 && ring.changed_s == again.changed_s + 1);
    return 0;
}
