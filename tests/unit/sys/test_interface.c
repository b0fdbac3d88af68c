/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/interface.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/bpf.h"

static void loopback_has_a_number_and_a_name_and_is_no_ethernet(void **state)
{
    char name[INTERFACE_NAME_SIZE];
    bool ethernet = true;
    uint8_t mac[6];
    unsigned index = interface_look("lo", &ethernet, mac);

    (void)state;
    assert_true(index > 0);
    assert_false(ethernet);
    assert_true(interface_name(index, name));
    assert_string_equal(name, "lo");
}

static void what_is_not_there_has_neither(void **state)
{
    static const char *const names[] = {"", "no-such-thing0", "a_name_that_is_far_too_long"};
    char name[INTERFACE_NAME_SIZE];
    uint8_t mac[6];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        bool ethernet = true;

        assert_int_equal(interface_look(names[i], &ethernet, mac), 0);
        assert_false(ethernet);
    }
    assert_false(interface_name(0, name));
    assert_false(interface_name(INT32_MAX, name));
}

static void what_is_no_program_is_not_attached(void **state)
{
    int link = 0;

    (void)state;
    for (int generic = 0; generic < 2; generic++) {
        assert_int_not_equal(bpf_attach_xdp(-1, 1, generic != 0, &link), ERR_NONE);
        assert_true(link < 0);
        assert_int_not_equal(bpf_attach_xdp(0, 1, generic != 0, &link), ERR_NONE);
        assert_true(link < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_has_a_number_and_a_name_and_is_no_ethernet),
        cmocka_unit_test(what_is_not_there_has_neither),
        cmocka_unit_test(what_is_no_program_is_not_attached),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
