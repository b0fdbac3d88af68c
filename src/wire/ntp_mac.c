/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ntp_mac.h"

#include "base/bytes.h"
#include "base/must.h"
#include "wire/ntp_packet.h"

enum {
    KEY_ID_SIZE = 4,
    DIGEST_MIN = 16,       /* MD5, CMAC */
    DIGEST_CUT = 20,       /* of version 4: RFC 7822, section 3 */
    FIELD_SIZE_MIN = 16,   /* of an extension field (RFC 7822, section 3) */
    EXTENSION_VERSION = 4, /* the first that has extension fields */
};

static size_t digest_limit(uint8_t version)
{
    return version >= EXTENSION_VERSION ? DIGEST_CUT : MAC_DIGEST_MAX;
}

/* Steps over one extension field; false: there is none. */
static bool skip_field(struct reader *r)
{
    (void)reader_be(r, 2);
    uint64_t length = reader_be(r, 2);

    if (length < FIELD_SIZE_MIN || length % 4 != 0) {
        return false;
    }
    (void)reader_take(r, (size_t)length - 4);
    return !r->overrun;
}

enum ntp_mac_found ntp_mac_find(struct ntp_mac *mac, uint8_t version, const uint8_t *bytes,
                                size_t size)
{
    const size_t longest = KEY_ID_SIZE + digest_limit(version);
    struct reader r = {.at = bytes + NTP_HEADER_SIZE, .left = size - NTP_HEADER_SIZE};

    must(size >= NTP_HEADER_SIZE);
    while (version >= EXTENSION_VERSION && r.left > longest) {
        if (!skip_field(&r)) {
            return NTP_MAC_MALFORMED;
        }
    }
    if (r.left == 0) {
        return NTP_MAC_NONE;
    }
    mac->at = size - r.left;
    if (version >= EXTENSION_VERSION && r.left == FIELD_SIZE_MIN) {
        /* Too short for a MAC; some write such a last field, which RFC 7822 forbids. */
        return skip_field(&r) ? NTP_MAC_NONE : NTP_MAC_MALFORMED;
    }
    mac->size = r.left - KEY_ID_SIZE;
    if (r.left % 4 != 0 || r.left > longest || (mac->size > 0 && mac->size < DIGEST_MIN)) {
        return NTP_MAC_MALFORMED;
    }
    mac->key_id = (uint32_t)reader_be(&r, KEY_ID_SIZE);
    mac->digest = r.at;
    if (mac->size == 0) {
        return mac->key_id == 0 ? NTP_MAC_NAK : NTP_MAC_MALFORMED;
    }
    return NTP_MAC_FOUND;
}

bool ntp_mac_check(const struct ntp_mac *mac, const struct mac_key *key, uint8_t version,
                   const uint8_t *bytes)
{
    const struct mac_claim claim = {mac->digest, mac->size, digest_limit(version)};

    return mac->key_id == key->id && mac_check(key, bytes, mac->at, &claim);
}

size_t ntp_mac_put(const struct mac_key *key, uint8_t version, uint8_t *bytes, size_t size)
{
    uint8_t digest[MAC_DIGEST_MAX];
    size_t length = mac_make(key, bytes, size, digest);
    struct writer w = {.at = bytes + size, .left = NTP_MAC_MAX};

    if (length > digest_limit(version)) {
        length = digest_limit(version);
    }
    writer_be(&w, KEY_ID_SIZE, key->id);
    writer_put(&w, digest, length);
    return size + KEY_ID_SIZE + length;
}
