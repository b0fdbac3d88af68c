/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/nts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ntp_packet.h"

enum { SPACE = 1024 };

static const uint8_t id[NTS_ID_SIZE] = "an identifier of thirty-two byte";
static const uint8_t nonce[AEAD_NONCE_SIZE_MAX] = "a nonce of 16 by";
static const uint8_t cookie[100] = "cookie";

static struct aead_key key_of(enum aead_id algorithm, uint8_t first)
{
    uint8_t secret[AEAD_KEY_SIZE_MAX] = {first, 2, 3, 4};
    struct aead_key key;

    aead_key_init(&key, algorithm, secret);
    return key;
}

/* A client's request with `placeholders`; returns its size. */
static size_t make_request(uint8_t *bytes, const struct aead_key *key, unsigned placeholders)
{
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, SPACE};
    struct nts_seal seal = {.key = key, .nonce = nonce, .text = (const uint8_t *)""};

    memset(bytes, 0, SPACE);
    bytes[0] = 0x23;
    assert_true(nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, id, sizeof id));
    assert_true(nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie, sizeof cookie));
    for (unsigned i = 0; i < placeholders; i++) {
        assert_true(nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL, sizeof cookie));
    }
    assert_true(nts_datagram_seal(&datagram, &seal));
    return datagram.size;
}

static void a_request_is_found_and_opened(void **state)
{
    static const enum aead_id ids[] = {AEAD_AES_SIV_CMAC_256, AEAD_AES_128_GCM_SIV};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct aead_key key = key_of(ids[i], 1);
        uint8_t bytes[SPACE], text[SPACE];
        struct nts_fields fields;
        size_t text_size, size = make_request(bytes, &key, 3);

        assert_true(nts_fields_find(&fields, bytes, size));
        assert_true(nts_fields_any(&fields));
        assert_int_equal(fields.ids, 1);
        assert_int_equal(fields.cookies, 1);
        assert_int_equal(fields.placeholders, 3);
        assert_true(fields.placeholders_fit);
        assert_int_equal(fields.cookie.body_size, sizeof cookie);
        assert_memory_equal(fields.id.body, id, sizeof id);
        assert_true(nts_open(bytes, &fields, &key, text, &text_size));
        assert_int_equal(text_size, 0);
    }
}

static void what_is_sealed_comes_back(void **state)
{
    struct aead_key key = key_of(AEAD_AES_128_GCM_SIV, 1);
    uint8_t bytes[SPACE] = {0}, sealed[SPACE], text[SPACE];
    struct writer w = {sealed, sizeof sealed, false};
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, SPACE};
    struct nts_fields fields;
    struct extension field;
    size_t text_size;

    (void)state;
    extension_put(&w, EXTENSION_COOKIE, cookie, sizeof cookie);
    extension_put(&w, EXTENSION_COOKIE, cookie, 17);
    struct nts_seal seal = {&key, nonce, sealed, sizeof sealed - w.left};
    assert_true(nts_datagram_put(&datagram, EXTENSION_UNIQUE_ID, id, sizeof id));
    size_t before = datagram.size;
    assert_true(nts_datagram_seal(&datagram, &seal));
    assert_int_equal(datagram.size - before,
                     nts_authenticator_size(AEAD_AES_128_GCM_SIV, seal.text_size));
    assert_true(nts_fields_find(&fields, bytes, datagram.size));
    assert_int_equal(fields.cookies, 0); /* sealed ones are not seen from outside */
    assert_true(nts_open(bytes, &fields, &key, text, &text_size));
    assert_int_equal(text_size, seal.text_size);
    struct extension_cursor cursor = extension_within(text, text_size);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_FIELD);
    assert_int_equal(field.body_size, sizeof cookie);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_FIELD);
    assert_int_equal(field.body_size, 20);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_END);
}

static void every_octet_of_a_request_is_protected(void **state)
{
    struct aead_key key = key_of(AEAD_AES_SIV_CMAC_256, 1), other = key_of(key.id, 9);
    uint8_t bytes[SPACE], text[SPACE];
    struct nts_fields fields;
    size_t text_size, size = make_request(bytes, &key, 1);

    (void)state;
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        if (nts_fields_find(&fields, bytes, size) && fields.authenticator.body_size > 0) {
            assert_false(nts_open(bytes, &fields, &key, text, &text_size));
            assert_int_equal(text_size, 0);
        }
        bytes[i] ^= 1;
    }
    assert_true(nts_fields_find(&fields, bytes, size));
    assert_false(nts_open(bytes, &fields, &other, text, &text_size));
    assert_true(nts_open(bytes, &fields, &key, text, &text_size));
}

static void what_lies_behind_the_authenticator_is_not_looked_at(void **state)
{
    struct aead_key key = key_of(AEAD_AES_SIV_CMAC_256, 1);
    uint8_t bytes[SPACE], text[SPACE];
    struct nts_datagram datagram = {bytes, make_request(bytes, &key, 0), SPACE};
    struct nts_fields fields;
    size_t text_size;

    (void)state;
    assert_true(nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie, sizeof cookie));
    assert_true(nts_fields_find(&fields, bytes, datagram.size));
    assert_int_equal(fields.cookies, 1);
    assert_true(nts_open(bytes, &fields, &key, text, &text_size));
}

static void placeholders_of_another_size_are_told(void **state)
{
    static const struct {
        size_t first, second;
        bool fit;
    } rows[] = {{100, 100, true}, {96, 100, false}, {100, 104, false}, {100, 96, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[SPACE] = {0};
        struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, SPACE};
        struct nts_fields fields;

        /* Also when they come before the cookie. */
        assert_true(nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL, rows[i].first));
        assert_true(nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie, sizeof cookie));
        assert_true(nts_datagram_put(&datagram, EXTENSION_PLACEHOLDER, NULL, rows[i].second));
        assert_true(nts_fields_find(&fields, bytes, datagram.size));
        assert_int_equal(fields.placeholders, 2);
        assert_int_equal(fields.placeholders_fit, rows[i].fit);
    }
}

static void a_plain_datagram_has_nothing_of_nts(void **state)
{
    uint8_t bytes[NTP_HEADER_SIZE + 24] = {0};
    struct nts_fields fields;

    (void)state;
    assert_true(nts_fields_find(&fields, bytes, NTP_HEADER_SIZE));
    assert_false(nts_fields_any(&fields));
    assert_true(nts_fields_find(&fields, bytes, NTP_HEADER_SIZE + 24));
    assert_false(nts_fields_any(&fields));
    assert_false(nts_fields_find(&fields, bytes, NTP_HEADER_SIZE + 10));
}

static void impossible_authenticators_are_refused(void **state)
{
    static const struct {
        const char *what;
        uint8_t nonce_size, sealed_size;
        bool sound;
    } rows[] = {
        {"as sent", 16, 16, true},
        {"no nonce", 0, 16, false},
        {"a short nonce", 3, 16, true},
        {"no tag", 16, 15, false},
        {"longer than the field", 16, 29, false},
        {"long nonce", 80, 16, false},
        {"all of it", 16, 28, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t body[48] = {0, rows[i].nonce_size, 0, rows[i].sealed_size};
        struct extension field = {EXTENSION_AUTHENTICATOR, 48, body, sizeof body};
        struct nts_authenticator out;

        if (nts_authenticator_decode(&out, &field) != rows[i].sound) {
            fail_msg("%s", rows[i].what);
        }
    }
}

static void what_does_not_fit_is_not_written(void **state)
{
    struct aead_key key = key_of(AEAD_AES_SIV_CMAC_256, 1);
    uint8_t bytes[NTP_HEADER_SIZE + 40] = {0};
    struct nts_datagram datagram = {bytes, NTP_HEADER_SIZE, sizeof bytes};
    struct nts_seal seal = {.key = &key, .nonce = nonce, .text = (const uint8_t *)""};

    (void)state;
    assert_false(nts_datagram_put(&datagram, EXTENSION_COOKIE, cookie, 40));
    assert_int_equal(datagram.size, NTP_HEADER_SIZE);
    assert_true(nts_datagram_seal(&datagram, &seal)); /* 40 octets, to the last one */
    assert_int_equal(datagram.size, sizeof bytes);
    datagram.size = NTP_HEADER_SIZE + 4;
    assert_false(nts_datagram_seal(&datagram, &seal));
    assert_int_equal(datagram.size, NTP_HEADER_SIZE + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_found_and_opened),
        cmocka_unit_test(what_is_sealed_comes_back),
        cmocka_unit_test(every_octet_of_a_request_is_protected),
        cmocka_unit_test(what_lies_behind_the_authenticator_is_not_looked_at),
        cmocka_unit_test(placeholders_of_another_size_are_told),
        cmocka_unit_test(a_plain_datagram_has_nothing_of_nts),
        cmocka_unit_test(impossible_authenticators_are_refused),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
