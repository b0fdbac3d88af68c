/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/nts.h"

#include <string.h>

#include "base/must.h"
#include "crypto/siphash.h"
#include "crypto/wipe.h"
#include "wire/nts.h"

enum {
    ANSWER_WITHIN_S = 60,
    RETRY_FIRST_S = 16,
    RETRY_PATH_MOST_S = 4096, /* the path may be mended at any time */
    RETRY_NO_MOST_S = 131072, /* a server that says no will say so again */
    RETRY_LEAST_S = 8,        /* whoever asks */
};

static struct mono_time after_s(struct mono_time now, int64_t s)
{
    return (struct mono_time){now.ns + s * NS_PER_S};
}

void nts_init(struct nts *nts, struct mono_time now, double refresh_s)
{
    memset(nts, 0, sizeof *nts);
    nts->ask_at = now;
    nts->refresh_at.ns = INT64_MAX;
    nts->refresh_ns = refresh_s > 0 ? duration_from_s(refresh_s).ns : 0;
}

static void forget_keys(struct nts *nts)
{
    aead_key_done(&nts->to_server);
    aead_key_done(&nts->to_client);
    wipe(&nts->keys, sizeof nts->keys);
    nts->have_keys = false;
    nts->refresh_at.ns = INT64_MAX;
}

void nts_done(struct nts *nts)
{
    forget_keys(nts);
    wipe(nts, sizeof *nts);
}

bool nts_ready(const struct nts *nts)
{
    return nts->have_keys && nts->keys.cookie_count > 0;
}

/* Without cookies, or with old keys, or to see the certificate again. */
static struct mono_time wanted_at(const struct nts *nts)
{
    if (!nts_ready(nts) || nts->wants_proof) {
        return nts->ask_at;
    }
    /* Old keys still work: they are renewed in time, but not against the pauses. */
    return nts->refresh_at.ns > nts->ask_at.ns ? nts->refresh_at : nts->ask_at;
}

bool nts_due(const struct nts *nts, struct mono_time now)
{
    return nts->query == 0 && now.ns >= wanted_at(nts).ns;
}

/* 16 s, 32 s ... after exchanges that led to nothing. */
static int64_t pause_s(const struct nts *nts, int64_t most_s)
{
    unsigned doublings = nts->futile < 1 ? 0 : nts->futile - 1;
    int64_t pause = (int64_t)RETRY_FIRST_S << (doublings < 13 ? doublings : 13);

    return pause < most_s ? pause : most_s;
}

void nts_asked(struct nts *nts, uint32_t query, struct mono_time now)
{
    must(query != 0);
    nts->query = query;
    nts->query_sent = now;
    nts->saved_tried = true;
}

struct mono_time nts_deadline(const struct nts *nts)
{
    return nts->query != 0 ? after_s(nts->query_sent, ANSWER_WITHIN_S) : wanted_at(nts);
}

/* Whether it is the path that failed, rather than the server that refused. */
static bool of_path(enum keys_result result)
{
    return result == KEYS_NO_HELPER || result == KEYS_TIMEOUT || result == KEYS_REFUSED ||
           result == KEYS_UNREACHABLE || result == KEYS_SLOW || result == KEYS_CLOSED ||
           result == KEYS_SERVER;
}

static void put_off(struct nts *nts, struct mono_time now, int64_t most_s, uint64_t random)
{
    int64_t pause = pause_s(nts, most_s);

    /* Up to a quarter more, so that a fleet does not come back at once. */
    nts->ask_at.ns =
        now.ns + pause * NS_PER_S + (int64_t)(random % (uint64_t)(pause * NS_PER_S / 4));
}

static void take_keys(struct nts *nts, const struct keys_answer *answer, struct mono_time now,
                      struct utc_time utc)
{
    int64_t age_ns = answer->made.ns == 0 ? 0 : utc.ns - answer->made.ns;

    forget_keys(nts);
    nts->keys = *answer;
    nts->have_keys = true;
    aead_key_init(&nts->to_server, (enum aead_id)answer->algorithm, answer->to_server);
    aead_key_init(&nts->to_client, (enum aead_id)answer->algorithm, answer->to_client);
    memset(nts->asked, 0, sizeof nts->asked);
    nts->refused = false;
    if (nts->refresh_ns > 0) {
        /* Made in the future: nobody knows how old they are. */
        nts->refresh_at = now;
        nts->refresh_at.ns += age_ns < 0 || age_ns > nts->refresh_ns ? 0 : nts->refresh_ns - age_ns;
    }
    if (answer->made.ns == 0) {
        nts->keys.made = utc;
    }
}

bool nts_time_out(struct nts *nts, struct mono_time now)
{
    struct keys_answer answer = {.query = nts->query, .result = KEYS_NO_HELPER};

    if (nts->query == 0 || now.ns < after_s(nts->query_sent, ANSWER_WITHIN_S).ns) {
        return false;
    }
    return !nts_take(nts, &answer, now, (struct utc_time){0}, 0);
}

bool nts_take(struct nts *nts, const struct keys_answer *answer, struct mono_time now,
              struct utc_time utc, uint64_t random)
{
    nts->query = 0;
    if (answer->result == KEYS_NONE && !nts->kept_none && nts->result == KEYS_NONE) {
        nts->kept_none = true;
        nts->ask_at = now; /* nothing was kept over the restart: exchange */
        return false;
    }
    nts->attempts += answer->made.ns == 0;
    /* Nothing again: who answers so is no helper. */
    nts->result = answer->result == KEYS_NONE ? KEYS_NO_HELPER : answer->result;
    nts->detail = answer->detail;
    nts->result_at = now;
    nts->took_us = answer->took_us;
    if (answer->valid_from.ns < answer->valid_until.ns) {
        nts->valid_from = answer->valid_from;
        nts->valid_until = answer->valid_until;
    }
    nts->futile += nts->futile < UINT16_MAX;
    put_off(nts, now, of_path(answer->result) ? RETRY_PATH_MOST_S : RETRY_NO_MOST_S, random);
    if (answer->result != KEYS_OK || !aead_known(answer->algorithm)) {
        return false;
    }
    take_keys(nts, answer, now, utc);
    nts->wants_proof = false;
    return true;
}

void nts_soon(struct nts *nts, struct mono_time now)
{
    struct mono_time least =
        nts->result == KEYS_NONE ? now : after_s(nts->result_at, RETRY_LEAST_S);

    if (nts->ask_at.ns > least.ns && nts->ask_at.ns > now.ns) {
        nts->ask_at = least.ns > now.ns ? least : now;
    }
}

void nts_reject(struct nts *nts, struct utc_time utc)
{
    nts->result = utc.ns < nts->valid_from.ns ? KEYS_NOT_YET : KEYS_EXPIRED;
    nts->detail = 0;
    nts->wants_proof = false;
    forget_keys(nts);
}

void nts_prove(struct nts *nts, struct mono_time now)
{
    if (!nts->wants_proof) {
        nts->wants_proof = true;
        nts->ask_at = now;
    }
}

/* 16 octets a word of counter: the identifier and the nonce from one secret of 128 bits. */
static void expand(const uint64_t random[static NTS_RANDOM], uint8_t *bytes, size_t size)
{
    const struct siphash_key key = {{random[0], random[1]}};

    for (size_t i = 0; i < size; i++) {
        uint8_t block = (uint8_t)(i / 8);

        if (i % 8 == 0) {
            uint64_t word = siphash(&key, &block, 1);
            memcpy(bytes + i, &word, size - i < 8 ? size - i : 8);
        }
    }
}

/* How many placeholders to send: what is missing in the stock, as far as there is space. */
static unsigned placeholders(const struct nts *nts, size_t body_size, size_t used)
{
    unsigned missing = NTS_COOKIES - 1u - nts->keys.cookie_count;
    size_t seal = nts_authenticator_size(nts->to_server.id, 0);
    size_t one = extension_size(body_size);

    while (missing > 0 && used + missing * one + seal > NTS_PACKET) {
        missing--;
    }
    return missing;
}

void nts_prepare(struct nts *nts)
{
    if (nts->refused) {
        forget_keys(nts);
        nts->refused = false;
    }
}

size_t nts_protect(struct nts *nts, uint32_t sequence, const uint64_t random[static NTS_RANDOM],
                   uint8_t bytes[static NTS_PACKET])
{
    struct nts_asked *asked = &nts->asked[sequence % NTS_PENDING];
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, NTS_PACKET};
    uint8_t fresh[NTS_ID_SIZE + AEAD_NONCE_SIZE_MAX];
    struct ke_cookie cookie;
    struct nts_seal seal = {&nts->to_server, fresh + NTS_ID_SIZE, (const uint8_t *)"", 0};
    bool fits;

    must(nts_ready(nts));
    cookie = nts->keys.cookies[0];
    nts->keys.cookie_count--;
    memmove(nts->keys.cookies, nts->keys.cookies + 1,
            nts->keys.cookie_count * sizeof nts->keys.cookies[0]);
    memset(&nts->keys.cookies[nts->keys.cookie_count], 0, sizeof nts->keys.cookies[0]);
    expand(random, fresh, sizeof fresh);
    *asked = (struct nts_asked){.sequence = sequence};
    memcpy(asked->id, fresh, NTS_ID_SIZE);
    fits = nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, asked->id, NTS_ID_SIZE) &&
           nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie.bytes, cookie.size);
    for (unsigned i = placeholders(nts, cookie.size, datagram.size); i > 0; i--) {
        fits = fits && nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL, cookie.size);
    }
    fits = fits && nts_datagram_seal(&datagram, &seal);
    must(fits);
    return datagram.size;
}

static struct nts_asked *find_asked(struct nts *nts, const struct extension *id)
{
    for (unsigned i = 0; i < NTS_PENDING; i++) {
        struct nts_asked *asked = &nts->asked[i];

        if (asked->sequence != 0 && id->body_size == NTS_ID_SIZE &&
            memcmp(asked->id, id->body, NTS_ID_SIZE) == 0) {
            return asked;
        }
    }
    return NULL;
}

/* Cookies that were sealed into the reply; those beyond a full stock are left. */
static void take_cookies(struct nts *nts, const uint8_t *text, size_t size)
{
    struct extension_cursor cursor = extension_within(text, size);
    struct extension field;

    while (extension_next(&cursor, &field) == EXTENSION_FIELD) {
        struct ke_cookie *cookie = &nts->keys.cookies[nts->keys.cookie_count];

        if (field.type == EXTENSION_COOKIE && nts->keys.cookie_count < NTS_COOKIES &&
            field.body_size <= NTS_COOKIE_SIZE) {
            cookie->size = (uint16_t)field.body_size;
            memcpy(cookie->bytes, field.body, field.body_size);
            nts->keys.cookie_count++;
        }
    }
}

/* A kiss code of NTS, in a packet that nothing protects: only its identifier says whose it is. */
static bool is_nak(const uint8_t *bytes, size_t size)
{
    struct ntp_packet packet;

    return ntp_packet_decode(&packet, bytes, size) == DROP_NONE && packet.stratum == 0 &&
           packet.refid == NTS_KISS_NAK && packet.mode == NTP_MODE_SERVER;
}

enum drop_reason nts_check(struct nts *nts, const uint8_t *bytes, size_t size)
{
    struct nts_fields fields;
    struct nts_asked *asked;
    uint8_t text[NTP_PACKET_MAX];
    size_t text_size;

    if (!nts->have_keys || size < NTP_HEADER_SIZE || size > sizeof text) {
        return size < NTP_HEADER_SIZE ? DROP_SHORT : DROP_UNAUTHENTICATED;
    }
    if (!nts_fields_find(&fields, bytes, size)) {
        return DROP_FORMAT;
    }
    asked = find_asked(nts, &fields.id);
    if (fields.authenticator.body_size == 0) {
        if (asked == NULL || !is_nak(bytes, size)) {
            return DROP_UNAUTHENTICATED;
        }
        nts->refused = true;
        nts->naks++;
        return DROP_NTS_NAK;
    }
    if (asked == NULL || fields.ids != 1) {
        return DROP_NTS_ID;
    }
    if (!nts_open(bytes, &fields, &nts->to_client, text, &text_size)) {
        return DROP_NTS_FORGED;
    }
    take_cookies(nts, text, text_size);
    wipe(text, text_size);
    asked->sequence = 0;
    nts->refused = false;
    nts->futile = 0;
    return DROP_NONE;
}

bool nts_valid_at(const struct nts *nts, struct utc_time at)
{
    return nts->valid_from.ns <= at.ns && at.ns < nts->valid_until.ns;
}
