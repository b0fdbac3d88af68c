/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/server/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "wire/ntp_mac.h"
#include "wire/ntp_packet.h"
#include "wire/nts.h"

struct bench {
    struct mac_key keys[3];
    struct auth_secrets secrets;
    struct auth_tables tables;
    struct cookie_keys cookies;
    uint8_t bytes[NTP_PACKET_MAX];
    size_t size;
    uint8_t to_client[AEAD_KEY_SIZE_MAX];
};

static void begin(struct bench *bench)
{
    static const uint8_t secret[16] = {1, 2, 3};

    *bench =
        (struct bench){.secrets = {.keys = bench->keys, .key_count = 3}, .bytes = {0x23, 0, 6}};
    auth_tables_init(&bench->tables, (const uint64_t[]){1, 2, 3, 4});
    for (unsigned i = 0; i < 3; i++) {
        static const enum mac_type types[] = {MAC_SHA256, MAC_AES128, MAC_MD5};

        bench->keys[i].id = 10 * (i + 1);
        assert_true(mac_key_set(&bench->keys[i], types[i], secret, sizeof secret));
    }
}

static size_t sealed(struct bench *bench, const struct auth *auth, size_t space)
{
    struct auth_answer answer = {bench->bytes, NTP_HEADER_SIZE, space};

    auth_seal(auth, &bench->secrets, &bench->tables, &answer);
    return answer.size;
}

static void an_answer_has_a_mac_of_the_key_and_size_that_its_request_had(void **state)
{
    struct bench bench;

    (void)state;
    for (uint8_t version = 1; version <= 4; version++) {
        for (unsigned i = 0; i < 3; i++) {
            struct auth auth;
            struct ntp_mac mac;
            size_t size, answered;

            begin(&bench);
            size = ntp_mac_put(&bench.keys[i], version, bench.bytes, NTP_HEADER_SIZE);
            assert_int_equal(auth_check(&auth, &bench.secrets, version, bench.bytes, size),
                             DROP_NONE);
            memset(bench.bytes, 0x55, sizeof bench.bytes);
            answered = sealed(&bench, &auth, size);
            assert_int_equal(answered, size);
            assert_int_equal(ntp_mac_find(&mac, version, bench.bytes, answered), NTP_MAC_FOUND);
            assert_true(ntp_mac_check(&mac, &bench.keys[i], version, bench.bytes));
        }
    }
}

static void what_is_not_authenticated_is_answered_plainly(void **state)
{
    struct bench bench;
    struct auth auth;

    (void)state;
    begin(&bench);
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, NTP_HEADER_SIZE), DROP_NONE);
    assert_int_equal(sealed(&bench, &auth, NTP_HEADER_SIZE), NTP_HEADER_SIZE);
}

static void unknown_keys_wrong_macs_and_crypto_naks_get_no_answer(void **state)
{
    struct bench bench;
    struct mac_key stranger;
    struct auth auth;
    size_t size;

    (void)state;
    begin(&bench);
    stranger = bench.keys[1];
    stranger.id = 21;
    size = ntp_mac_put(&stranger, 4, bench.bytes, NTP_HEADER_SIZE);
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, size), DROP_BAD_MAC);
    assert_null(auth.key);
    size = ntp_mac_put(&bench.keys[1], 4, bench.bytes, NTP_HEADER_SIZE);
    bench.bytes[40] ^= 4;
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, size), DROP_BAD_MAC);
    bench.bytes[40] ^= 4;
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, size), DROP_NONE);
    /* The whole digest of SHA-256 belongs to version 3. */
    size = ntp_mac_put(&bench.keys[0], 3, bench.bytes, NTP_HEADER_SIZE);
    assert_int_equal(auth_check(&auth, &bench.secrets, 3, bench.bytes, size), DROP_NONE);
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, size), DROP_FORMAT);
    memset(bench.bytes + NTP_HEADER_SIZE, 0, 4);
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, NTP_HEADER_SIZE + 4),
                     DROP_BAD_MAC);
}

static void without_keys_every_mac_is_unknown(void **state)
{
    const struct auth_secrets none = {.key_count = 0};
    struct bench bench;
    struct auth auth;
    size_t size;

    (void)state;
    begin(&bench);
    size = ntp_mac_put(&bench.keys[2], 4, bench.bytes, NTP_HEADER_SIZE);
    assert_int_equal(auth_check(&auth, &none, 4, bench.bytes, size), DROP_BAD_MAC);
}

/* What a client of NTS sends. */
struct wish {
    uint16_t algorithm;
    unsigned placeholders;
    size_t id_size;
    unsigned cookies;
    size_t placeholder_size; /* 0: as long as the cookie */
};

static void ask_nts(struct bench *bench, const struct wish *wish)
{
    static const uint8_t random[2 * COOKIE_SECRET] = {9};
    const uint8_t nonce[COOKIE_NONCE] = {4};
    uint8_t id[256], bytes[COOKIE_SIZE_MAX];
    struct cookie cookie = {.algorithm = wish->algorithm, .to_server = {1}, .to_client = {2}};
    struct nts_datagram datagram = {bench->bytes, NTP_HEADER_SIZE, sizeof bench->bytes};
    struct cookie_ring ring = {.changed_s = 0};
    struct aead_key key;
    size_t size = cookie_size(wish->algorithm);

    cookie_ring_turn(&ring, random, 0);
    cookie_keys_prepare(&bench->cookies, &ring);
    bench->secrets.cookies = &bench->cookies;
    memcpy(bench->to_client, cookie.to_client, sizeof bench->to_client);
    memset(id, 0x77, sizeof id);
    cookie_seal(&bench->cookies, &cookie, nonce, bytes);
    assert_true(nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, id, wish->id_size));
    for (unsigned i = 0; i < wish->cookies; i++) {
        assert_true(nts_datagram_put(&datagram, EXTENSION_COOKIE, bytes, size));
    }
    for (unsigned i = 0; i < wish->placeholders; i++) {
        assert_true(nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL,
                                     wish->placeholder_size ? wish->placeholder_size : size));
    }
    aead_key_init(&key, (enum aead_id)wish->algorithm, cookie.to_server);
    const struct nts_seal seal = {&key, nonce, NULL, 0};
    assert_true(nts_datagram_seal(&datagram, &seal));
    bench->size = datagram.size;
}

/* Opens the answer as its client does; returns how many cookies it brings. */
static unsigned open_answer(struct bench *bench, size_t size, uint16_t algorithm)
{
    struct nts_fields fields;
    uint8_t text[NTP_PACKET_MAX];
    size_t text_size;
    struct aead_key key;
    struct extension field;
    unsigned cookies = 0;

    assert_true(nts_fields_find(&fields, bench->bytes, size));
    assert_int_equal(fields.ids, 1);
    aead_key_init(&key, (enum aead_id)algorithm, bench->to_client);
    assert_true(nts_open(bench->bytes, &fields, &key, text, &text_size));
    struct extension_cursor cursor = extension_within(text, text_size);
    while (extension_next(&cursor, &field) == EXTENSION_FIELD) {
        struct cookie cookie;

        assert_int_equal(field.type, EXTENSION_COOKIE);
        assert_true(cookie_open(&bench->cookies, field.body, field.body_size, &cookie));
        assert_int_equal(cookie.algorithm, algorithm);
        assert_memory_equal(cookie.to_client, bench->to_client, aead_key_size(algorithm));
        cookies++;
    }
    return cookies;
}

static void an_nts_answer_brings_the_cookies_that_were_asked_for_and_is_no_longer(void **state)
{
    static const struct {
        struct wish wish;
        unsigned cookies;
    } rows[] = {
        {{AEAD_AES_SIV_CMAC_256, 0, 32, 1, 0}, 1},  {{AEAD_AES_SIV_CMAC_256, 3, 32, 1, 0}, 4},
        {{AEAD_AES_SIV_CMAC_256, 6, 32, 1, 0}, 7},  {{AEAD_AES_128_GCM_SIV, 0, 32, 1, 0}, 1},
        {{AEAD_AES_128_GCM_SIV, 7, 32, 1, 0}, 8},   {{AEAD_AES_128_GCM_SIV, 9, 32, 1, 0}, 8},
        {{AEAD_AES_SIV_CMAC_256, 2, 32, 1, 16}, 1}, {{AEAD_AES_SIV_CMAC_256, 1, 128, 1, 0}, 2},
    };
    struct bench bench;
    struct auth auth;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(&bench);
        ask_nts(&bench, &rows[i].wish);
        assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, bench.size), DROP_NONE);
        assert_int_equal(auth.kind, AUTH_NTS);
        size_t size = sealed(&bench, &auth, bench.size);
        assert_true(size <= bench.size);
        assert_int_equal(open_answer(&bench, size, rows[i].wish.algorithm), rows[i].cookies);
    }
}

static void malformed_nts_requests_are_dropped(void **state)
{
    static const struct wish rows[] = {
        {AEAD_AES_SIV_CMAC_256, 0, 28, 1, 0},
        {AEAD_AES_SIV_CMAC_256, 0, 132, 1, 0},
        {AEAD_AES_SIV_CMAC_256, 0, 32, 0, 0},
        {AEAD_AES_SIV_CMAC_256, 0, 32, 2, 0},
    };
    struct bench bench;
    struct auth auth;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(&bench);
        ask_nts(&bench, &rows[i]);
        assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, bench.size),
                         DROP_FORMAT);
    }
    begin(&bench);
    ask_nts(&bench, &(const struct wish){AEAD_AES_SIV_CMAC_256, 0, 32, 1, 0});
    bench.secrets.cookies = NULL;
    assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, bench.size),
                     DROP_NTS_NOT_SERVED);
}

static void whose_cookie_or_seal_is_wrong_is_told_so_but_not_without_end(void **state)
{
    static const size_t changed[] = {10, NTP_HEADER_SIZE + 36 + 30};
    struct bench bench;
    struct auth auth;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct nts_fields fields;
        unsigned told = 0;

        begin(&bench);
        ask_nts(&bench, &(const struct wish){AEAD_AES_SIV_CMAC_256, 0, 32, 1, 0});
        bench.bytes[changed[i]] ^= 1;
        assert_int_equal(auth_check(&auth, &bench.secrets, 4, bench.bytes, bench.size),
                         DROP_NTS_COOKIE);
        assert_int_equal(auth.kind, AUTH_NAK);
        size_t size = sealed(&bench, &auth, bench.size);
        assert_int_equal(size, NTP_HEADER_SIZE + 36);
        assert_true(nts_fields_find(&fields, bench.bytes, size));
        assert_int_equal(fields.id.body[5], 0x77);
        assert_int_equal(fields.cookies, 0);
        for (int k = 0; k < 1000; k++) {
            told += auth_may_nak(&auth, &bench.tables, (struct steady_time){5 * NS_PER_S + k});
        }
        assert_int_equal(told, AUTH_NAKS_PER_SECOND);
        assert_true(auth_may_nak(&auth, &bench.tables, (struct steady_time){6 * NS_PER_S}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_a_mac_of_the_key_and_size_that_its_request_had),
        cmocka_unit_test(what_is_not_authenticated_is_answered_plainly),
        cmocka_unit_test(unknown_keys_wrong_macs_and_crypto_naks_get_no_answer),
        cmocka_unit_test(without_keys_every_mac_is_unknown),
        cmocka_unit_test(an_nts_answer_brings_the_cookies_that_were_asked_for_and_is_no_longer),
        cmocka_unit_test(malformed_nts_requests_are_dropped),
        cmocka_unit_test(whose_cookie_or_seal_is_wrong_is_told_so_but_not_without_end),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
