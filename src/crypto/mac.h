/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mac.h - message authentication by a symmetric key: AES-CMAC (RFC 8573), and the keyed digests
 * that NTP had before it, digest(key || message) (RFC 5905, section 7.3).
 *
 * A key is prepared once; making a MAC writes nothing into it, so that threads may share it.
 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/cmac.h>

enum mac_type {
    MAC_MD5,
    MAC_SHA1,
    MAC_SHA256,
    MAC_SHA384,
    MAC_SHA512,
    MAC_AES128,
    MAC_AES256,
    MAC_TYPE_COUNT
};

enum { MAC_DIGEST_MAX = 64, MAC_SECRET_MAX = 512 };

struct mac_key {
    uint32_t id;   /* by which both ends name it; 1 or more */
    uint8_t type;  /* enum mac_type */
    uint16_t size; /* of the secret */
    union {
        uint8_t secret[MAC_SECRET_MAX]; /* of digests */
        struct cmac_aes128_ctx aes128;
        struct cmac_aes256_ctx aes256;
    };
};

/*
 * Prepares a key.  False: no secret of that size makes a key of that type (digests: 1 to
 * MAC_SECRET_MAX octets; AES: what mac_secret_size() says).
 */
bool mac_key_set(struct mac_key *key, enum mac_type type, const uint8_t *secret, size_t size);

/* The only size of a secret of that type; 0: any. */
size_t mac_secret_size(enum mac_type type);

/* How long a MAC of that type is before it is cut. */
size_t mac_size(enum mac_type type);

/* Writes the MAC of `size` octets, and says how long it is. */
size_t mac_make(const struct mac_key *key, const uint8_t *bytes, size_t size,
                uint8_t mac[static MAC_DIGEST_MAX]);

/* A MAC as it came. */
struct mac_claim {
    const uint8_t *mac; /* borrowed */
    size_t size;
    size_t limit; /* to which longer MACs are cut */
};

/*
 * Is it the MAC of these octets, whole or cut at its limit?  A shorter one never is.  Takes as long
 * whatever differs.
 */
bool mac_check(const struct mac_key *key, const uint8_t *bytes, size_t size,
               const struct mac_claim *claim);

/* The key of that id among keys[] in ascending order of id; NULL: there is none. */
const struct mac_key *mac_find(const struct mac_key *keys, size_t count, uint32_t id);

/* "AES128", as chrony calls it; never NULL. */
const char *mac_type_name(enum mac_type type);

/*
 * The type of that name, of chrony's ("SHA256", "AES128") and ntp's ("M", "SHA", "AES128CMAC"),
 * whatever its case.  *of_ntp: only ntp calls it so.
 */
bool mac_type_find(const char *name, enum mac_type *type, bool *of_ntp);

#endif
