/* SPDX-License-Identifier: BSD-2-Clause */
/* Only what needs no network: literals and the hosts file. */
#include "sys/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void literals_and_localhost_have_addresses(void **state)
{
    static const struct {
        const char *name;
        enum address_family family;
        enum resolve_status expected;
    } rows[] = {
        {"127.0.0.1", ADDRESS_NONE, RESOLVE_STATUS_FOUND},
        {"127.0.0.1", ADDRESS_IPV4, RESOLVE_STATUS_FOUND},
        {"::1", ADDRESS_IPV6, RESOLVE_STATUS_FOUND},
        {"::1", ADDRESS_IPV4, RESOLVE_STATUS_NO_DATA},
        {"localhost", ADDRESS_IPV4, RESOLVE_STATUS_FOUND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address found[4];
        size_t count = 9;

        assert_int_equal(resolve_name(rows[i].name, rows[i].family, found, 4, &count),
                         rows[i].expected);
        assert_int_equal(count > 0, rows[i].expected == RESOLVE_STATUS_FOUND);
        for (size_t k = 0; k < count; k++) {
            assert_true(address_is_loopback(&found[k]));
            assert_int_equal(found[k].port, 0);
            for (size_t other = 0; other < k; other++) {
                assert_false(address_equal(&found[k], &found[other]));
            }
        }
    }
}

static void a_name_that_can_not_be_is_not_found(void **state)
{
    struct address found[4];
    size_t count = 9;

    (void)state;
    assert_true(resolve_name("bad name..", ADDRESS_NONE, found, 4, &count) != RESOLVE_STATUS_FOUND);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_and_localhost_have_addresses),
        cmocka_unit_test(a_name_that_can_not_be_is_not_found),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
