/* SPDX-License-Identifier: BSD-2-Clause */
/* When a registration is made, withdrawn and tried again. */
#include "register/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct keeper keeper;

static struct steady_time at(double s)
{
    return (struct steady_time){1000 * NS_PER_S + (int64_t)(s * 1e9)};
}

static void begin(void)
{
    keeper_init(&keeper, (struct duration){10 * NS_PER_S}, (struct duration){60 * NS_PER_S});
}

/* Looks each second from `from` until there is a new wish; when that was, or `until`. */
static double look_until(bool good, double from, double until)
{
    for (double s = from; s < until; s++) {
        if (keeper_look(&keeper, good, at(s))) {
            return s;
        }
    }
    return until;
}

static void registered_when_good_for_a_while_and_withdrawn_at_once(void **state)
{
    (void)state;
    begin();
    assert_true(look_until(true, 0, 100) > 9.9);
    assert_int_equal(keeper.wish, KEEPER_REGISTERED);
    assert_true(keeper_is_due(&keeper, at(10)));
    keeper_attempted(&keeper, ATTEMPT_DONE, 256, at(10));
    assert_false(keeper_is_due(&keeper, at(10 + 44)));
    assert_true(keeper_is_due(&keeper, at(10 + 75.1))); /* a look whether it is still there */
    assert_true(keeper_look(&keeper, false, at(20)));
    assert_int_equal(keeper.wish, KEEPER_WITHDRAWN);
    assert_true(keeper_is_due(&keeper, at(20)));
    keeper_attempted(&keeper, ATTEMPT_DONE, 0, at(20));
    assert_false(keeper_is_due(&keeper, at(100000))); /* done with */
}

static void at_the_start_what_an_earlier_run_left_is_withdrawn_unless_the_time_is_good(void **state)
{
    (void)state;
    begin();
    assert_true(keeper_look(&keeper, false, at(0)));
    assert_true(keeper_is_due(&keeper, at(0)));
    begin();
    assert_false(keeper_look(&keeper, true, at(0)));
    assert_false(keeper_is_due(&keeper, at(5)));
}

static void who_comes_and_goes_waits_longer_and_longer(void **state)
{
    static const double waits_s[] = {10, 20, 40, 80, 160, 300, 300, 300};
    double now_s = 0;

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof waits_s / sizeof waits_s[0]; i++) {
        double since_s = now_s;

        now_s = look_until(true, now_s, now_s + 1000);
        assert_true(now_s - since_s > waits_s[i] - 0.1 && now_s - since_s < waits_s[i] + 1.1);
        keeper_attempted(&keeper, ATTEMPT_DONE, 0, at(now_s));
        assert_true(keeper_look(&keeper, false, at(now_s + 1)));
        keeper_attempted(&keeper, ATTEMPT_DONE, 0, at(now_s + 1));
        now_s += 2;
    }
    now_s = look_until(true, now_s, now_s + 1000);
    assert_true(look_until(true, now_s, now_s + 700) > now_s + 699); /* calm for 10 minutes */
    now_s += 700;
    assert_true(keeper_look(&keeper, false, at(now_s)));
    assert_true(look_until(true, now_s + 1, now_s + 1000) < now_s + 23);
}

/* Time of the attempts within the span, when each one fails. */
static unsigned count_attempts(enum attempt_result result, double from, double until)
{
    unsigned count = 0;

    for (double s = from; s < until; s++) {
        if (keeper_is_due(&keeper, at(s))) {
            keeper_attempted(&keeper, result, count * 77777, at(s));
            count++;
        }
    }
    return count;
}

static void a_failure_is_tried_again_and_never_a_flood(void **state)
{
    (void)state;
    begin();
    (void)look_until(true, 0, 100);
    assert_in_range(count_attempts(ATTEMPT_LATER, 10, 3610), 50, 80);
    begin();
    (void)look_until(true, 0, 100);
    assert_in_range(count_attempts(ATTEMPT_REFUSED, 10, 3610), 12, 24);
    assert_true(keeper_look(&keeper, false, at(4000)));
    assert_in_range(count_attempts(ATTEMPT_REFUSED, 4000, 4600), 18, 32); /* misled clients */
    begin();
    (void)look_until(true, 0, 100);
    keeper_attempted(&keeper, ATTEMPT_LATER, 0, at(10));
    assert_true(keeper_is_due(&keeper, at(11.3))); /* the first time soon */
}

static void the_end_withdraws_what_is_not_known_to_be_gone(void **state)
{
    (void)state;
    begin();
    (void)look_until(true, 0, 100);
    keeper_attempted(&keeper, ATTEMPT_LATER, 0, at(10)); /* may have arrived all the same */
    keeper_end(&keeper, at(10.1));
    assert_true(keeper_is_due(&keeper, at(10.1)));
    keeper_attempted(&keeper, ATTEMPT_DONE, 0, at(11));
    assert_true(keeper.fulfilled);
    keeper_end(&keeper, at(12));
    assert_true(keeper.fulfilled);
    keeper_hurry(&keeper, at(12));
    assert_false(keeper_is_due(&keeper, at(13)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registered_when_good_for_a_while_and_withdrawn_at_once),
        cmocka_unit_test(
            at_the_start_what_an_earlier_run_left_is_withdrawn_unless_the_time_is_good),
        cmocka_unit_test(who_comes_and_goes_waits_longer_and_longer),
        cmocka_unit_test(a_failure_is_tried_again_and_never_a_flood),
        cmocka_unit_test(the_end_withdraws_what_is_not_known_to_be_gone),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
