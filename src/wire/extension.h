/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extension.h - extension fields behind the NTP header, or sealed within one of them: walking over
 * those of a stranger, and writing ours (RFC 5905 section 7.5, RFC 7822).
 */
#ifndef WIRE_EXTENSION_H
#define WIRE_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    EXTENSION_HEADER_SIZE = 4, /* type and length; the length counts these too */
    EXTENSION_SIZE_MIN = 16,
    MAC_SIZE_MAX = 24, /* key number and 20 octets; RFC 7822 takes no longer rest for a MAC */
};

/* IANA's registry of NTP extension field types. */
enum extension_type {
    EXTENSION_UNIQUE_ID = 0x0104,
    EXTENSION_COOKIE = 0x0204,
    EXTENSION_PLACEHOLDER = 0x0304,
    EXTENSION_AUTHENTICATOR = 0x0404,
};

struct extension {
    uint16_t type;
    size_t at;           /* where the field starts, from the first octet that is walked over */
    const uint8_t *body; /* borrowed; with the padding, as nothing tells it apart */
    size_t body_size;
};

enum extension_found {
    EXTENSION_END,    /* nothing is left */
    EXTENSION_FIELD,  /* *field is the next one */
    EXTENSION_MAC,    /* what is left, at cursor->at, is a MAC or a crypto-NAK */
    EXTENSION_BROKEN, /* what is left is neither */
};

struct extension_cursor {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    bool mac; /* a MAC may follow: behind a header, not within a sealed field */
};

/* From the end of the NTP header; `bytes` is the whole datagram of at least that size. */
struct extension_cursor extension_behind_header(const uint8_t *bytes, size_t size);
/* Over fields alone, as an authenticator seals them. */
struct extension_cursor extension_within(const uint8_t *bytes, size_t size);
enum extension_found extension_next(struct extension_cursor *cursor, struct extension *field);

/* Octets that a field with this body takes. */
size_t extension_size(size_t body_size);
/* Appends a field, padded by zeros; body NULL: zeros only. */
void extension_put(struct writer *w, uint16_t type, const uint8_t *body, size_t body_size);

#endif
