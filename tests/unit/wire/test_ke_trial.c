/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/ke_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_fault_of_every_pair_survives_an_exit_status(void **state)
{
    (void)state;
    for (size_t pair = 0; pair < KE_TRIAL_PAIRS_MAX; pair++) {
        for (int fault = KE_TRIAL_GOOD + 1; fault <= KE_TRIAL_SECRET; fault++) {
            int status = ke_trial_status((struct ke_trial){(enum ke_trial_fault)fault, pair});
            struct ke_trial trial = ke_trial_read(status);

            assert_in_range(status, 128, 255);
            assert_int_equal(trial.fault, fault);
            assert_int_equal(trial.pair, pair);
            assert_int_equal(ke_trial_words(trial.fault)[0], ' ');
        }
    }
}

static void a_status_that_names_no_file_refuses_nothing(void **state)
{
    static const int statuses[] = {0, 1, 2, 70, 127, 128, 128 | 7, 255, 256 | 1, -1};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        assert_int_equal(ke_trial_read(statuses[i]).fault, KE_TRIAL_GOOD);
    }
    assert_int_equal(ke_trial_status((struct ke_trial){KE_TRIAL_GOOD, 3}), 0);
    assert_string_equal(ke_trial_words(KE_TRIAL_GOOD), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_of_every_pair_survives_an_exit_status),
        cmocka_unit_test(a_status_that_names_no_file_refuses_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
