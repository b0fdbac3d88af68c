/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "wire/ntp_packet.h"

static const struct time_line line = {
    .from = {5000 * NS_PER_S},
    .utc = {INT64_C(1795361029123456789)},
    .rate = 20e-6,
    .bound_s = 300e-6,
    .growth_s_per_s = 1e-6,
    .void_after = {9000 * NS_PER_S},
    .root_delay_s = 200e-6,
    .leap = NTP_LEAP_NONE,
    .synchronised = true,
};

static struct steady_time after_s(int64_t s)
{
    return (struct steady_time){line.from.ns + s * NS_PER_S};
}

static void utc_runs_along_the_line_to_the_nanosecond(void **state)
{
    static const struct {
        int64_t elapsed_s, gained_ns;
    } rows[] = {{0, 0}, {1, 20000}, {3600, 72000000}, {-100, -2000000}, {86400, 1728000000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(line_utc(&line, after_s(rows[i].elapsed_s)).ns,
                         line.utc.ns + rows[i].elapsed_s * NS_PER_S + rows[i].gained_ns);
    }
}

static void the_bound_grows_with_distance_in_both_directions(void **state)
{
    (void)state;
    assert_true(fabs(line_bound_s(&line, after_s(0)) - 300e-6) < 1e-15);
    assert_true(fabs(line_bound_s(&line, after_s(100)) - 400e-6) < 1e-15);
    assert_true(fabs(line_bound_s(&line, after_s(-100)) - 400e-6) < 1e-15);
}

static void a_void_or_unsynchronised_line_promises_nothing(void **state)
{
    struct time_line other = line;

    (void)state;
    assert_true(line_bound_s(&line, after_s(3999)) < 1);
    assert_true(line_bound_s(&line, after_s(4000)) == 1e9);
    other.synchronised = false;
    assert_true(line_bound_s(&other, after_s(0)) == 1e9);
    other = line;
    other.leap = NTP_LEAP_UNSYNC;
    assert_true(line_bound_s(&other, after_s(0)) == 1e9);
    other = line;
    other.bound_s = (double)NAN;
    assert_true(line_bound_s(&other, after_s(0)) == 1e9);
}

static void what_is_announced_covers_the_bound(void **state)
{
    struct time_line far = line;

    (void)state;
    assert_true(fabs(line_root_dispersion_s(&line, after_s(100)) - 300e-6) < 1e-15);
    for (int64_t s = 0; s < 5000; s += 17) {
        assert_true(line.root_delay_s / 2 + line_root_dispersion_s(&line, after_s(s)) >=
                    line_bound_s(&line, after_s(s)));
    }
    far.root_delay_s = 1;
    assert_true(line_root_dispersion_s(&far, after_s(0)) == 0);
}

/* A clock that was synchronised once, and now serves by itself. */
static void in_local_mode_what_the_clock_has_drifted_by_now_is_announced(void **state)
{
    struct time_line local = line;

    (void)state;
    local.local = true;
    for (int64_t s = 0; s < 5000; s += 17) {
        double announced_s = local.root_delay_s / 2 + line_root_dispersion_s(&local, after_s(s));

        assert_true(line_bound_s(&local, after_s(s)) > 1e6); /* which is no promise */
        assert_true(fabs(announced_s - local.bound_s - local.growth_s_per_s * (double)s) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utc_runs_along_the_line_to_the_nanosecond),
        cmocka_unit_test(the_bound_grows_with_distance_in_both_directions),
        cmocka_unit_test(a_void_or_unsynchronised_line_promises_nothing),
        cmocka_unit_test(what_is_announced_covers_the_bound),
        cmocka_unit_test(in_local_mode_what_the_clock_has_drifted_by_now_is_announced),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
