/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ntp_mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ntp_packet.h"

static struct mac_key key_of(enum mac_type type)
{
    static const uint8_t secret[32] = "a secret of thirty-two octets ..";
    struct mac_key key = {.id = 0x01020304};
    size_t size = mac_secret_size(type);

    assert_true(mac_key_set(&key, type, secret, size != 0 ? size : sizeof secret));
    return key;
}

/* Version 4 leaves at most 20 octets of a digest, older versions all of it; so do chronyd's. */
static void a_mac_is_put_and_found_in_every_type_and_version(void **state)
{
    static const struct {
        enum mac_type type;
        uint8_t version;
        size_t size;
    } rows[] = {
        {MAC_MD5, 4, 68},    {MAC_MD5, 3, 68},     {MAC_SHA1, 4, 72},   {MAC_SHA1, 1, 72},
        {MAC_SHA256, 4, 72}, {MAC_SHA256, 3, 84},  {MAC_SHA384, 4, 72}, {MAC_SHA384, 3, 100},
        {MAC_SHA512, 4, 72}, {MAC_SHA512, 3, 116}, {MAC_AES128, 4, 68}, {MAC_AES256, 3, 68},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mac_key key = key_of(rows[i].type), other = key;
        uint8_t bytes[NTP_HEADER_SIZE + NTP_MAC_MAX] = {0x23, 1, 2, 3};
        struct ntp_mac mac;

        assert_int_equal(ntp_mac_put(&key, rows[i].version, bytes, NTP_HEADER_SIZE), rows[i].size);
        assert_int_equal(ntp_mac_find(&mac, rows[i].version, bytes, rows[i].size), NTP_MAC_FOUND);
        assert_int_equal(mac.at, NTP_HEADER_SIZE);
        assert_int_equal(mac.key_id, key.id);
        assert_true(ntp_mac_check(&mac, &key, rows[i].version, bytes));
        other.id++;
        assert_false(ntp_mac_check(&mac, &other, rows[i].version, bytes));
        for (size_t at = 0; at < rows[i].size; at += 7) {
            bytes[at] ^= 1;
            bool good = ntp_mac_find(&mac, rows[i].version, bytes, rows[i].size) == NTP_MAC_FOUND &&
                        ntp_mac_check(&mac, &key, rows[i].version, bytes);
            assert_false(good);
            bytes[at] ^= 1;
        }
    }
}

static void a_mac_lies_behind_extension_fields_and_covers_them(void **state)
{
    struct mac_key key = key_of(MAC_AES128);
    uint8_t bytes[NTP_HEADER_SIZE + 28 + NTP_MAC_MAX] = {0x23};
    struct ntp_mac mac;

    (void)state;
    bytes[NTP_HEADER_SIZE + 3] = 28; /* the length of the field */
    size_t size = ntp_mac_put(&key, 4, bytes, NTP_HEADER_SIZE + 28);
    assert_int_equal(ntp_mac_find(&mac, 4, bytes, size), NTP_MAC_FOUND);
    assert_int_equal(mac.at, NTP_HEADER_SIZE + 28);
    assert_true(ntp_mac_check(&mac, &key, 4, bytes));
    bytes[NTP_HEADER_SIZE + 10] ^= 1;
    assert_false(ntp_mac_check(&mac, &key, 4, bytes));
}

static void what_can_not_be_a_mac_is_told_apart(void **state)
{
    static const struct {
        uint8_t version;
        size_t rest; /* octets behind the header, the first four of which are: */
        uint8_t head[4];
        enum ntp_mac_found found;
    } rows[] = {
        {4, 0, {0}, NTP_MAC_NONE},
        {3, 0, {0}, NTP_MAC_NONE},
        {4, 4, {0}, NTP_MAC_NAK},
        {3, 4, {0}, NTP_MAC_NAK},
        {4, 4, {0, 0, 0, 1}, NTP_MAC_MALFORMED},
        {4, 8, {0}, NTP_MAC_MALFORMED},
        {4, 12, {0}, NTP_MAC_MALFORMED},
        {4, 16, {0, 0, 0, 16}, NTP_MAC_MALFORMED}, /* RFC 7822: the last one has 28 */
        {4, 16, {0, 0, 0, 20}, NTP_MAC_MALFORMED},
        {3, 16, {0, 0, 0, 16}, NTP_MAC_MALFORMED},
        {4, 20, {0, 0, 0, 7}, NTP_MAC_FOUND},
        {4, 22, {0, 0, 0, 7}, NTP_MAC_MALFORMED},
        {4, 24, {0, 0, 0, 7}, NTP_MAC_FOUND},
        {4, 28, {1, 4, 0, 28}, NTP_MAC_NONE},
        {4, 28, {1, 4, 0, 32}, NTP_MAC_MALFORMED},
        {4, 28, {1, 4, 0, 12}, NTP_MAC_MALFORMED},
        {4, 28, {1, 4, 0, 0}, NTP_MAC_MALFORMED},
        {4, 48, {1, 4, 0, 28}, NTP_MAC_FOUND},
        {3, 68, {0, 0, 0, 7}, NTP_MAC_FOUND},
        {3, 72, {0, 0, 0, 7}, NTP_MAC_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[NTP_HEADER_SIZE + 80] = {0};
        struct ntp_mac mac;

        memcpy(bytes + NTP_HEADER_SIZE, rows[i].head, 4);
        assert_int_equal(ntp_mac_find(&mac, rows[i].version, bytes, NTP_HEADER_SIZE + rows[i].rest),
                         rows[i].found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mac_is_put_and_found_in_every_type_and_version),
        cmocka_unit_test(a_mac_lies_behind_extension_fields_and_covers_them),
        cmocka_unit_test(what_can_not_be_a_mac_is_told_apart),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
