/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_now.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct now synchronised = {
    .utc = {INT64_C(1795361029000500000)},
    .before_s = 300e-6,
    .after_s = 300e-6,
    .synchronised = true,
};

static const char *picture(const struct now *now)
{
    static char buffer[400];
    struct text text = text_begin(buffer, sizeof buffer);

    view_now(&text, now);
    return buffer;
}

static void the_time_is_an_interval(void **state)
{
    (void)state;
    assert_string_equal(picture(&synchronised),
                        "earliest    2026-11-22T15:23:49.000199999Z\n"
                        "latest      2026-11-22T15:23:49.000800001Z\n"
                        "status      synchronised, right to within 300 us\n");
}

static void without_synchronisation_nothing_is_promised(void **state)
{
    struct now now = synchronised;

    (void)state;
    now.synchronised = false;
    assert_string_equal(picture(&now), "perhaps     2026-11-22T15:23:49.000500000Z\n"
                                       "status      not synchronised: nothing is promised\n");
}

static void the_true_error_is_held_against_the_bound(void **state)
{
    static const struct {
        double error_s;
        bool inside;
        const char *line;
    } rows[] = {
        {12e-6, true, "true error  +12 us, inside the bound\n"},
        {-299e-6, true, "true error  -299 us, inside the bound\n"},
        {-301e-6, false, "true error  -301 us, OUTSIDE the bound\n"},
        {0.2, false, "true error  +200 ms, OUTSIDE the bound\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct now now = synchronised;

        now.truth_known = true;
        now.error_s = rows[i].error_s;
        assert_int_equal(now_inside(&now), rows[i].inside);
        assert_non_null(strstr(picture(&now), rows[i].line));
        now.synchronised = false;
        assert_false(now_inside(&now));
        assert_non_null(strstr(picture(&now), ", no bound\n"));
    }
}

/* An answer over the socket may be as old as the asking took: true time is then later. */
static void the_interval_may_be_wider_to_one_side(void **state)
{
    struct now now = synchronised;

    (void)state;
    now.after_s = 0.01;
    now.truth_known = true;
    now.error_s = -0.009;
    assert_true(now_inside(&now));
    now.error_s = 0.009;
    assert_false(now_inside(&now));
    assert_int_equal(now_latest(&now).ns - now.utc.ns, 10000001);
    assert_int_equal(now.utc.ns - now_earliest(&now).ns, 300001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_is_an_interval),
        cmocka_unit_test(without_synchronisation_nothing_is_promised),
        cmocka_unit_test(the_true_error_is_held_against_the_bound),
        cmocka_unit_test(the_interval_may_be_wider_to_one_side),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
