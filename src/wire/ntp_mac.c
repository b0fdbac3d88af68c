/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ntp_mac.h"

#include "base/bytes.h"
#include "base/must.h"
#include "wire/extension.h"
#include "wire/ntp_packet.h"

enum {
    KEY_ID_SIZE = 4,
    DIGEST_MIN = 16,       /* MD5, CMAC */
    DIGEST_CUT = 20,       /* of version 4: RFC 7822, section 3 */
    EXTENSION_VERSION = 4, /* the first that has extension fields */
};

static size_t digest_limit(uint8_t version)
{
    return version >= EXTENSION_VERSION ? DIGEST_CUT : MAC_DIGEST_MAX;
}

/* Where the MAC begins; `size`: there is none; SIZE_MAX: something else is broken. */
static size_t mac_begins(uint8_t version, const uint8_t *bytes, size_t size)
{
    struct extension_cursor cursor = extension_behind_header(bytes, size);
    struct extension field;
    enum extension_found found;

    if (version < EXTENSION_VERSION) {
        return NTP_HEADER_SIZE;
    }
    do {
        found = extension_next(&cursor, &field);
    } while (found == EXTENSION_FIELD);
    return found == EXTENSION_BROKEN ? SIZE_MAX : cursor.at;
}

enum ntp_mac_found ntp_mac_find(struct ntp_mac *mac, uint8_t version, const uint8_t *bytes,
                                size_t size)
{
    must(size >= NTP_HEADER_SIZE);
    mac->at = mac_begins(version, bytes, size);
    if (mac->at == size) {
        return NTP_MAC_NONE;
    }
    if (mac->at == SIZE_MAX || size % 4 != 0) {
        return NTP_MAC_MALFORMED;
    }
    struct reader r = {.at = bytes + mac->at, .left = size - mac->at};
    mac->key_id = (uint32_t)reader_be(&r, KEY_ID_SIZE);
    mac->digest = r.at;
    mac->size = r.left;
    if (mac->size == 0) {
        return mac->key_id == 0 ? NTP_MAC_NAK : NTP_MAC_MALFORMED;
    }
    return mac->size >= DIGEST_MIN && mac->size <= digest_limit(version) ? NTP_MAC_FOUND
                                                                         : NTP_MAC_MALFORMED;
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
