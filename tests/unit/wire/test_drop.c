/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/drop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void every_reason_has_a_word_of_its_own_and_a_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < DROP_COUNT; i++) {
        const char *word = drop_word((enum drop_reason)i);

        assert_true(strlen(word) > 2);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
        assert_true(strlen(drop_sentence((enum drop_reason)i)) > 6);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(word, drop_word((enum drop_reason)j));
        }
    }
    assert_string_equal(drop_word(DROP_ROOT_DISTANCE), "root-distance");
    assert_string_equal(drop_sentence(DROP_LOOP), "the server follows this machine");
}

static void a_reason_of_a_newer_program_is_unknown_but_not_a_crash(void **state)
{
    (void)state;
    assert_string_equal(drop_word(DROP_COUNT), "unknown");
    assert_string_equal(drop_word((enum drop_reason)255), "unknown");
    assert_non_null(drop_sentence((enum drop_reason)255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_a_word_of_its_own_and_a_sentence),
        cmocka_unit_test(a_reason_of_a_newer_program_is_unknown_but_not_a_crash),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
