/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/discipline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX_RATE 0.1

static struct node_options options_default(void)
{
    struct node_options options;

    memset(&options, 0, sizeof options);
    options.step.limit = 3;
    options.step.threshold_s = 0.1;
    options.max_slew_s_per_s = 1.0 / 12;
    options.max_drift_s_per_s = 0.1;
    options.max_update_skew_s_per_s = 1e-3;
    options.corr_time_ratio = 3;
    return options;
}

static struct discipline_input input_at(int64_t s, double error_s)
{
    return (struct discipline_input){
        .now = {s * NS_PER_S},
        .utc_offset_s = error_s,
        .clock_error_s = error_s,
        .sd_s = 100e-6,
        .freq_s_per_s = 10e-6,
        .freq_sd_s_per_s = 1e-5,
        .poll_s = 64,
    };
}

static struct discipline fresh(void)
{
    struct discipline discipline;

    discipline_init(&discipline, (struct freq){0}, MAX_RATE);
    return discipline;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b) + 1e-15;
}

static void slews_take_the_time_that_error_and_poll_ask_for(void **state)
{
    static const struct {
        double error_s, sd_s, poll_s, ratio, max_slew;
        double time_s;
    } rows[] = {
        {100e-6, 100e-6, 64, 3, 0.08, 22.4},      /* a third of the interval */
        {-300e-6, 100e-6, 64, 3, 0.08, 22.4},     /* still noise */
        {100e-6, 100e-6, 1024, 3, 0.08, 358.4},   /* grows with it */
        {100e-6, 100e-6, 1024, 6, 0.08, 716.8},   /* corrtimeratio */
        {10e-6, 10e-6, 1, 3, 0.08, 1},            /* never below a second */
        {3e-3, 100e-6, 64, 3, 0.08, 2.24},        /* ten times beyond noise: ten times faster */
        {50e-3, 100e-6, 64, 3, 0.08, 1},          /* far beyond */
        {0.4, 100e-6, 64, 3, 0.08, 5},            /* at maxslewrate */
        {0.4, 100e-6, 64, 3, 500e-6, 800},        /* at a small one */
        {0.9, 100e-6, 64, 3, 1.0, 0.9 / 0.09999}, /* the backend's own limit less 10 ppm */
        {50e-3, 0, 64, 3, 0.08, 1},               /* no idea of the noise */
        {1e-3, 1e-3, 64, 3, 0.08, 25}, /* a quarter of the 100 s that are averaged over */
        {1e-3, 1e-3, 4, 3, 0.08, 16},  /* but no more than four intervals */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct discipline_input input = input_at(100, rows[i].error_s);
        struct decision decision;

        options.step.limit = 0;
        options.corr_time_ratio = rows[i].ratio;
        options.max_slew_s_per_s = rows[i].max_slew;
        input.sd_s = rows[i].sd_s;
        input.poll_s = rows[i].poll_s;
        decision = discipline_update(&discipline, &options, &input);
        assert_int_equal(decision.kind, DECISION_STEER);
        assert_true(near(decision.slew_time_s, rows[i].time_s));
        assert_true(fabs(decision.rate.s_per_s) <= MAX_RATE * (1 + 1e-12));
        assert_true(near((decision.rate.s_per_s - 10e-6) * decision.slew_time_s, rows[i].error_s));
    }
}

static void small_errors_end_with_the_next_wake_up(void **state)
{
    static const struct {
        double error_s;
        int64_t wake_s; /* after now */
        double time_s;
    } rows[] = {
        {30e-6, 64, 64},     {-30e-6, 64, 64}, {30e-6, 0, 22.4}, /* none known */
        {30e-6, 10, 22.4},                                       /* too early to be done by then */
        {30e-6, 1000, 22.4},                                     /* too late */
        {50e-6, 64, 22.4},                                       /* too large to wait */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct discipline_input input = input_at(100, rows[i].error_s);

        input.next_wake.ns = input.now.ns + rows[i].wake_s * NS_PER_S;
        assert_true(
            near(discipline_update(&discipline, &options, &input).slew_time_s, rows[i].time_s));
        assert_true(near(mono_diff_s(discipline_deadline(&discipline), input.now), rows[i].time_s));
    }
}

static void what_was_as_unsure_before_is_not_hurried_after(void **state)
{
    static const struct {
        double sd_before_s, error_s;
        double time_s;
    } rows[] = {
        {100e-6, 3e-3, 2.24}, /* ten times beyond what was claimed before and after */
        {1e-3, 3e-3, 22.4},   /* one good exchange made a doubtful estimate a sure one */
        {1e-3, 30e-3, 2.24},  /* no doubt explains that */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct discipline_input first = input_at(100, 0), second = input_at(164, rows[i].error_s);

        options.step.limit = 0;
        first.sd_s = rows[i].sd_before_s;
        first.freq_sd_s_per_s = 0;
        discipline_update(&discipline, &options, &first);
        assert_true(
            near(discipline_update(&discipline, &options, &second).slew_time_s, rows[i].time_s));
    }
}

static void makestep_steps_in_the_first_updates_only(void **state)
{
    static const struct {
        double threshold_s;
        int limit;
        double error_s;
        int update; /* counted from 1 */
        bool step;
    } rows[] = {
        {0.1, 3, 0.2, 1, true},   {0.1, 3, -0.2, 3, true},  {0.1, 3, 0.2, 4, false},
        {0.1, 3, 0.09, 1, false}, {0.1, -1, 0.2, 50, true}, {0.1, 0, 5, 1, false},
        {0, 3, 5, 1, false},      {10, -1, 9.9, 2, false},  {10, -1, -1e9, 2, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct decision decision = {0};

        options.step.threshold_s = rows[i].threshold_s;
        options.step.limit = rows[i].limit;
        for (int update = 1; update <= rows[i].update; update++) {
            struct discipline_input input =
                input_at(update * 10, update == rows[i].update ? rows[i].error_s : 0);

            decision = discipline_update(&discipline, &options, &input);
        }
        assert_int_equal(decision.kind == DECISION_STEP, rows[i].step);
        if (rows[i].step) {
            assert_true(near((double)decision.step.ns * 1e-9, rows[i].error_s));
            assert_int_equal(discipline_deadline(&discipline).ns, INT64_MAX);
        }
    }
}

static void a_disturbed_clock_may_be_stepped_once_more(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(10, 3600);

    (void)state;
    options.step.limit = 0;
    options.step.threshold_s = 0;
    discipline_disturbed(&discipline, 1);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEP);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    discipline_disturbed(&discipline, 2);
    discipline_disturbed(&discipline, 0); /* allows nothing, and takes nothing away */
    input = input_at(20, 0.05);           /* nothing to step yet */
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    input = input_at(30, -0.5);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEP);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
}

static void a_leap_second_is_slewed_though_makestep_would_step_it(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(10, 0);
    struct decision decision;

    (void)state;
    options.step.limit = -1;
    discipline_update(&discipline, &options, &input);
    input = input_at(20, -1);
    decision = discipline_slew_now(&discipline, &options, &input);
    assert_int_equal(decision.kind, DECISION_STEER);
    assert_true(near(decision.slew_time_s, 12)); /* as chrony.conf(5) promises */
    for (int64_t t = 23; t < 32; t += 3) {
        input = input_at(t, -0.25 * (double)(32 - t) / 3);
        assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    }
    input = input_at(32, 0.9e-3);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    input = input_at(42, -0.5);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEP);
}

static void maxchange_refuses_and_says_so_when_patience_ends(void **state)
{
    static const struct {
        int start, ignore;
        /* Of five updates, the first right and the others 2 s off: refused, alarmed. */
        const char *refused, *alarmed;
    } rows[] = {
        {1, 2, ".RRRR", "...!!"},  {0, 0, ".RRRR", ".!!!!"}, {1, -1, ".RRRR", "....."},
        {3, 1, ".....", "....."}, /* the first jump is accepted: the rest agree with it */
        {-1, 0, ".....", "....."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();

        options.change = (struct change_options){
            .offset_s = 1, .start = rows[i].start, .ignore = rows[i].ignore};
        for (int k = 0; k < 5; k++) {
            struct discipline_input input = input_at(k * 64, 0);

            input.utc_offset_s = 7 + 10e-6 * k * 64 + (k > 0 ? 2 : 0);
            assert_int_equal(discipline_update(&discipline, &options, &input).kind ==
                                 DECISION_REFUSED,
                             rows[i].refused[k] == 'R');
            assert_int_equal(discipline.change_refused, rows[i].alarmed[k] == '!');
        }
    }
}

static void a_slew_that_ends_after_a_refusal_leaves_the_refused_error_alone(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 300e-6);
    struct decision decision;

    (void)state;
    options.change = (struct change_options){.offset_s = 1, .start = 1, .ignore = -1};
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    input = input_at(101, 100);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_REFUSED);
    input.now = mono_add(discipline_deadline(&discipline), (struct duration){1});
    decision = discipline_wake(&discipline, &options, &input);
    assert_true(near(decision.rate.s_per_s, discipline.base_s_per_s));
    assert_true(discipline_deadline(&discipline).ns == INT64_MAX);
}

static void what_was_refused_is_accepted_when_right_again_or_when_ordered(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(0, 0);

    (void)state;
    options.change = (struct change_options){.offset_s = 1, .start = 1, .ignore = 0};
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    input = input_at(64, 5);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_REFUSED);
    assert_true(discipline.change_refused);
    input = input_at(128, 0);
    input.utc_offset_s = 10e-6 * 128; /* where the accepted frequency leads */
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    assert_false(discipline.change_refused);
    input = input_at(192, 5);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_REFUSED);
    assert_int_equal(discipline_step_now(&discipline, &options, &input).kind, DECISION_STEP);
    assert_false(discipline.change_refused);
    input = input_at(256, 0);
    input.utc_offset_s = 5 + 10e-6 * 64;
    assert_true(discipline_update(&discipline, &options, &input).kind != DECISION_REFUSED);
}

static void the_accepted_time_runs_on_at_the_accepted_frequency(void **state)
{
    static const struct {
        double utc_offset_s; /* after 1000 s at 10 ppm */
        bool refused;
    } rows[] = {{10e-3, false}, {8.5e-3, false}, {11.5e-3, false}, {7.5e-3, true}, {13e-3, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct discipline_input input = input_at(0, 0);

        options.change = (struct change_options){.offset_s = 2e-3, .start = 1, .ignore = -1};
        discipline_update(&discipline, &options, &input);
        input = input_at(1000, 0);
        input.utc_offset_s = rows[i].utc_offset_s;
        assert_int_equal(discipline_update(&discipline, &options, &input).kind == DECISION_REFUSED,
                         rows[i].refused);
    }
}

static void a_known_jump_of_utc_is_not_refused(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(0, 0);

    (void)state;
    options.change = (struct change_options){.offset_s = 1, .start = 1, .ignore = 0};
    discipline_update(&discipline, &options, &input);
    discipline_utc_moved(&discipline, 3600); /* the machine slept */
    input = input_at(64, 0.1);
    input.utc_offset_s = 3600.1;
    assert_true(discipline_update(&discipline, &options, &input).kind != DECISION_REFUSED);
}

static void the_first_change_is_measured_from_the_clock(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(0, 0.3);

    (void)state;
    options.change = (struct change_options){.offset_s = 1, .start = 0, .ignore = 0};
    input.utc_offset_s = 1e9; /* the frame's base is anything */
    assert_true(discipline_update(&discipline, &options, &input).kind != DECISION_REFUSED);
    input = input_at(0, 5);
    discipline = fresh();
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_REFUSED);
}

static void frequencies_are_limited_and_unsure_ones_not_used(void **state)
{
    static const struct {
        double freq, sd, max_drift, max_skew, base;
    } rows[] = {
        {50e-6, 1e-6, 0.1, 1e-3, 50e-6},   {-50e-6, 1e-6, 20e-6, 1e-3, -20e-6},
        {0.5, 1e-6, 1, 1e-3, MAX_RATE},    {50e-6, 600e-6, 0.1, 1e-3, 5e-6},
        {50e-6, 499e-6, 0.1, 1e-3, 50e-6}, {50e-6, 6e-6, 0.1, 10e-6, 5e-6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct node_options options = options_default();
        struct discipline discipline = fresh();
        struct discipline_input input = input_at(0, 0);

        options.max_drift_s_per_s = rows[i].max_drift;
        options.max_update_skew_s_per_s = rows[i].max_skew;
        assert_true(near(
            discipline_set_freq(&discipline, &options, (struct freq){5e-6}).rate.s_per_s, 5e-6));
        input.freq_s_per_s = rows[i].freq;
        input.freq_sd_s_per_s = rows[i].sd;
        assert_true(
            near(discipline_update(&discipline, &options, &input).rate.s_per_s, rows[i].base));
    }
}

static struct event_clock_adjusted rate_set(int64_t ns, double rate)
{
    return (struct event_clock_adjusted){
        .kind = ADJUST_RATE, .before = {ns - 1000}, .after = {ns + 1000}, .rate = {rate}};
}

static void the_end_follows_from_what_the_backend_did(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 12e-3);
    struct event_clock_adjusted adjusted;
    struct decision decision = discipline_update(&discipline, &options, &input);

    (void)state;
    assert_true(near(decision.slew_time_s, 1));
    /* Carried out half a second late, while the clock lost 6 ppm, and at half the rate asked. */
    discipline.rate_s_per_s = 4e-6;
    adjusted = rate_set(100500000000, 10e-6 + 6e-3);
    discipline_adjusted(&discipline, &adjusted);
    assert_int_equal(discipline_deadline(&discipline).ns, 100500000000 + 2000500000);
    assert_true(near(discipline_slew_rate(&discipline), 6e-3));
}

static void what_failed_or_was_a_step_changes_no_rate(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 12e-3);
    struct event_clock_adjusted adjusted = rate_set(100000000000, 10e-6 + 12e-3);
    struct mono_time end;

    (void)state;
    discipline_update(&discipline, &options, &input);
    discipline_adjusted(&discipline, &adjusted);
    end = discipline_deadline(&discipline);
    adjusted = (struct event_clock_adjusted){.kind = ADJUST_STEP, .step = {5}};
    discipline_adjusted(&discipline, &adjusted);
    assert_int_equal(discipline_deadline(&discipline).ns, end.ns);
    assert_true(near(discipline_slew_rate(&discipline), 12e-3));
    adjusted = rate_set(101000000000, 77e-6);
    adjusted.error = ERR_DENIED;
    discipline_adjusted(&discipline, &adjusted);
    /* The slew's rate is still in force, and must be ended. */
    input = input_at(102, 0);
    assert_true(near(discipline_update(&discipline, &options, &input).rate.s_per_s, 10e-6));
    assert_true(near(discipline.rate_s_per_s, 10e-6 + 12e-3));
}

static void without_a_slew_a_wake_up_does_nothing(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 1);

    (void)state;
    assert_int_equal(discipline_wake(&discipline, &options, &input).kind, DECISION_NONE);
    discipline_update(&discipline, &options, &input);
    assert_int_equal(discipline_set_freq(&discipline, &options, (struct freq){1e-6}).kind,
                     DECISION_STEER);
    assert_int_equal(discipline_deadline(&discipline).ns, INT64_MAX);
}

static void a_backend_that_does_not_obey_is_not_asked_in_a_loop(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 12e-3);
    struct event_clock_adjusted adjusted = rate_set(100000000000, 0);

    (void)state;
    discipline_update(&discipline, &options, &input);
    discipline_adjusted(&discipline, &adjusted); /* says OK, and did nothing */
    assert_true(discipline_deadline(&discipline).ns >= input.now.ns + NS_PER_S);
    discipline_update(&discipline, &options, &input);
    adjusted.error = ERR_DENIED;
    discipline_adjusted(&discipline, &adjusted);
    assert_int_equal(discipline_deadline(&discipline).ns, INT64_MAX);
}

static void a_slew_ends_at_its_end_and_not_before(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 12e-3);
    struct event_clock_adjusted adjusted = rate_set(100000000000, 10e-6 + 12e-3);
    struct decision decision;

    (void)state;
    discipline_update(&discipline, &options, &input);
    discipline_adjusted(&discipline, &adjusted);
    input.now.ns = discipline_deadline(&discipline).ns - 1;
    assert_int_equal(discipline_wake(&discipline, &options, &input).kind, DECISION_NONE);
    input.now.ns++;
    input.clock_error_s = -50e-6; /* a little late: less than is known */
    decision = discipline_wake(&discipline, &options, &input);
    assert_int_equal(decision.kind, DECISION_STEER);
    assert_true(near(decision.rate.s_per_s, 10e-6));
    assert_int_equal(discipline_deadline(&discipline).ns, INT64_MAX);
    assert_int_equal(discipline_wake(&discipline, &options, &input).kind, DECISION_NONE);
}

static void a_late_wake_up_is_undone_by_another_slew(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 12e-3);
    struct event_clock_adjusted adjusted = rate_set(100000000000, 10e-6 + 12e-3);
    struct decision decision;

    (void)state;
    discipline_update(&discipline, &options, &input);
    discipline_adjusted(&discipline, &adjusted);
    input.now.ns = discipline_deadline(&discipline).ns + 5 * NS_PER_S;
    input.clock_error_s = -60e-3;
    decision = discipline_wake(&discipline, &options, &input);
    assert_int_equal(decision.kind, DECISION_STEER);
    assert_true(decision.rate.s_per_s < -50e-3);
    assert_true(near(decision.slew_time_s, 1));
}

static void nothing_is_asked_when_nothing_changes(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(100, 0);
    struct event_clock_adjusted adjusted = rate_set(100000000000, 10e-6 + 5e-12);

    (void)state;
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
    discipline_adjusted(&discipline, &adjusted); /* to the kernel's unit */
    input = input_at(164, 0.5e-9);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_NONE);
    /* Somebody else was at it: what is in force is not known. */
    discipline_disturbed(&discipline, 1);
    assert_int_equal(discipline_update(&discipline, &options, &input).kind, DECISION_STEER);
}

static void decades_of_error_without_steps_are_slewed_without_overflow(void **state)
{
    struct node_options options = options_default();
    struct discipline discipline = fresh();
    struct discipline_input input = input_at(INT64_C(1000000), -1.7e9);
    struct event_clock_adjusted adjusted = rate_set(input.now.ns, 10e-6 - 1e-9);
    struct decision decision;

    (void)state;
    options.step.limit = 0;
    decision = discipline_update(&discipline, &options, &input);
    assert_true(near(decision.rate.s_per_s, 10e-6 - 1.0 / 12));
    discipline_adjusted(&discipline, &adjusted);
    assert_true(discipline_deadline(&discipline).ns > input.now.ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slews_take_the_time_that_error_and_poll_ask_for),
        cmocka_unit_test(small_errors_end_with_the_next_wake_up),
        cmocka_unit_test(what_was_as_unsure_before_is_not_hurried_after),
        cmocka_unit_test(makestep_steps_in_the_first_updates_only),
        cmocka_unit_test(a_disturbed_clock_may_be_stepped_once_more),
        cmocka_unit_test(a_leap_second_is_slewed_though_makestep_would_step_it),
        cmocka_unit_test(maxchange_refuses_and_says_so_when_patience_ends),
        cmocka_unit_test(a_slew_that_ends_after_a_refusal_leaves_the_refused_error_alone),
        cmocka_unit_test(what_was_refused_is_accepted_when_right_again_or_when_ordered),
        cmocka_unit_test(the_accepted_time_runs_on_at_the_accepted_frequency),
        cmocka_unit_test(a_known_jump_of_utc_is_not_refused),
        cmocka_unit_test(the_first_change_is_measured_from_the_clock),
        cmocka_unit_test(frequencies_are_limited_and_unsure_ones_not_used),
        cmocka_unit_test(the_end_follows_from_what_the_backend_did),
        cmocka_unit_test(what_failed_or_was_a_step_changes_no_rate),
        cmocka_unit_test(without_a_slew_a_wake_up_does_nothing),
        cmocka_unit_test(a_backend_that_does_not_obey_is_not_asked_in_a_loop),
        cmocka_unit_test(a_slew_ends_at_its_end_and_not_before),
        cmocka_unit_test(a_late_wake_up_is_undone_by_another_slew),
        cmocka_unit_test(nothing_is_asked_when_nothing_changes),
        cmocka_unit_test(decades_of_error_without_steps_are_slewed_without_overflow),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
