/* SPDX-License-Identifier: BSD-2-Clause */
/* test_computer.c - readings, stamps, steering and misfortunes of one simulated machine. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/computer.h"
#include "wire/ntp_packet.h"

#define EPOCH_NS (INT64_C(1780000000) * NS_PER_S)

static struct computer make(const struct computer_options *options)
{
    struct computer computer;

    computer_init(&computer, options, (struct utc_time){EPOCH_NS}, 7, 0);
    return computer;
}

static struct computer make_default(void)
{
    const struct computer_options options = computer_options_default();

    return make(&options);
}

static void go_to(struct computer *computer, double s)
{
    computer_advance(computer, true_time_from_s(s));
}

static void a_reading_is_as_good_as_its_window(void **state)
{
    (void)state;
    struct computer_options options = computer_options_default();
    options.oscillator = (struct oscillator_options){.rate_s_per_s = 20e-6};
    struct computer computer = make(&options);
    int64_t last_raw = -1;

    for (int i = 1; i < 2000; i++) {
        go_to(&computer, i * 0.01);
        struct clock_reading r = computer_reading(&computer);
        assert_true(r.window.ns > 0 && r.window.ns < 2000);
        assert_true(llabs((r.real.ns - EPOCH_NS) - r.raw.ns) <= r.window.ns);
        assert_true(llabs(r.mono.ns - r.raw.ns) <= r.window.ns);
        assert_true(r.boot.ns == r.mono.ns && r.boot_known);
        assert_true(r.raw.ns > last_raw);
        last_raw = r.raw.ns;
    }
}

static void steering_uses_ticks_for_what_the_frequency_cannot_hold(void **state)
{
    (void)state;
    static const double rates[] = {0, 1e-6, -49e-6, 51e-6, 400e-6, -950e-6, 0.0833333, -0.0999};

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct computer computer = make_default();
        struct event_clock_adjusted done = computer_steer(&computer, (struct freq){rates[i]});
        assert_int_equal(done.error, ERR_NONE);
        assert_true(fabs(done.rate.s_per_s - rates[i]) <= 0x1p-17 * 1e-6 + 1e-15);
        assert_true(done.after.ns > done.before.ns);
        assert_true(computer_steered(&computer).s_per_s == done.rate.s_per_s);
        assert_true(llabs(computer.kernel.freq) <= 50 * 65536 + 1);
    }
}

static void a_rate_that_no_tick_has_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    struct computer computer = make_default();

    computer_steer(&computer, (struct freq){25e-6});
    assert_int_equal(computer_steer(&computer, (struct freq){0.11}).error, ERR_RANGE);
    assert_int_equal(computer_steer(&computer, (struct freq){(double)NAN}).error, ERR_RANGE);
    assert_true(fabs(computer_steered(&computer).s_per_s - 25e-6) < 1e-10);
}

static void a_step_moves_real_and_nothing_else(void **state)
{
    (void)state;
    struct computer computer = make_default();

    go_to(&computer, 10);
    struct clock_reading before = computer_reading(&computer);
    struct event_clock_adjusted done = computer_step(&computer, duration_from_s(-1.5));
    struct clock_reading after = computer_reading(&computer);
    assert_true(done.kind == ADJUST_STEP && done.step.ns == -1500000000);
    assert_true(fabs(utc_diff_s(after.real, before.real) + 1.5) < 1e-4);
    assert_true(after.mono.ns > before.mono.ns && after.raw.ns > before.raw.ns);
}

static void without_the_right_nothing_is_changed(void **state)
{
    (void)state;
    struct computer_options options = computer_options_default();
    options.backend = BACKEND_NONE;
    struct computer computer = make(&options);
    const struct action_status status = {.leap = NTP_LEAP_INSERT, .synchronised = true};

    assert_int_equal(computer_steer(&computer, (struct freq){1e-6}).error, ERR_DENIED);
    assert_int_equal(computer_step(&computer, duration_from_s(1)).error, ERR_DENIED);
    computer_set_status(&computer, &status);
    assert_int_equal(computer.kernel.status, KERNEL_STA_UNSYNC);
    assert_true(computer_steered(&computer).s_per_s == 0);
}

static void the_status_reaches_the_kernel_in_its_units(void **state)
{
    (void)state;
    struct computer computer = make_default();
    const struct action_status status = {
        .leap = NTP_LEAP_INSERT, .synchronised = true, .maxerror_s = 1.2e-3, .esterror_s = 1.1e-6};
    const struct action_status lost = {.leap = NTP_LEAP_NONE, .maxerror_s = 16, .esterror_s = 16};

    computer_set_status(&computer, &status);
    assert_int_equal(computer.kernel.status, KERNEL_STA_INS);
    assert_int_equal(computer.kernel.maxerror_us, 1200);
    assert_int_equal(computer.kernel.esterror_us, 2); /* rounded up */
    computer_set_status(&computer, &lost);
    assert_int_equal(computer.kernel.status, KERNEL_STA_UNSYNC);
    assert_int_equal(computer.kernel.maxerror_us, 16000000);
}

static void stamps_say_their_clock_and_who_took_them(void **state)
{
    (void)state;
    struct computer_options options = computer_options_default();
    struct computer kernel = make(&options);
    options.backend = BACKEND_VIRTUAL;
    options.user_stamps = true;
    struct computer virtual = make(&options);

    go_to(&kernel, 5);
    go_to(&virtual, 5);
    struct stamp in = computer_stamp(&kernel, false), out = computer_stamp(&kernel, true);
    int64_t real_ns = computer_real(&kernel).ns;
    assert_true(in.clock == STAMP_CLOCK_REAL && in.stamp_class == STAMP_KERNEL);
    assert_true(in.ns >= real_ns && in.ns < real_ns + 100000);
    assert_true(out.ns <= real_ns && out.ns > real_ns - 100000);
    struct stamp raw = computer_stamp(&virtual, false);
    assert_true(raw.clock == STAMP_CLOCK_RAW && raw.stamp_class == STAMP_USER);
    assert_true(llabs(raw.ns - 5 * NS_PER_S) < 200000);
}

static void poll_sleeps_whole_milliseconds_of_the_steered_clock(void **state)
{
    (void)state;
    struct computer_options options = computer_options_default();
    options.latency_s = 0;
    options.oscillator = (struct oscillator_options){0};
    struct computer computer = make(&options);
    const struct mono_time now = {1000};

    assert_true(computer_sleep_s(&computer, now, now) == 0);
    assert_true(computer_sleep_s(&computer, now, (struct mono_time){INT64_MIN}) == 0);
    assert_true(fabs(computer_sleep_s(&computer, now, (struct mono_time){1001}) - 1e-3) < 1e-12);
    assert_true(fabs(computer_sleep_s(&computer, now, (struct mono_time){INT64_MAX}) - 86400) <
                1e-6);
    computer_steer(&computer, (struct freq){0.08});
    assert_true(fabs(computer_sleep_s(&computer, now, mono_add(now, (struct duration){NS_PER_S})) -
                     1 / 1.08) < 1e-6);
}

static void a_paused_machine_does_nothing_until_it_goes_on(void **state)
{
    (void)state;
    struct computer computer = make_default();

    go_to(&computer, 10);
    struct clock_reading before = computer_reading(&computer);
    computer_pause(&computer, 5);
    go_to(&computer, 12);
    assert_true(true_time_to_s(computer.now) >= 15);
    struct clock_reading after = computer_reading(&computer);
    assert_true(mono_diff_s(after.raw, before.raw) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reading_is_as_good_as_its_window),
        cmocka_unit_test(steering_uses_ticks_for_what_the_frequency_cannot_hold),
        cmocka_unit_test(a_rate_that_no_tick_has_is_refused_and_changes_nothing),
        cmocka_unit_test(a_step_moves_real_and_nothing_else),
        cmocka_unit_test(without_the_right_nothing_is_changed),
        cmocka_unit_test(the_status_reaches_the_kernel_in_its_units),
        cmocka_unit_test(stamps_say_their_clock_and_who_took_them),
        cmocka_unit_test(poll_sleeps_whole_milliseconds_of_the_steered_clock),
        cmocka_unit_test(a_paused_machine_does_nothing_until_it_goes_on),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
