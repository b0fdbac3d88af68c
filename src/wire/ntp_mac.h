/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ntp_mac.h - the MAC behind an NTP packet: a key's number, and the MAC of everything before it
 * (RFC 5905, section 7.3; RFC 7822; RFC 8573).
 *
 * In version 4 it is cut to 20 octets, so that it can be told from extension fields; in older
 * versions, which have no extension fields, it is whole.  chronyd does the same.
 */
#ifndef WIRE_NTP_MAC_H
#define WIRE_NTP_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/mac.h"

enum { NTP_MAC_MAX = 4 + MAC_DIGEST_MAX };

enum ntp_mac_found {
    NTP_MAC_NONE,
    NTP_MAC_FOUND,
    NTP_MAC_NAK,       /* a crypto-NAK: key 0 and nothing else */
    NTP_MAC_MALFORMED, /* neither extension fields nor a MAC can look like this */
};

struct ntp_mac {
    uint32_t key_id;
    size_t at;             /* where it begins */
    const uint8_t *digest; /* borrowed from the datagram */
    size_t size;           /* of the digest */
};

/* Looks for it behind the header, over extension fields.  `size` at least a header. */
enum ntp_mac_found ntp_mac_find(struct ntp_mac *mac, uint8_t version, const uint8_t *bytes,
                                size_t size);

/* Was the datagram, of which ntp_mac_find() has found the MAC, authenticated by that key? */
bool ntp_mac_check(const struct ntp_mac *mac, const struct mac_key *key, uint8_t version,
                   const uint8_t *bytes);

/* Appends the MAC of bytes[size], which have room for NTP_MAC_MAX more; returns the new size. */
size_t ntp_mac_put(const struct mac_key *key, uint8_t version, uint8_t *bytes, size_t size);

#endif
