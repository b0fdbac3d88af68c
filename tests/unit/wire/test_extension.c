/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/extension.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ntp_packet.h"

enum { SPACE = 256 };

static void fields_are_walked_over_in_their_order(void **state)
{
    uint8_t bytes[SPACE] = {0};
    struct writer w = {bytes + NTP_HEADER_SIZE, SPACE - NTP_HEADER_SIZE, false};
    struct extension field;

    (void)state;
    extension_put(&w, 0x0104, (const uint8_t *)"0123456789abcdef0123456789abcdef", 32);
    extension_put(&w, 0x2222, (const uint8_t *)"abcdefghijklmn", 14);
    extension_put(&w, 0x3333, NULL, 20);
    assert_false(w.overrun);
    struct extension_cursor cursor = extension_behind_header(bytes, SPACE - w.left);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_FIELD);
    assert_int_equal(field.type, 0x0104);
    assert_int_equal(field.at, 48);
    assert_int_equal(field.body_size, 32);
    assert_memory_equal(field.body, "0123", 4);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_FIELD);
    assert_int_equal(field.at, 84);
    assert_int_equal(field.body_size, 16); /* padded to four */
    assert_memory_equal(field.body, "abcdefghijklmn\0\0", 16);
    /* The last one is not longer than a MAC may be, which RFC 7822 forbids where one may follow. */
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_MAC);
    cursor.mac = false;
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_FIELD);
    assert_int_equal(field.type, 0x3333);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_END);
    assert_int_equal(extension_next(&cursor, &field), EXTENSION_END);
}

static void what_follows_a_header_is_a_mac_a_field_or_broken(void **state)
{
    static const struct {
        const char *what;
        size_t size; /* behind the header */
        uint16_t length;
        bool mac;
        enum extension_found found;
    } rows[] = {
        {"nothing", 0, 0, true, EXTENSION_END},
        {"a crypto-NAK", 4, 0, true, EXTENSION_MAC},
        {"a MAC of MD5", 20, 20, true, EXTENSION_MAC},
        {"a MAC of SHA1", 24, 24, true, EXTENSION_MAC},
        {"an odd rest", 16, 16, true, EXTENSION_BROKEN},
        {"less than a field's header", 3, 0, true, EXTENSION_BROKEN},
        {"less than a field's header, sealed", 3, 0, false, EXTENSION_BROKEN},
        {"the smallest field, sealed", 16, 16, false, EXTENSION_FIELD},
        {"a field that is too small", 28, 12, true, EXTENSION_BROKEN},
        {"a length of 0", 28, 0, true, EXTENSION_BROKEN},
        {"a length that is no multiple of 4", 32, 30, true, EXTENSION_BROKEN},
        {"a field to the end", 28, 28, true, EXTENSION_FIELD},
        {"a field beyond the end", 28, 32, true, EXTENSION_BROKEN},
        {"a field of the greatest length", 28, 0xfffc, true, EXTENSION_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[SPACE] = {0};
        struct extension field;
        struct extension_cursor cursor =
            rows[i].mac ? extension_behind_header(bytes, NTP_HEADER_SIZE + rows[i].size)
                        : extension_within(bytes + NTP_HEADER_SIZE, rows[i].size);

        bytes[NTP_HEADER_SIZE + 2] = (uint8_t)(rows[i].length >> 8);
        bytes[NTP_HEADER_SIZE + 3] = (uint8_t)rows[i].length;
        if (extension_next(&cursor, &field) != rows[i].found) {
            fail_msg("%s", rows[i].what);
        }
    }
}

static void a_field_that_does_not_fit_writes_nothing(void **state)
{
    uint8_t bytes[32];
    struct writer w = {bytes, sizeof bytes, false};

    (void)state;
    memset(bytes, 0xaa, sizeof bytes);
    extension_put(&w, 1, NULL, 29);
    assert_true(w.overrun);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(bytes[i], 0xaa);
    }
    w = (struct writer){bytes, sizeof bytes, false};
    extension_put(&w, 1, NULL, 28);
    assert_false(w.overrun);
    assert_int_equal(w.left, 0);
}

static void sizes_are_padded_and_have_a_least(void **state)
{
    (void)state;
    assert_int_equal(extension_size(0), 16);
    assert_int_equal(extension_size(12), 16);
    assert_int_equal(extension_size(13), 20);
    assert_int_equal(extension_size(32), 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_walked_over_in_their_order),
        cmocka_unit_test(what_follows_a_header_is_a_mac_a_field_or_broken),
        cmocka_unit_test(a_field_that_does_not_fit_writes_nothing),
        cmocka_unit_test(sizes_are_padded_and_have_a_least),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
