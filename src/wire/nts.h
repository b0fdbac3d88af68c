/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nts.h - the extension fields of Network Time Security (RFC 8915, section 5): found in a
 * datagram, sealed and opened; for both sides.
 */
#ifndef WIRE_NTS_H
#define WIRE_NTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/aead.h"
#include "wire/extension.h"

enum {
    NTS_ID_SIZE = 32,      /* of the unique identifiers that we send; the least allowed */
    NTS_COOKIES = 8,       /* a client's stock */
    NTS_COOKIE_SIZE = 256, /* longer ones are not taken */
    NTS_NONCE_SIZE_MAX = 64,
    NTS_KISS_NAK = 0x4e54534e, /* "NTSN": the server could not open the cookie or the request */
};

/* What is in a datagram, up to the authenticator; everything behind it is not protected. */
struct nts_fields {
    struct extension id;            /* body_size 0: none */
    struct extension cookie;        /* the first */
    struct extension authenticator; /* body_size 0: none */
    uint16_t ids;
    uint16_t cookies;
    uint16_t placeholders;
    bool placeholders_fit; /* each of them is as long as the first cookie */
};

/*
 * Borrows the datagram, of at least an NTP header.  False: an extension field is malformed.  A MAC
 * at the end is left to others.
 */
bool nts_fields_find(struct nts_fields *fields, const uint8_t *datagram, size_t size);
/* Whether a datagram has anything of NTS, so that it is no plain one. */
bool nts_fields_any(const struct nts_fields *fields);

/* Body of an authenticator (section 5.6).  Borrows. */
struct nts_authenticator {
    const uint8_t *nonce;
    size_t nonce_size;
    const uint8_t *sealed;
    size_t sealed_size;
};

/* False: its lengths contradict each other, or there is no nonce. */
bool nts_authenticator_decode(struct nts_authenticator *out, const struct extension *field);

/* Octets of the authenticator that seals so much text by this algorithm. */
size_t nts_authenticator_size(enum aead_id id, size_t text_size);

/* A datagram being made, from its first octet, since the authenticator covers all before it. */
struct nts_datagram {
    uint8_t *bytes;
    size_t size; /* written so far */
    size_t space;
};

/* What the authenticator is made with.  Borrows. */
struct nts_seal {
    const struct aead_key *key;
    const uint8_t *nonce; /* aead_nonce_size() octets that were never used with this key */
    const uint8_t *text;  /* extension fields to encrypt; may be none */
    size_t text_size;
};

/* Appends an extension field; false: no space, and nothing has changed. */
bool nts_datagram_put(struct nts_datagram *datagram, uint16_t type, const uint8_t *body,
                      size_t body_size);
/* Appends the authenticator over everything written so far; false: no space. */
bool nts_datagram_seal(struct nts_datagram *datagram, const struct nts_seal *seal);

/*
 * Opens the authenticator that nts_fields_find() found in this datagram.  The text, extension
 * fields that extension_within() walks over, goes to `text`, which has room for the datagram's
 * size; *text_size its octets.  False: not made with this key, or a datagram that was changed.
 */
bool nts_open(const uint8_t *datagram, const struct nts_fields *fields, const struct aead_key *key,
              uint8_t *text, size_t *text_size);

#endif
