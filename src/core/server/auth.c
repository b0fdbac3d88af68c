/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/auth.h"

#include <string.h>

#include "crypto/wipe.h"
#include "wire/ntp_mac.h"
#include "wire/nts.h"

enum { NTS_VERSION = 4 };

void auth_tables_init(struct auth_tables *own, const uint64_t random[static 4])
{
    *own = (struct auth_tables){
        .nonce_keys = {{{random[0], random[1]}}, {{random[2], random[3]}}},
    };
}

static enum drop_reason check_mac(struct auth *auth, const struct auth_secrets *secrets,
                                  const uint8_t *bytes, size_t size)
{
    struct ntp_mac mac;

    switch (ntp_mac_find(&mac, auth->version, bytes, size)) {
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
    if (key == NULL || !ntp_mac_check(&mac, key, auth->version, bytes)) {
        return DROP_BAD_MAC;
    }
    auth->kind = AUTH_KEY;
    auth->key = key;
    return DROP_NONE;
}

/* The request's cookie and authenticator; the identifier is kept for either answer. */
static enum drop_reason check_nts(struct auth *auth, const struct auth_secrets *secrets,
                                  const struct nts_fields *fields, const uint8_t *bytes)
{
    uint8_t text[NTP_PACKET_MAX];
    size_t text_size = 0;
    struct aead_key key;

    if (secrets->cookies == NULL) {
        return DROP_NTS_NOT_SERVED;
    }
    if (fields->ids != 1 || fields->id.body_size < NTS_ID_SIZE ||
        fields->id.body_size > AUTH_ID_MAX || fields->cookies != 1 ||
        fields->authenticator.body_size == 0) {
        return DROP_FORMAT;
    }
    auth->id_size = (uint16_t)fields->id.body_size;
    memcpy(auth->id, fields->id.body, fields->id.body_size);
    auth->kind = AUTH_NAK;
    if (!cookie_open(secrets->cookies, fields->cookie.body, fields->cookie.body_size,
                     &auth->cookie)) {
        return DROP_NTS_COOKIE;
    }
    aead_key_init(&key, (enum aead_id)auth->cookie.algorithm, auth->cookie.to_server);
    if (nts_open(bytes, fields, &key, text, &text_size)) {
        auth->kind = AUTH_NTS;
        auth->placeholders = fields->placeholders;
    }
    aead_key_done(&key);
    return auth->kind == AUTH_NTS ? DROP_NONE : DROP_NTS_COOKIE;
}

enum drop_reason auth_check(struct auth *auth, const struct auth_secrets *secrets, uint8_t version,
                            const uint8_t *bytes, size_t size)
{
    struct nts_fields fields;

    auth->kind = AUTH_NONE;
    auth->version = version;
    auth->key = NULL;
    if (size == NTP_HEADER_SIZE) {
        return DROP_NONE;
    }
    if (version == NTS_VERSION && nts_fields_find(&fields, bytes, size) &&
        nts_fields_any(&fields)) {
        return check_nts(auth, secrets, &fields, bytes);
    }
    return check_mac(auth, secrets, bytes, size);
}

bool auth_may_nak(const struct auth *auth, struct auth_tables *own, struct steady_time now)
{
    int64_t second = now.ns / NS_PER_S;

    if (auth->kind != AUTH_NAK) {
        return false;
    }
    if (second != own->nak_second) {
        own->nak_second = second;
        own->naks = 0;
    }
    return own->naks++ < AUTH_NAKS_PER_SECOND;
}

/* Numbers that nobody can guess and that do not come twice: a counter under two random keys. */
static void make_nonce(struct auth_tables *own, uint8_t nonce[static COOKIE_NONCE])
{
    uint64_t count = own->nonces++;
    uint8_t octets[sizeof count];

    memcpy(octets, &count, sizeof count);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t half = siphash(&own->nonce_keys[i], octets, sizeof octets);

        memcpy(nonce + 8 * (size_t)i, &half, sizeof half);
    }
}

/* As many new cookies as the client has asked for, and has made room for. */
static size_t put_cookies(const struct auth *auth, const struct auth_secrets *secrets,
                          struct auth_tables *own, struct auth_answer *answer,
                          uint8_t text[static NTP_PACKET_MAX])
{
    const size_t one = extension_size(cookie_size(auth->cookie.algorithm));
    const size_t wanted =
        (auth->placeholders < NTS_COOKIES ? auth->placeholders : NTS_COOKIES - 1) + 1U;
    struct writer w = {.at = text, .left = NTP_PACKET_MAX};
    size_t size = 0;

    for (size_t i = 0; i < wanted; i++) {
        uint8_t nonce[COOKIE_NONCE], cookie[COOKIE_SIZE_MAX];

        if (answer->size +
                nts_authenticator_size((enum aead_id)auth->cookie.algorithm, size + one) >
            answer->space) {
            break;
        }
        make_nonce(own, nonce);
        cookie_seal(secrets->cookies, &auth->cookie, nonce, cookie);
        extension_put(&w, EXTENSION_COOKIE, cookie, cookie_size(auth->cookie.algorithm));
        size += one;
        answer->cookies++;
    }
    return size;
}

static void seal_nts(const struct auth *auth, const struct auth_secrets *secrets,
                     struct auth_tables *own, struct auth_answer *answer)
{
    struct nts_datagram datagram = {answer->bytes, answer->size, answer->space};
    uint8_t text[NTP_PACKET_MAX], nonce[COOKIE_NONCE];
    struct aead_key key;

    if (!nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, auth->id, auth->id_size)) {
        return;
    }
    answer->size = datagram.size;
    if (auth->kind == AUTH_NAK) {
        return;
    }
    size_t text_size = put_cookies(auth, secrets, own, answer, text);
    make_nonce(own, nonce);
    aead_key_init(&key, (enum aead_id)auth->cookie.algorithm, auth->cookie.to_client);
    const struct nts_seal seal = {&key, nonce, text, text_size};
    if (nts_datagram_seal(&datagram, &seal)) {
        answer->size = datagram.size;
    }
    aead_key_done(&key);
}

void auth_seal(const struct auth *auth, const struct auth_secrets *secrets, struct auth_tables *own,
               struct auth_answer *answer)
{
    switch ((enum auth_kind)auth->kind) {
    case AUTH_NONE:
        break;
    case AUTH_KEY:
        answer->size = ntp_mac_put(auth->key, auth->version, answer->bytes, answer->size);
        break;
    case AUTH_NTS:
    case AUTH_NAK:
        seal_nts(auth, secrets, own, answer);
        break;
    }
}
