/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of discipline, kernel and timescale, closed around a clock whose error is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock/discipline.h"
#include "core/clock/timescale.h"
#include "unit/clock/fake_clock.h"

#define MS (NS_PER_S / 1000)

struct loop {
    struct fake_clock clock;
    struct timescale ts;
    struct discipline discipline;
    struct node_options options;
    double x0_s, freq_s_per_s; /* truth: UTC = raw + FAKE_EPOCH + x0 + freq * raw */
    double poll_s, sd_s;
    int64_t late_ns; /* wake-ups come up to this much late */
    int64_t call_ns; /* duration of a clock_adjtime() at most */
    unsigned wakes, calls, disturbances;
};

static void begin(struct loop *loop, double error_s, double freq_s_per_s)
{
    struct clock_reading now;

    memset(loop, 0, sizeof *loop);
    fake_init(&loop->clock, 0, 60);
    now = fake_read(&loop->clock);
    timescale_init(&loop->ts, &now, (struct freq){0}, TIMESCALE_OURS);
    timescale_anchor(&loop->ts, &now);
    discipline_init(&loop->discipline, (struct freq){0}, 0.1);
    loop->options.max_slew_s_per_s = 1.0 / 12;
    loop->options.max_drift_s_per_s = 0.1;
    loop->options.max_update_skew_s_per_s = 1e-3;
    loop->options.corr_time_ratio = 3;
    loop->x0_s = error_s;
    loop->freq_s_per_s = freq_s_per_s;
    loop->poll_s = 16;
    loop->sd_s = 1e-6;
    loop->call_ns = 2000;
}

/* UTC - (raw + FAKE_EPOCH) at `raw_ns`. */
static double utc_offset_s(const struct loop *loop, int64_t raw_ns)
{
    return loop->x0_s + loop->freq_s_per_s * ((double)raw_ns * 1e-9);
}

/* True UTC - REAL now. */
static double true_error_s(const struct loop *loop)
{
    int64_t moved_ns = fake_real_ns(&loop->clock) - loop->clock.raw_ns - FAKE_EPOCH_NS;

    return utc_offset_s(loop, loop->clock.raw_ns) - (double)moved_ns * 1e-9;
}

/* The same as the node sees it: through the timescale, never by looking at the clock. */
static struct discipline_input look(struct loop *loop, struct mono_time next_wake)
{
    struct clock_reading now = fake_read(&loop->clock);
    struct discipline_input input = {.now = now.raw,
                                     .sd_s = loop->sd_s,
                                     .freq_s_per_s = loop->freq_s_per_s,
                                     .freq_sd_s_per_s = 1e-6,
                                     .poll_s = loop->poll_s,
                                     .next_wake = next_wake};

    loop->wakes++;
    loop->disturbances += timescale_check(&loop->ts, &now).verdict != CLOCK_AGREES;
    input.utc_offset_s = utc_offset_s(loop, now.raw.ns);
    input.clock_error_s =
        input.utc_offset_s -
        (double)(timescale_real_at(&loop->ts, now.raw).ns - now.raw.ns - FAKE_EPOCH_NS) * 1e-9;
    return input;
}

static void perform(struct loop *loop, const struct decision *decision)
{
    struct event_clock_adjusted adjusted = {.error = ERR_NONE};
    int64_t at;

    if (decision->kind == DECISION_STEP) {
        adjusted.kind = ADJUST_STEP;
        adjusted.before.ns = adjusted.after.ns = loop->clock.raw_ns;
        adjusted.step = decision->step;
        loop->clock.origin_ns += decision->step.ns;
        timescale_stepped(&loop->ts, adjusted.before, adjusted.after, adjusted.step);
        discipline_adjusted(&loop->discipline, &adjusted);
    }
    if (!decision->steer) {
        return;
    }
    loop->calls++;
    at = fake_random(&loop->clock, loop->call_ns + 1);
    adjusted.kind = ADJUST_RATE;
    adjusted.before.ns = loop->clock.raw_ns;
    fake_advance(&loop->clock, at);
    adjusted.rate = fake_set_rate(&loop->clock, decision->rate.s_per_s);
    fake_advance(&loop->clock, loop->call_ns - at);
    adjusted.after.ns = loop->clock.raw_ns;
    timescale_rate_changed(&loop->ts, adjusted.before, adjusted.after, adjusted.rate);
    discipline_adjusted(&loop->discipline, &adjusted);
}

static struct decision update(struct loop *loop)
{
    struct mono_time next = {loop->clock.raw_ns + (int64_t)(loop->poll_s * 1e9)};
    struct discipline_input input = look(loop, next);
    struct decision decision = discipline_update(&loop->discipline, &loop->options, &input);

    perform(loop, &decision);
    return decision;
}

/* Go on for `seconds` without a new estimate: only slews end, as late as allowed. */
static void coast(struct loop *loop, double seconds)
{
    int64_t end_ns = loop->clock.raw_ns + (int64_t)(seconds * 1e9);

    for (;;) {
        struct mono_time due = discipline_deadline(&loop->discipline);
        struct discipline_input input;
        struct decision decision;

        if (due.ns >= end_ns) {
            break;
        }
        fake_advance(&loop->clock,
                     (due.ns > loop->clock.raw_ns ? due.ns - loop->clock.raw_ns : 0) +
                         (loop->late_ns ? fake_random(&loop->clock, loop->late_ns + 1) : 0));
        input = look(loop, (struct mono_time){0});
        decision = discipline_wake(&loop->discipline, &loop->options, &input);
        perform(loop, &decision);
    }
    if (end_ns > loop->clock.raw_ns) {
        fake_advance(&loop->clock, end_ns - loop->clock.raw_ns);
    }
}

static void a_wrong_clock_is_right_after_the_promised_time(void **state)
{
    static const struct {
        double error_s, freq, max_slew, promised_s;
    } rows[] = {
        {0.3, 50e-6, 1.0 / 12, 3.6},   {-0.3, -50e-6, 1.0 / 12, 3.6}, {0.3, 50e-6, 500e-6, 600},
        {-10e-3, 100e-6, 1.0 / 12, 1}, {5e-6, 0, 1.0 / 12, 3.36},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct loop loop;
        struct decision decision;

        begin(&loop, rows[i].error_s, rows[i].freq);
        loop.options.max_slew_s_per_s = rows[i].max_slew;
        decision = update(&loop);
        assert_true(fabs(decision.slew_time_s - rows[i].promised_s) < 0.02 * rows[i].promised_s);
        coast(&loop, rows[i].promised_s / 2);
        assert_true(fabs(true_error_s(&loop)) > fabs(rows[i].error_s) / 3);
        coast(&loop, decision.slew_time_s - rows[i].promised_s / 2 + 0.001);
        assert_true(fabs(true_error_s(&loop)) < 200e-9);
        /* And stays so: the frequency is right too, without another update. */
        coast(&loop, 1000);
        assert_true(fabs(true_error_s(&loop)) < 250e-9);
        assert_int_equal(loop.disturbances, 0);
        assert_true(loop.calls <= 3);
    }
}

static void wake_ups_a_little_late_leave_nothing_behind(void **state)
{
    struct loop loop;

    (void)state;
    begin(&loop, 0.3, 50e-6);
    loop.late_ns = 20 * MS;
    update(&loop);
    /* 20 ms at 83 ms/s are 1.7 ms too far; that takes another second, and so on. */
    coast(&loop, 10);
    assert_true(fabs(true_error_s(&loop)) < 1e-6);
    assert_int_equal(loop.disturbances, 0);
    assert_true(loop.calls <= 6);
}

static void a_hang_in_a_slew_errs_no_more_than_the_slew_was_and_is_undone(void **state)
{
    struct loop loop;
    double worst;

    (void)state;
    begin(&loop, 0.3, 50e-6);
    update(&loop);
    fake_advance(&loop.clock, 10 * NS_PER_S); /* due after 3.6 s */
    worst = true_error_s(&loop);
    assert_true(worst < -0.5 && worst > -0.6);
    coast(&loop, 15);
    assert_true(fabs(true_error_s(&loop)) < 200e-9);
    assert_int_equal(loop.disturbances, 0);
}

static void hours_of_noisy_updates_never_leave_the_noise(void **state)
{
    struct loop loop;
    double worst_s = 0;

    (void)state;
    begin(&loop, 0.3, 50e-6);
    loop.sd_s = 100e-6;
    loop.late_ns = 200 * 1000;
    for (int i = 0; i < 2000; i++) {
        double x0_s = loop.x0_s;

        /* The estimate is wrong by up to one standard deviation, the truth is not. */
        loop.x0_s += (double)(fake_random(&loop.clock, 200001) - 100000) * 1e-9;
        update(&loop);
        coast(&loop, loop.poll_s);
        loop.x0_s = x0_s;
        if (i > 3) {
            worst_s = fmax(worst_s, fabs(true_error_s(&loop)));
        }
    }
    assert_true(worst_s < 101e-6);
    assert_int_equal(loop.disturbances, 0);
}

static void a_perfect_estimate_keeps_the_clock_within_nanoseconds(void **state)
{
    struct loop loop;
    double worst_s = 0;

    (void)state;
    begin(&loop, 0.3, 50e-6);
    loop.clock.window_ns = 0;
    loop.call_ns = 0;
    loop.sd_s = 1e-9;
    for (int i = 0; i < 1000; i++) {
        update(&loop);
        coast(&loop, loop.poll_s);
        if (i > 3) {
            worst_s = fmax(worst_s, fabs(true_error_s(&loop)));
        }
    }
    assert_true(worst_s < 3e-9);
}

static void a_step_is_exact_and_followed_by_the_frequency(void **state)
{
    struct loop loop;

    (void)state;
    begin(&loop, -86400.123456789, 50e-6);
    loop.options.step = (struct step_options){.threshold_s = 0.1, .limit = 1};
    assert_int_equal(update(&loop).kind, DECISION_STEP);
    assert_true(fabs(true_error_s(&loop)) < 200e-9);
    coast(&loop, 1000);
    assert_true(fabs(true_error_s(&loop)) < 200e-9);
    assert_int_equal(loop.disturbances, 0);
}

static void a_foreign_step_is_undone_without_a_new_measurement(void **state)
{
    struct loop loop;

    (void)state;
    begin(&loop, 0, 50e-6);
    update(&loop);
    coast(&loop, 100);
    loop.clock.origin_ns += 7 * NS_PER_S;
    fake_set_rate(&loop.clock, 0); /* and its frequency is not ours */
    fake_advance(&loop.clock, 100 * MS);
    discipline_disturbed(&loop.discipline, 1);
    assert_int_equal(update(&loop).kind, DECISION_STEP);
    assert_int_equal(loop.disturbances, 1);
    assert_true(fabs(true_error_s(&loop)) < 200e-9);
    coast(&loop, 100);
    assert_true(fabs(true_error_s(&loop)) < 250e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_clock_is_right_after_the_promised_time),
        cmocka_unit_test(wake_ups_a_little_late_leave_nothing_behind),
        cmocka_unit_test(a_hang_in_a_slew_errs_no_more_than_the_slew_was_and_is_undone),
        cmocka_unit_test(hours_of_noisy_updates_never_leave_the_noise),
        cmocka_unit_test(a_perfect_estimate_keeps_the_clock_within_nanoseconds),
        cmocka_unit_test(a_step_is_exact_and_followed_by_the_frequency),
        cmocka_unit_test(a_foreign_step_is_undone_without_a_new_measurement),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
