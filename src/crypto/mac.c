/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/mac.h"

#include <string.h>

#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "base/must.h"

static const struct {
    const char *name;
    uint8_t size;   /* of the MAC */
    uint8_t secret; /* its only size; 0: any */
} types[] = {
    [MAC_MD5] = {"MD5", MD5_DIGEST_SIZE, 0},
    [MAC_SHA1] = {"SHA1", SHA1_DIGEST_SIZE, 0},
    [MAC_SHA256] = {"SHA256", SHA256_DIGEST_SIZE, 0},
    [MAC_SHA384] = {"SHA384", SHA384_DIGEST_SIZE, 0},
    [MAC_SHA512] = {"SHA512", SHA512_DIGEST_SIZE, 0},
    [MAC_AES128] = {"AES128", CMAC128_DIGEST_SIZE, AES128_KEY_SIZE},
    [MAC_AES256] = {"AES256", CMAC128_DIGEST_SIZE, AES256_KEY_SIZE},
};

/* What ntp 4.2.8 and ntpsec write in their key files. */
static const struct {
    const char *name;
    uint8_t type;
} names_of_ntp[] = {
    {"M", MAC_MD5},          {"SHA", MAC_SHA1},
    {"SHA-1", MAC_SHA1},     {"SHA-256", MAC_SHA256},
    {"SHA-384", MAC_SHA384}, {"SHA-512", MAC_SHA512},
    {"AES", MAC_AES128},     {"AES-128", MAC_AES128},
    {"AES-256", MAC_AES256}, {"AES128CMAC", MAC_AES128},
};

size_t mac_secret_size(enum mac_type type)
{
    return types[type].secret;
}

size_t mac_size(enum mac_type type)
{
    return types[type].size;
}

const char *mac_type_name(enum mac_type type)
{
    return types[type].name;
}

bool mac_key_set(struct mac_key *key, enum mac_type type, const uint8_t *secret, size_t size)
{
    must(type < MAC_TYPE_COUNT);
    if (size == 0 || size > MAC_SECRET_MAX ||
        (types[type].secret != 0 && size != types[type].secret)) {
        return false;
    }
    key->type = (uint8_t)type;
    key->size = (uint16_t)size;
    if (type == MAC_AES128) {
        cmac_aes128_set_key(&key->aes128, secret);
    } else if (type == MAC_AES256) {
        cmac_aes256_set_key(&key->aes256, secret);
    } else {
        memcpy(key->secret, secret, size);
    }
    return true;
}

/* The state of a message in progress, of any digest. */
union digest {
    struct md5_ctx md5;
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
    struct sha512_ctx sha512; /* SHA-384 too */
};

static void make_digest(const struct mac_key *key, const uint8_t *bytes, size_t size, uint8_t *mac)
{
    union digest d;

    switch (key->type) {
    case MAC_MD5:
        md5_init(&d.md5);
        md5_update(&d.md5, key->size, key->secret);
        md5_update(&d.md5, size, bytes);
        md5_digest(&d.md5, MD5_DIGEST_SIZE, mac);
        break;
    case MAC_SHA1:
        sha1_init(&d.sha1);
        sha1_update(&d.sha1, key->size, key->secret);
        sha1_update(&d.sha1, size, bytes);
        sha1_digest(&d.sha1, SHA1_DIGEST_SIZE, mac);
        break;
    case MAC_SHA256:
        sha256_init(&d.sha256);
        sha256_update(&d.sha256, key->size, key->secret);
        sha256_update(&d.sha256, size, bytes);
        sha256_digest(&d.sha256, SHA256_DIGEST_SIZE, mac);
        break;
    case MAC_SHA384:
        sha384_init(&d.sha512);
        sha512_update(&d.sha512, key->size, key->secret);
        sha512_update(&d.sha512, size, bytes);
        sha384_digest(&d.sha512, SHA384_DIGEST_SIZE, mac);
        break;
    default:
        sha512_init(&d.sha512);
        sha512_update(&d.sha512, key->size, key->secret);
        sha512_update(&d.sha512, size, bytes);
        sha512_digest(&d.sha512, SHA512_DIGEST_SIZE, mac);
        break;
    }
}

size_t mac_make(const struct mac_key *key, const uint8_t *bytes, size_t size,
                uint8_t mac[static MAC_DIGEST_MAX])
{
    struct cmac128_ctx message;

    must(key->type < MAC_TYPE_COUNT);
    if (key->type == MAC_AES128) {
        const struct cmac_aes128_ctx *own = &key->aes128;

        cmac128_init(&message);
        cmac128_update(&message, &own->cipher, (nettle_cipher_func *)aes128_encrypt, size, bytes);
        cmac128_digest(&message, &own->key, &own->cipher, (nettle_cipher_func *)aes128_encrypt,
                       CMAC128_DIGEST_SIZE, mac);
    } else if (key->type == MAC_AES256) {
        const struct cmac_aes256_ctx *own = &key->aes256;

        cmac128_init(&message);
        cmac128_update(&message, &own->cipher, (nettle_cipher_func *)aes256_encrypt, size, bytes);
        cmac128_digest(&message, &own->key, &own->cipher, (nettle_cipher_func *)aes256_encrypt,
                       CMAC128_DIGEST_SIZE, mac);
    } else {
        make_digest(key, bytes, size, mac);
    }
    return types[key->type].size;
}

bool mac_check(const struct mac_key *key, const uint8_t *bytes, size_t size,
               const struct mac_claim *claim)
{
    uint8_t right[MAC_DIGEST_MAX];
    size_t whole = types[key->type].size;

    if (claim->size != (whole < claim->limit ? whole : claim->limit)) {
        return false;
    }
    (void)mac_make(key, bytes, size, right);
    return memeql_sec(right, claim->mac, claim->size) == 1;
}

const struct mac_key *mac_find(const struct mac_key *keys, size_t count, uint32_t id)
{
    size_t from = 0, to = count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (keys[middle].id == id) {
            return &keys[middle];
        }
        if (keys[middle].id < id) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return NULL;
}

static bool same_word(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a >= 'a' && *a <= 'z' ? (char)(*a - 'a' + 'A') : *a;

        if (x != *b) {
            return false;
        }
    }
    return *a == *b;
}

bool mac_type_find(const char *name, enum mac_type *type, bool *of_ntp)
{
    for (size_t i = 0; i < MAC_TYPE_COUNT; i++) {
        if (same_word(name, types[i].name)) {
            *type = (enum mac_type)i;
            *of_ntp = false;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof names_of_ntp / sizeof names_of_ntp[0]; i++) {
        if (same_word(name, names_of_ntp[i].name)) {
            *type = (enum mac_type)names_of_ntp[i].type;
            *of_ntp = true;
            return true;
        }
    }
    return false;
}
