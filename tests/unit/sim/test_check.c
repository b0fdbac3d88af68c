/* SPDX-License-Identifier: BSD-2-Clause */
/* test_check.c - the invariants judge by the truth, and know the excuses there are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/check.h"
#include "wire/ntp_packet.h"

#define EPOCH_NS (INT64_C(1780000000) * NS_PER_S)

static const struct utc_scale plain = {.epoch = {EPOCH_NS}};
/* A second is inserted 1000 s after the start. */
static const struct utc_scale leaping = {
    .epoch = {EPOCH_NS}, .leap = 1, .day_end = {EPOCH_NS + 1000 * NS_PER_S}};

static struct check_instant instant(const struct utc_scale *utc, double s)
{
    struct true_time when = true_time_from_s(s);

    return (struct check_instant){.when = when, .utc = utc, .mono = {when.ns}};
}

/* A line that is `error_s` off, with that bound, published at `s` and valid for 64 s. */
static struct time_line line_with(double s, double error_s, double bound_s)
{
    struct true_time when = true_time_from_s(s);

    return (struct time_line){
        .from = {when.ns},
        .utc = {EPOCH_NS + when.ns + duration_from_s(error_s).ns},
        .bound_s = bound_s,
        .growth_s_per_s = 1e-6,
        .void_after = {when.ns + 64 * NS_PER_S},
        .stratum = 2,
        .synchronised = true,
        .generation = 1,
    };
}

static void a_bound_is_broken_only_by_a_larger_error(void **state)
{
    (void)state;
    static const struct {
        double error_s, bound_s, look_s;
        bool broken;
    } rows[] = {
        {0.9e-3, 1e-3, 100, false}, {-0.9e-3, 1e-3, 100, false}, {1.1e-3, 1e-3, 100, true},
        {-1.1e-3, 1e-3, 100, true}, {1.03e-3, 1e-3, 150, false}, /* the bound has grown by 50 us */
        {5, 1e-3, 165, false},                                   /* it was void by then */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check check = {0};
        struct time_line line = line_with(100, rows[i].error_s, rows[i].bound_s);
        struct check_instant at = instant(&plain, rows[i].look_s);
        assert_true(fabs(check_line(&check, &at, &line) - rows[i].error_s) < 1e-9);
        assert_int_equal(check.counts[INVARIANT_BOUND], rows[i].broken);
        assert_int_equal(check_failed(&check), rows[i].broken);
    }
}

static void who_is_not_synchronised_promises_nothing(void **state)
{
    (void)state;
    struct check check = {0};
    struct time_line line = line_with(100, 10, 1e-3);
    struct check_instant at = instant(&plain, 101);

    line.synchronised = false;
    check_line(&check, &at, &line);
    assert_false(check_failed(&check));
}

static void an_excuse_holds_for_its_time(void **state)
{
    (void)state;
    struct check check = {.excused = {true_time_from_s(90), true_time_from_s(110)}};
    struct time_line line = line_with(100, 10, 1e-3);
    struct check_instant inside = instant(&plain, 109), after = instant(&plain, 110);

    check_line(&check, &inside, &line);
    assert_false(check_failed(&check));
    check_line(&check, &after, &line);
    assert_true(check_failed(&check));
    assert_true(check.first.invariant == INVARIANT_BOUND && check.first.when.ns == after.when.ns);
}

static void around_a_leap_second_either_side_of_it_is_right(void **state)
{
    (void)state;
    static const struct {
        double at_s, claimed_s, error_s;
    } rows[] = {
        {990, 990, 0},         {990, 989, -1},  /* too early to have leapt */
        {998, 997, 0},         {998, 998, 0},   /* a moment too early */
        {1001, 1000, 0},       {1001, 1001, 0}, /* not yet leapt, a moment too late */
        {1001, 1000.25, 0.25}, {1010, 1009, 0}, {1010, 1010, 1}, /* has forgotten to leap */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_instant at = instant(&leaping, rows[i].at_s);
        struct utc_time claimed = {EPOCH_NS + duration_from_s(rows[i].claimed_s).ns};
        assert_true(fabs(check_error_s(&at, claimed) - rows[i].error_s) < 1e-6);
    }
}

static void a_published_line_must_make_sense(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct check check = {0};
        struct time_line line = line_with(100, 0, 1e-3);
        struct check_instant at = instant(&plain, 100);
        switch (i) {
        case 0:
            break;
        case 1:
            line.bound_s = -1e-3;
            break;
        case 2:
            line.rate = 0.3;
            break;
        case 3:
            line.stratum = 0;
            break;
        case 4:
            line.stratum = 16;
            break;
        case 5:
            line.leap = NTP_LEAP_UNSYNC;
            break;
        case 6:
            line.void_after = line.from;
            break;
        case 7:
            line.sd_s = (double)NAN;
            break;
        }
        check_publish(&check, &at, &line);
        assert_int_equal(check.counts[INVARIANT_LINE], i != 0);
    }
}

static void what_follows_must_agree_with_what_was_said(void **state)
{
    (void)state;
    static const struct {
        double first_s, second_s;
        bool apart;
    } rows[] = {{0.4e-3, -0.4e-3, false}, {0.9e-3, -0.9e-3, false}, {0, 2.5e-3, true}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check check = {0};
        struct time_line first = line_with(100, rows[i].first_s, 1e-3);
        struct time_line second = line_with(110, rows[i].second_s, 1e-3);
        struct check_instant at = instant(&plain, 100), later = instant(&plain, 110);
        second.generation = 2;
        check_publish(&check, &at, &first);
        check_publish(&check, &later, &second);
        assert_int_equal(check.counts[INVARIANT_OVERLAP], rows[i].apart);
    }
}

static void an_answer_is_held_to_its_root_distance(void **state)
{
    (void)state;
    struct check check = {0};
    struct check_instant at = instant(&plain, 100);
    struct utc_time late = {EPOCH_NS + 100 * NS_PER_S + 1000000};

    check_served(&check, &at, late, 1.1e-3);
    assert_false(check_failed(&check));
    check_served(&check, &at, late, 0.9e-3);
    assert_int_equal(check.counts[INVARIANT_SERVED], 1);
}

static void requests_to_the_public_are_two_seconds_apart(void **state)
{
    (void)state;
    static const struct {
        double since_s;
        bool public, flood;
    } rows[] = {{2, true, false}, {1.9, true, true}, {0.25, false, false}, {0.1, false, true}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check check = {0};
        check_request(&check, (struct true_time){0}, rows[i].since_s, rows[i].public);
        assert_int_equal(check.counts[INVARIANT_FLOOD], rows[i].flood);
    }
}

static void steps_and_rates_have_their_limits(void **state)
{
    (void)state;
    struct check check = {.steps_until = true_time_from_s(300)};

    check_step(&check, true_time_from_s(299), 0.5);
    check_rate(&check, true_time_from_s(1), -0.08, 0.09);
    assert_false(check_failed(&check));
    check_step(&check, true_time_from_s(300), 0.5);
    check_rate(&check, true_time_from_s(1), -0.1, 0.09);
    check_rate(&check, true_time_from_s(1), (double)NAN, 0.09);
    assert_int_equal(check.counts[INVARIANT_STEP], 1);
    assert_int_equal(check.counts[INVARIANT_RATE], 2);
    assert_true(check.first.invariant == INVARIANT_STEP);
}

static void who_never_sleeps_is_in_a_livelock(void **state)
{
    (void)state;
    struct check check = {0};

    for (int i = 0; i < 20000; i++) {
        check_wake(&check, (struct true_time){i}, i % 1000 == 0);
    }
    assert_false(check_failed(&check));
    for (int i = 0; i < 6000; i++) {
        check_wake(&check, (struct true_time){i}, false);
    }
    assert_int_equal(check.counts[INVARIANT_LIVELOCK], 1);
}

static void every_invariant_has_a_word_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < INVARIANT_COUNT; i++) {
        assert_non_null(invariant_word((enum invariant)i));
        assert_non_null(invariant_sentence((enum invariant)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_is_broken_only_by_a_larger_error),
        cmocka_unit_test(who_is_not_synchronised_promises_nothing),
        cmocka_unit_test(an_excuse_holds_for_its_time),
        cmocka_unit_test(around_a_leap_second_either_side_of_it_is_right),
        cmocka_unit_test(a_published_line_must_make_sense),
        cmocka_unit_test(what_follows_must_agree_with_what_was_said),
        cmocka_unit_test(an_answer_is_held_to_its_root_distance),
        cmocka_unit_test(requests_to_the_public_are_two_seconds_apart),
        cmocka_unit_test(steps_and_rates_have_their_limits),
        cmocka_unit_test(who_never_sleeps_is_in_a_livelock),
        cmocka_unit_test(every_invariant_has_a_word_and_a_sentence),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
