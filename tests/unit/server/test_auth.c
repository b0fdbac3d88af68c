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

struct bench {
    struct mac_key keys[3];
    struct auth_secrets secrets;
    uint8_t bytes[NTP_PACKET_MAX];
};

static void begin(struct bench *bench)
{
    static const uint8_t secret[16] = {1, 2, 3};

    *bench = (struct bench){.secrets = {bench->keys, 3}, .bytes = {0x23, 0, 6}};
    for (unsigned i = 0; i < 3; i++) {
        static const enum mac_type types[] = {MAC_SHA256, MAC_AES128, MAC_MD5};

        bench->keys[i].id = 10 * (i + 1);
        assert_true(mac_key_set(&bench->keys[i], types[i], secret, sizeof secret));
    }
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
            answered = auth_seal(&auth, bench.bytes, NTP_HEADER_SIZE);
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
    assert_int_equal(auth_seal(&auth, bench.bytes, NTP_HEADER_SIZE), NTP_HEADER_SIZE);
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
    const struct auth_secrets none = {NULL, 0};
    struct bench bench;
    struct auth auth;
    size_t size;

    (void)state;
    begin(&bench);
    size = ntp_mac_put(&bench.keys[2], 4, bench.bytes, NTP_HEADER_SIZE);
    assert_int_equal(auth_check(&auth, &none, 4, bench.bytes, size), DROP_BAD_MAC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_a_mac_of_the_key_and_size_that_its_request_had),
        cmocka_unit_test(what_is_not_authenticated_is_answered_plainly),
        cmocka_unit_test(unknown_keys_wrong_macs_and_crypto_naks_get_no_answer),
        cmocka_unit_test(without_keys_every_mac_is_unknown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
