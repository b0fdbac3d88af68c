/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/refid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/md5.h"

static void md5_gives_the_sums_of_rfc_1321(void **state)
{
    static const uint8_t of_abc[MD5_SIZE] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                             0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
    uint8_t sum[MD5_SIZE];

    (void)state;
    md5_sum((const uint8_t *)"abc", 3, sum);
    assert_memory_equal(sum, of_abc, MD5_SIZE);
}

static void a_source_is_named_by_its_address_or_by_the_sum_of_it(void **state)
{
    static const struct {
        const char *address;
        uint32_t refid;
    } rows[] = {{"10.0.0.4", 0x0a000004},
                {"203.0.113.255", 0xcb0071ff},
                {"::1", 0xcf404dc8},
                {"2001:db8::7", 0xe1b2c29d}};
    struct address none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;

        assert_true(address_parse(&address, rows[i].address));
        assert_int_equal(address_refid(&address), rows[i].refid);
    }
    assert_int_equal(address_refid(&none), 0);
}

static void codes_are_letters_and_addresses_dotted(void **state)
{
    static const struct {
        uint32_t refid;
        unsigned stratum;
        const char *text;
    } rows[] = {
        {0x47505300, 1, "GPS"},
        {0x50505320, 1, "PPS"},
        {0x52415445, 0, "RATE"},
        {0x54455354, 1, "TEST"},
        {0x0a000004, 2, "10.0.0.4"},
        {0x47505300, 2, "71.80.83.0"},
        {0x00000000, 0, "0.0.0.0"},
        {0x41004200, 1, "65.0.66.0"},
        {0x1b5b324a, 1, "27.91.50.74"},
        {0x494e4954, 16, "INIT"},
        {0xffffffff, 3, "255.255.255.255"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[REFID_TEXT_SIZE];

        refid_print(rows[i].refid, rows[i].stratum, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_gives_the_sums_of_rfc_1321),
        cmocka_unit_test(a_source_is_named_by_its_address_or_by_the_sum_of_it),
        cmocka_unit_test(codes_are_letters_and_addresses_dotted),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
