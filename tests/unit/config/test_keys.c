/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct mac_key keys[4];
    struct config_report report;
};

static struct fixture the_fixture;

static size_t parse(const char *text, bool of_ntp)
{
    struct fixture *f = &the_fixture;
    const struct keys_input input = {"k", text, strlen(text), of_ntp};

    config_report_init(&f->report);
    return keys_parse(&input, f->keys, 4, &f->report);
}

static const char *message(size_t i)
{
    return the_fixture.report.messages[i].text;
}

static void lines_of_chrony_and_ntp_are_read_as_they_read_them(void **state)
{
    static const struct {
        const char *line;
        bool of_ntp;
        enum mac_type type;
        const char *secret; /* octets, when it is text */
        size_t size;
    } rows[] = {
        {"1 plain-password", false, MAC_MD5, "plain-password", 14},
        {"1 MD5 ASCII:plain-password", false, MAC_MD5, "plain-password", 14},
        {"1 SHA1 HEX:414243444546474849", false, MAC_SHA1, "ABCDEFGHI", 9},
        {"1 SHA256 hex:41424344454647484950", false, MAC_SHA256, "hex:41424344454647484950", 24},
        {"1 MD5 4142434445464748494a4b", false, MAC_MD5, "4142434445464748494a4b", 22},
        {"1 MD5 4142434445464748494a4b", true, MAC_MD5, "ABCDEFGHIJK", 11},
        {"1 SHA 4142434445464748494a4b", false, MAC_SHA1, "ABCDEFGHIJK", 11},
        {"1 M aX7-under-20-chars", true, MAC_MD5, "aX7-under-20-chars", 18},
        {"  1  sha512   HEX:000102030405060708090a  \r", false, MAC_SHA512, NULL, 11},
        {"1 AES128 HEX:000102030405060708090a0b0c0d0e0f", false, MAC_AES128, NULL, 16},
        {"1 AES 000102030405060708090a0b0c0d0e0f", false, MAC_AES128, NULL, 16},
        {"1 MD5 L\";Nw<`.I<f4U0)247\"i # MD5 key", false, MAC_MD5, "L\";Nw<`.I<f4U0)247\"i", 20},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(parse(rows[i].line, rows[i].of_ntp), 1);
        assert_int_equal(the_fixture.keys[0].id, 1);
        assert_int_equal(the_fixture.keys[0].type, rows[i].type);
        assert_int_equal(the_fixture.keys[0].size, rows[i].size);
        if (rows[i].secret) {
            assert_memory_equal(the_fixture.keys[0].secret, rows[i].secret, rows[i].size);
        }
    }
}

static void a_bad_line_says_why_and_leaves_the_others_alone(void **state)
{
    static const struct {
        const char *line, *why;
    } rows[] = {
        {"zero MD5 password-enough", "a key begins with its number"},
        {"0 MD5 password-enough", "a key begins with its number"},
        {"4294967296 MD5 password-enough", "a key begins with its number"},
        {"99999999999999999999999 MD5 x", "a key begins with its number"},
        {"5", "there is no key behind its number"},
        {"5 # nothing", "there is no key behind its number"},
        {"5 RIPEMD160 password-enough", "`RIPEMD160` is no type of key here"},
        {"5 MD5 HEX:123", "not an even number of hexadecimal digits"},
        {"5 MD5 HEX:zz", "not an even number of hexadecimal digits"},
        {"5 MD5 HEX:", "the key is empty"},
        {"5 SHA ghijklmnopqrstuvwxyz1", "not an even number of hexadecimal digits"},
        {"5 AES128 short", "AES128 needs a key of 16 octets; `noon keygen` makes one"},
        {"5 AES256 HEX:000102030405060708090a0b0c0d0e0f", "AES256 needs a key of 32 octets"},
        {"5 AES128 000102030405060708090a0b0c0d0e0f", "write HEX: in front"},
        {"5 MD5 password-enough 10.0.0.1", "can't be restricted to addresses"},
        {"5 MD5 bad\x01char", "control character"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text t = text_begin(text, sizeof text);

        text_add(&t, "# keys\n1 MD5 first-password\n");
        text_add(&t, rows[i].line);
        text_add(&t, "\n9 SHA1 last-password\n");
        assert_int_equal(parse(text, false), 2);
        assert_int_equal(the_fixture.keys[1].id, 9);
        assert_true(the_fixture.report.count >= 1);
        const struct config_message *last =
            &the_fixture.report.messages[the_fixture.report.count - 1];
        assert_non_null(strstr(last->text, rows[i].why));
        assert_int_equal(last->line, 3);
        assert_int_equal(last->level, CONFIG_WARNING);
        assert_null(strstr(last->text, "password-enough")); /* no secret is repeated */
    }
}

static void keys_are_in_order_and_the_first_of_two_counts(void **state)
{
    (void)state;
    assert_int_equal(parse("9 nine-is-long-enough\n2 two-is-long-enough\n"
                           "5 five-is-long-enough\n2 another-two-here\n",
                           false),
                     3);
    assert_int_equal(the_fixture.keys[0].id, 2);
    assert_int_equal(the_fixture.keys[1].id, 5);
    assert_int_equal(the_fixture.keys[2].id, 9);
    assert_memory_equal(the_fixture.keys[0].secret, "two-is", 6);
    assert_non_null(strstr(message(0), "already"));
    assert_int_equal(the_fixture.report.messages[0].line, 4);
    assert_int_equal(parse("1 aaaaaaaaaaaa\n2 aaaaaaaaaaaa\n3 aaaaaaaaaaaa\n4 aaaaaaaaaaaa\n"
                           "5 aaaaaaaaaaaa\n",
                           false),
                     4);
    assert_non_null(strstr(message(0), "more keys"));
}

static void weak_and_ambiguous_keys_are_used_with_a_warning(void **state)
{
    (void)state;
    assert_int_equal(parse("1 MD5 short", false), 1);
    assert_non_null(strstr(message(0), "shorter than 80 bits"));
    assert_int_equal(parse("1 MD5 4142434445464748494a4b", false), 1);
    assert_non_null(strstr(message(0), "write HEX: or ASCII:"));
    assert_int_equal(parse("1 MD5 ASCII:4142434445464748494a4b", false), 1);
    assert_int_equal(the_fixture.report.count, 0);
    assert_int_equal(parse("", false), 0);
    assert_int_equal(the_fixture.report.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_chrony_and_ntp_are_read_as_they_read_them),
        cmocka_unit_test(a_bad_line_says_why_and_leaves_the_others_alone),
        cmocka_unit_test(keys_are_in_order_and_the_first_of_two_counts),
        cmocka_unit_test(weak_and_ambiguous_keys_are_used_with_a_warning),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
