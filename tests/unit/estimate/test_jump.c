/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/jump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void verdicts_follow_the_row_of_misses(void **state)
{
    static const struct {
        const char *what;
        int miss[8]; /* in units of twice the limit */
        const char *verdicts;
    } cases[] = {
        {"nothing misses", {0, 0, 0, 0}, "...."},
        {"one bad moment", {0, 1, 0, 0}, ".s.."},
        {"four on one side", {1, 1, 1, 1, 0}, "sssJ."},
        {"four on the other", {-1, -1, -1, -1}, "sssJ"},
        {"sides that change are noise", {1, -1, 1, -1, 1, -1}, "ssssss"},
        {"a good one in between starts the count again", {1, 1, 1, 0, 1, 1, 1, 1}, "sss.sssJ"},
        {"after a jump the count starts again", {1, 1, 1, 1, 1, 1, 1, 1}, "sssJsssJ"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jump jump;

        jump_init(&jump);
        print_message("# %s\n", cases[i].what);
        for (int k = 0; cases[i].verdicts[k] != 0; k++) {
            enum jump_verdict verdict = jump_test(&jump, 2e-3 * cases[i].miss[k], 1e-3);

            assert_int_equal(".sJ"[verdict], cases[i].verdicts[k]);
        }
    }
}

static void exactly_the_limit_is_no_miss(void **state)
{
    struct jump jump;

    (void)state;
    jump_init(&jump);
    assert_int_equal(jump_test(&jump, 1e-3, 1e-3), JUMP_NONE);
    assert_int_equal(jump_test(&jump, -1e-3, 1e-3), JUMP_NONE);
    assert_int_equal(jump_test(&jump, 1.001e-3, 1e-3), JUMP_SUSPECTED);
    assert_int_equal(jump.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_the_row_of_misses),
        cmocka_unit_test(exactly_the_limit_is_no_miss),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
