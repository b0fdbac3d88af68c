/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/rival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct mono_time s(int64_t seconds)
{
    return (struct mono_time){seconds * NS_PER_S};
}

/* `count` adjustments, one every `every_s`; the number of the one at which noon backs off, 0: none.
 */
static int adjust(struct rival *rival, int64_t from_s, int64_t every_s, int count)
{
    for (int i = 0; i < count; i++) {
        if (rival_seen(rival, s(from_s + i * every_s))) {
            return i + 1;
        }
    }
    return 0;
}

static void who_keeps_adjusting_is_a_rival(void **state)
{
    static const struct {
        int64_t every_s;
        int count, backs_off_at;
    } rows[] = {
        {0, 1, 0},      {60, 3, 0},     {60, 4, 4},
        {11, 10, 4},    {1, 100, 31},   /* a `date -s` loop: one in 10 s counts */
        {199, 10, 4},   {1024, 20, 8},  /* a daemon at its longest interval */
        {2040, 20, 8},  {2100, 100, 0}, /* a hypervisor's tool, now and then */
        {86400, 50, 0},                 /* daily */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rival rival;

        rival_init(&rival);
        assert_int_equal(adjust(&rival, 0, rows[i].every_s, rows[i].count), rows[i].backs_off_at);
        assert_int_equal(rival.backed_off, rows[i].backs_off_at != 0);
    }
}

static void the_clock_is_taken_back_after_a_quiet_time_that_grows(void **state)
{
    static const int64_t quiet_s[] = {2700, 5400, 10800, 21600, 21600, 21600};
    struct rival rival;
    int64_t now_s = 0;

    (void)state;
    rival_init(&rival);
    assert_false(rival_gone(&rival, s(100000)));
    for (size_t i = 0; i < sizeof quiet_s / sizeof *quiet_s; i++) {
        assert_int_equal(adjust(&rival, now_s, 60, 4), 4);
        now_s += 180;
        assert_false(rival_gone(&rival, s(now_s + quiet_s[i] - 1)));
        /* Not quiet yet: it begins again. */
        assert_false(rival_seen(&rival, s(now_s += 100)));
        assert_int_equal(rival_deadline(&rival).ns, s(now_s + quiet_s[i]).ns);
        assert_false(rival_gone(&rival, s(now_s + quiet_s[i] - 1)));
        now_s += quiet_s[i];
        assert_true(rival_gone(&rival, s(now_s)));
        assert_false(rival_gone(&rival, s(now_s)));
        assert_int_equal(rival_deadline(&rival).ns, INT64_MAX);
    }
}

static void a_reload_forgives(void **state)
{
    struct rival rival;

    (void)state;
    rival_init(&rival);
    assert_false(rival_forgive(&rival));
    adjust(&rival, 0, 60, 4);
    assert_true(rival_forgive(&rival));
    assert_false(rival.backed_off);
    assert_int_equal(adjust(&rival, 400, 60, 3), 0);
    assert_int_equal(adjust(&rival, 580, 60, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_keeps_adjusting_is_a_rival),
        cmocka_unit_test(the_clock_is_taken_back_after_a_quiet_time_that_grows),
        cmocka_unit_test(a_reload_forgives),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
