/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/keys.h"

#include <string.h>

#include "wire/nts.h"

static void secret_of(unsigned host, bool to_client, uint8_t secret[static KEYS_SECRET_SIZE])
{
    memset(secret, to_client ? 0x55 : 0xaa, KEYS_SECRET_SIZE);
    secret[0] = (uint8_t)host;
}

/* {host, generation}: a simulated client does not look into it. */
static void fill_cookie(const struct sim_certificate *certificate, unsigned host,
                        uint8_t cookie[static SIM_COOKIE_SIZE])
{
    memset(cookie, 0, SIM_COOKIE_SIZE);
    cookie[0] = (uint8_t)host;
    cookie[1] = (uint8_t)certificate->generation;
}

bool sim_exchange_keys(struct sim_certificate *certificate, unsigned host, struct true_time now,
                       const struct keys_question *question, struct keys_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->query = question->query;
    answer->took_us = 2000;
    memcpy(answer->name, question->name, sizeof answer->name);
    answer->asked = question->server;
    certificate->exchanges++;
    if (!certificate->present || period_has(&certificate->refuses, now)) {
        answer->result = certificate->present ? KEYS_TIMEOUT : KEYS_REFUSED;
        return true;
    }
    answer->valid_from = certificate->from;
    answer->valid_until = certificate->until;
    answer->result = question->at.ns == 0                       ? KEYS_OK
                     : question->at.ns < certificate->from.ns   ? KEYS_NOT_YET
                     : question->at.ns >= certificate->until.ns ? KEYS_EXPIRED
                                                                : KEYS_OK;
    if (answer->result != KEYS_OK) {
        return true;
    }
    answer->server = question->server;
    answer->server.port = question->ntp_port;
    answer->algorithm = question->algorithms[0];
    secret_of(host, false, answer->to_server);
    secret_of(host, true, answer->to_client);
    answer->cookie_count = NTS_COOKIES;
    for (unsigned i = 0; i < NTS_COOKIES; i++) {
        answer->cookies[i].size = SIM_COOKIE_SIZE;
        fill_cookie(certificate, host, answer->cookies[i].bytes);
    }
    return true;
}

/* The cookie is ours and the request is made with its key. */
static bool is_authentic(const struct sim_certificate *certificate, unsigned host,
                         const uint8_t *request, const struct nts_fields *fields)
{
    uint8_t secret[KEYS_SECRET_SIZE], ours[SIM_COOKIE_SIZE], text[NTP_PACKET_MAX];
    struct aead_key key;
    size_t text_size;

    secret_of(host, false, secret);
    fill_cookie(certificate, host, ours);
    aead_key_init(&key, AEAD_AES_SIV_CMAC_256, secret);
    return certificate->present && fields->cookie.body_size == SIM_COOKIE_SIZE &&
           memcmp(fields->cookie.body, ours, sizeof ours) == 0 &&
           nts_open(request, fields, &key, text, &text_size);
}

static size_t make_nak(const struct nts_fields *fields, struct nts_datagram *datagram)
{
    struct ntp_packet packet;

    if (ntp_packet_decode(&packet, datagram->bytes, NTP_HEADER_SIZE) != DROP_NONE) {
        return 0;
    }
    packet.stratum = 0;
    packet.leap = NTP_LEAP_UNSYNC;
    packet.refid = NTS_KISS_NAK;
    ntp_packet_encode(&packet, datagram->bytes);
    return nts_datagram_put(datagram, EXTENSION_UNIQUE_ID, fields->id.body, fields->id.body_size)
               ? datagram->size
               : 0;
}

size_t sim_protect_answer(const struct sim_certificate *certificate, unsigned host,
                          const uint8_t *request, size_t size,
                          uint8_t bytes[static SIM_PROTECTED_MAX])
{
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, SIM_PROTECTED_MAX};
    uint8_t text[SIM_PROTECTED_MAX], cookie[SIM_COOKIE_SIZE], secret[KEYS_SECRET_SIZE];
    uint8_t nonce[AEAD_NONCE_SIZE_MAX];
    struct writer w = {text, sizeof text, false};
    struct nts_fields fields;
    struct aead_key key;

    if (!nts_fields_find(&fields, request, size) || fields.cookies == 0) {
        return 0;
    }
    if (!is_authentic(certificate, host, request, &fields)) {
        return make_nak(&fields, &datagram);
    }
    secret_of(host, true, secret);
    aead_key_init(&key, AEAD_AES_SIV_CMAC_256, secret);
    fill_cookie(certificate, host, cookie);
    for (unsigned i = 0; i <= fields.placeholders; i++) {
        extension_put(&w, EXTENSION_COOKIE, cookie, sizeof cookie);
    }
    memcpy(nonce, fields.id.body, sizeof nonce); /* unique, as the identifier is */
    struct nts_seal seal = {&key, nonce, text, sizeof text - w.left};
    return nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, fields.id.body, fields.id.body_size) &&
                   nts_datagram_seal(&datagram, &seal)
               ? datagram.size
               : 0;
}
