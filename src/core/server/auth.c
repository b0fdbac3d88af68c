/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/auth.h"

#include "wire/ntp_mac.h"

enum drop_reason auth_check(struct auth *auth, const struct auth_secrets *secrets, uint8_t version,
                            const uint8_t *bytes, size_t size)
{
    struct ntp_mac mac;

    *auth = (struct auth){.key = NULL, .version = version};
    switch (ntp_mac_find(&mac, version, bytes, size)) {
    case NTP_MAC_NONE:
        return DROP_NONE;
    case NTP_MAC_MALFORMED:
        return DROP_FORMAT;
    case NTP_MAC_NAK:
        return DROP_BAD_MAC;
    case NTP_MAC_FOUND:
        break;
    }
    const struct mac_key *key = mac_find(secrets->keys, secrets->key_count, mac.key_id);
    if (key == NULL || !ntp_mac_check(&mac, key, version, bytes)) {
        return DROP_BAD_MAC;
    }
    auth->key = key;
    return DROP_NONE;
}

size_t auth_seal(const struct auth *auth, uint8_t *bytes, size_t size)
{
    return auth->key != NULL ? ntp_mac_put(auth->key, auth->version, bytes, size) : size;
}
