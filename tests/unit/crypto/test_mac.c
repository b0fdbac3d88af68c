/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static size_t unhex(const char *text, uint8_t *bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = strlen(text) / 2;

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                             (strchr(digits, text[2 * i + 1]) - digits));
    }
    return size;
}

/* Digests of "abc", cut behind the key "a"; CMAC as in RFC 4493 and NIST SP 800-38B. */
static void the_published_vectors_are_met(void **state)
{
    static const char aes128[] = "2b7e151628aed2a6abf7158809cf4f3c";
    static const char aes256[] = "603deb1015ca71be2b73aef0857d7781"
                                 "1f352c073b6108d72d9810a30914dff4";
    static const char m16[] = "6bc1bee22e409f96e93d7e117393172a";
    static const char m40[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                              "30c81c46a35ce411";
    static const struct {
        enum mac_type type;
        const char *key, *message, *mac;
    } rows[] = {
        {MAC_MD5, "61", "6263", "900150983cd24fb0d6963f7d28e17f72"},
        {MAC_SHA1, "61", "6263", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {MAC_SHA256, "61", "6263",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {MAC_SHA384, "61", "6263",
         "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
         "8086072ba1e7cc2358baeca134c825a7"},
        {MAC_SHA512, "61", "6263",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
        {MAC_AES128, aes128, m16, "070a16b46b4d4144f79bdd9dd04a287c"},
        {MAC_AES128, aes128, m40, "dfa66747de9ae63030ca32611497c827"},
        {MAC_AES256, aes256, m16, "28a7023f452e8f82bd4bf28d8c37c35c"},
        {MAC_AES256, aes256, m40, "aaf3d8f1de5640c232f5b169b9c911e6"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t secret[32], message[64], wanted[MAC_DIGEST_MAX], mac[MAC_DIGEST_MAX];
        size_t secret_size = unhex(rows[i].key, secret);
        size_t size = unhex(rows[i].message, message);
        struct mac_key key;

        assert_true(mac_key_set(&key, rows[i].type, secret, secret_size));
        assert_int_equal(mac_make(&key, message, size, mac), unhex(rows[i].mac, wanted));
        assert_int_equal(mac_size(rows[i].type), strlen(rows[i].mac) / 2);
        assert_memory_equal(mac, wanted, mac_size(rows[i].type));
    }
}

static void a_mac_is_believed_whole_or_cut_at_the_limit_and_nowhere_else(void **state)
{
    static const struct {
        enum mac_type type;
        size_t limit, size;
        bool good;
    } rows[] = {
        {MAC_MD5, 20, 16, true},    {MAC_MD5, 20, 15, false},    {MAC_MD5, 20, 20, false},
        {MAC_SHA1, 20, 20, true},   {MAC_SHA256, 20, 20, true},  {MAC_SHA256, 20, 32, false},
        {MAC_SHA256, 64, 32, true}, {MAC_SHA256, 64, 20, false}, {MAC_SHA512, 20, 20, true},
        {MAC_SHA512, 64, 64, true}, {MAC_SHA512, 20, 0, false},  {MAC_SHA512, 64, 4, false},
        {MAC_AES128, 20, 16, true}, {MAC_AES256, 20, 16, true},  {MAC_AES256, 20, 20, false},
    };
    const uint8_t message[] = "48 octets of a header";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint8_t secret[32] = {1, 2, 3};
        uint8_t mac[MAC_DIGEST_MAX] = {0};
        size_t need = mac_secret_size(rows[i].type);
        struct mac_key key;

        assert_true(mac_key_set(&key, rows[i].type, secret, need != 0 ? need : 20));
        mac_make(&key, message, sizeof message, mac);
        const struct mac_claim claim = {mac, rows[i].size, rows[i].limit};
        assert_int_equal(mac_check(&key, message, sizeof message, &claim), rows[i].good);
        mac[rows[i].size / 2] ^= 0x10;
        assert_false(mac_check(&key, message, sizeof message, &claim));
    }
}

static void a_secret_must_fit_its_type(void **state)
{
    const uint8_t secret[MAC_SECRET_MAX + 1] = {0};
    struct mac_key key;

    (void)state;
    assert_false(mac_key_set(&key, MAC_AES128, secret, 15));
    assert_true(mac_key_set(&key, MAC_AES128, secret, 16));
    assert_false(mac_key_set(&key, MAC_AES256, secret, 16));
    assert_false(mac_key_set(&key, MAC_MD5, secret, 0));
    assert_true(mac_key_set(&key, MAC_MD5, secret, MAC_SECRET_MAX));
    assert_false(mac_key_set(&key, MAC_SHA512, secret, MAC_SECRET_MAX + 1));
}

static void a_key_is_found_by_its_id(void **state)
{
    struct mac_key keys[5] = {
        {.id = 1}, {.id = 7}, {.id = 8}, {.id = 4000000000}, {.id = UINT32_MAX}};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(mac_find(keys, 5, keys[i].id), &keys[i]);
    }
    assert_null(mac_find(keys, 5, 0));
    assert_null(mac_find(keys, 5, 9));
    assert_null(mac_find(keys, 0, 1));
}

static void types_are_known_by_the_names_of_chrony_and_ntp(void **state)
{
    static const struct {
        const char *name;
        enum mac_type type;
        bool of_ntp;
    } rows[] = {
        {"md5", MAC_MD5, false},       {"M", MAC_MD5, true},
        {"SHA1", MAC_SHA1, false},     {"sha", MAC_SHA1, true},
        {"SHA256", MAC_SHA256, false}, {"Sha512", MAC_SHA512, false},
        {"AES128", MAC_AES128, false}, {"AES128CMAC", MAC_AES128, true},
        {"AES-256", MAC_AES256, true},
    };
    enum mac_type type;
    bool of_ntp;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(mac_type_find(rows[i].name, &type, &of_ntp));
        assert_int_equal(type, rows[i].type);
        assert_int_equal(of_ntp, rows[i].of_ntp);
    }
    assert_false(mac_type_find("MD", &type, &of_ntp));
    assert_false(mac_type_find("MD55", &type, &of_ntp));
    assert_false(mac_type_find("", &type, &of_ntp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_are_met),
        cmocka_unit_test(a_mac_is_believed_whole_or_cut_at_the_limit_and_nowhere_else),
        cmocka_unit_test(a_secret_must_fit_its_type),
        cmocka_unit_test(a_key_is_found_by_its_id),
        cmocka_unit_test(types_are_known_by_the_names_of_chrony_and_ntp),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
