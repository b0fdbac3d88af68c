/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's clock, really changed: by 0.1 s at most, for a moment, and put back.  Takes the lock
 * that everything takes that touches the one real clock; skips without the right to.
 */
#include "sys/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static const struct clock_limits limits = {.max_rate_s_per_s = 0.0833, .max_step_s = 0.2};

struct setting {
    int lock;
    bool able;
    int64_t distance_ns; /* of CLOCK_REALTIME from the raw clock, less what the rate makes of it */
    struct timex before;
    struct clock_control control;
};

/* CLOCK_REALTIME - CLOCK_MONOTONIC_RAW, by the narrowest of many readings. */
static int64_t distance_ns(void)
{
    struct clocks best = {.window = {INT64_MAX}};

    for (int i = 0; i < 50; i++) {
        struct clocks now;

        clocks_read(&now);
        if (now.window.ns < best.window.ns) {
            best = now;
        }
    }
    return best.system.ns - best.raw.ns;
}

static int take_clock(void **state)
{
    static struct setting setting;

    *state = &setting;
    setting.lock = open("/tmp/noon-clock.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    setting.able = setting.lock >= 0 && flock(setting.lock, LOCK_EX | LOCK_NB) == 0 &&
                   clock_kernel_ability() == ERR_NONE;
    if (setting.able) {
        struct timex still = {.modes = ADJ_FREQUENCY | ADJ_TICK, .tick = 10000};

        setting.before = (struct timex){0};
        (void)adjtimex(&setting.before);
        /* At rate 0 the distance stays what it is: it shows what each test has changed. */
        (void)adjtimex(&still);
        setting.distance_ns = distance_ns();
    }
    return 0;
}

static int put_back(void **state)
{
    struct setting *s = *state;

    if (s->able) {
        struct timex t = {.modes = ADJ_FREQUENCY | ADJ_TICK, .tick = 10000};

        (void)adjtimex(&t);
        int64_t off_ns = s->distance_ns - distance_ns();
        if (llabs(off_ns) > 200 && llabs(off_ns) < 400000000) {
            t = (struct timex){.modes = ADJ_SETOFFSET | ADJ_NANO};
            t.time.tv_sec = off_ns < 0 ? -1 : 0;
            t.time.tv_usec = off_ns < 0 ? NS_PER_S + off_ns : off_ns;
            (void)adjtimex(&t);
        }
        t = (struct timex){.modes =
                               ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR,
                           .freq = s->before.freq,
                           .tick = s->before.tick,
                           .status = s->before.status,
                           .maxerror = s->before.maxerror,
                           .esterror = s->before.esterror};
        (void)adjtimex(&t);
    }
    (void)close(s->lock);
    return 0;
}

static struct setting *open_kernel(void **state)
{
    struct setting *s = *state;

    if (!s->able) {
        skip(); /* no right to, or another test has the clock */
    }
    assert_int_equal(clock_control_kernel(&s->control, &limits), ERR_NONE);
    return s;
}

static void a_rate_is_split_returned_and_kept_exactly(void **state)
{
    static const struct {
        double rate;
        int64_t tick_us;
    } rows[] = {
        {0, 10000},        {1e-6, 10000},   {-49e-6, 10000}, {51e-6, 10001},
        {123.4e-6, 10001}, {-250e-6, 9997}, {5e-3, 10050},   {-0.01, 9900},
    };
    struct setting *s = open_kernel(state);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clock_change change;
        struct clock_state is;

        clock_control_set_rate(&s->control, (struct freq){rows[i].rate}, &change);
        assert_int_equal(change.error, ERR_NONE);
        assert_true(fabs(change.rate.s_per_s - rows[i].rate) < 8e-12);
        assert_true(change.before.ns <= change.after.ns);
        assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
        assert_true(is.rate.s_per_s == change.rate.s_per_s);
        assert_true(llabs(is.tick_us - rows[i].tick_us) <= (rows[i].rate == -250e-6));
        assert_true(llabs(is.freq) <= 50 * 65536);
    }
}

/* Within what CLOCK_REALTIME can show in 50 ms: its readings are good to some ten ns. */
static void the_clock_runs_at_the_rate_returned(void **state)
{
    static const double rates[] = {500e-6, -1e-3, 0};
    struct setting *s = open_kernel(state);

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct clock_change change;
        struct clocks a;
        struct clocks b;

        clock_control_set_rate(&s->control, (struct freq){rates[i]}, &change);
        clock_control_read(&s->control, &a);
        (void)usleep(50000);
        clock_control_read(&s->control, &b);
        double elapsed = (double)(b.raw.ns - a.raw.ns);
        double gained = (double)(b.real.ns - a.real.ns) - elapsed;
        assert_true(fabs(gained - change.rate.s_per_s * elapsed) <
                    200 + 2.5e-7 * elapsed + (double)(a.window.ns + b.window.ns));
    }
}

static void a_step_is_exact_to_the_reading(void **state)
{
    static const int64_t steps_ns[] = {50000001, -50000001, -1, 1};
    struct setting *s = open_kernel(state);
    struct clock_change change;

    clock_control_set_rate(&s->control, (struct freq){0}, &change);
    for (size_t i = 0; i < sizeof steps_ns / sizeof steps_ns[0]; i++) {
        int64_t before_ns = distance_ns();

        clock_control_step(&s->control, (struct duration){steps_ns[i]}, &change);
        assert_int_equal(change.error, ERR_NONE);
        assert_int_equal(change.step.ns, steps_ns[i]);
        assert_true(llabs(distance_ns() - before_ns - steps_ns[i]) < 300);
    }
}

static void what_is_beyond_the_limits_never_reaches_the_kernel(void **state)
{
    struct setting *s = open_kernel(state);
    struct clock_change change;
    struct clock_state is;
    int64_t before_ns = distance_ns();

    clock_control_step(&s->control, (struct duration){200000001}, &change);
    assert_int_equal(change.error, ERR_RANGE);
    assert_int_equal(change.os_error, 0);
    clock_control_set_rate(&s->control, (struct freq){0.09}, &change);
    assert_int_equal(change.error, ERR_RANGE);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_true(is.rate.s_per_s == change.rate.s_per_s);
    assert_true(llabs(distance_ns() - before_ns) < 2000);
}

static void programs_are_told_the_state(void **state)
{
    struct setting *s = open_kernel(state);
    struct clock_status status = {
        .synchronised = true, .rtc_copy = true, .maxerror_s = 0.0012341, .esterror_s = 0.0000051};
    struct clock_state is;

    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_int_equal(is.status & (STA_UNSYNC | STA_INS | STA_DEL | STA_PLL), 0);
    assert_true(is.maxerror_us >= 1235 && is.maxerror_us <= 1235 + 500); /* rounded up, growing */
    assert_int_equal(is.esterror_us, 6);
    assert_true(is.state != TIME_ERROR);
    status.rtc_copy = false;
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_int_equal(is.status & STA_UNSYNC, STA_UNSYNC);
    assert_true(is.maxerror_us < 16000000);
    status.synchronised = false;
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_int_equal(is.maxerror_us, 16000000);
    assert_int_equal(is.esterror_us, 16000000);
    assert_int_equal(is.tai_s, s->before.tai);
}

static int clock_state_of(struct setting *s)
{
    struct clock_state is;

    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    return is.state;
}

static int state_within_2_s(struct setting *s, int wanted)
{
    for (int i = 0; i < 210 && clock_state_of(s) != wanted; i++) {
        (void)usleep(10000);
    }
    return clock_state_of(s);
}

/*
 * Armed, a step lets the kernel keep TIME_INS and forget when: only by going through TIME_OK is
 * it armed again, which shows as TIME_OK until the next second.
 */
static void a_leap_second_is_armed_again_after_a_step(void **state)
{
    struct setting *s = open_kernel(state);
    struct clock_status status = {
        .synchronised = true, .rtc_copy = true, .maxerror_s = 1e-3, .leap = CLOCK_LEAP_INSERT};
    struct clock_change change;
    int64_t in_day_s = clock_system().ns / NS_PER_S % 86400;

    if (in_day_s < 60 || in_day_s > 86400 - 60) {
        skip(); /* it would really happen */
    }
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(state_within_2_s(s, TIME_INS), TIME_INS);
    /* Repeating it leaves it armed. */
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_state_of(s), TIME_INS);
    clock_control_step(&s->control, (struct duration){1000}, &change);
    assert_int_equal(change.error, ERR_NONE);
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_state_of(s), TIME_OK);
    assert_int_equal(state_within_2_s(s, TIME_INS), TIME_INS);
    /* The same after a step by somebody else. */
    struct timex t = {.modes = ADJ_SETOFFSET | ADJ_NANO, .time = {.tv_usec = 1000}};
    assert_true(adjtimex(&t) >= 0);
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(clock_state_of(s), TIME_OK);
    status.leap = CLOCK_LEAP_NONE;
    assert_int_equal(clock_control_set_status(&s->control, &status), ERR_NONE);
    assert_int_equal(state_within_2_s(s, TIME_OK), TIME_OK);
}

static void what_others_left_running_is_ended_at_the_start(void **state)
{
    struct setting *s = open_kernel(state);
    const struct timeval slew = {.tv_usec = 20000};
    struct timeval left = {0};
    struct timex t = {.modes = ADJ_STATUS | ADJ_OFFSET, .status = STA_PLL, .offset = 100};
    struct clock_state is;

    assert_int_equal(adjtime(&slew, NULL), 0);
    assert_true(adjtimex(&t) >= 0);
    assert_int_equal(clock_control_kernel(&s->control, &limits), ERR_NONE);
    assert_int_equal(adjtime(NULL, &left), 0);
    assert_int_equal(left.tv_sec, 0);
    assert_int_equal(left.tv_usec, 0);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_int_equal(is.offset, 0);
    assert_int_equal(is.status & STA_PLL, 0);
}

static void a_supervisor_sets_the_rate_alone(void **state)
{
    struct setting *s = open_kernel(state);
    struct clock_state is;

    assert_int_equal(clock_kernel_set_rate((struct freq){12.5e-6}), ERR_NONE);
    assert_int_equal(clock_control_state(&s->control, &is), ERR_NONE);
    assert_true(fabs(is.rate.s_per_s - 12.5e-6) < 8e-12);
    assert_int_equal(clock_kernel_set_rate((struct freq){0.2}), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_split_returned_and_kept_exactly),
        cmocka_unit_test(the_clock_runs_at_the_rate_returned),
        cmocka_unit_test(a_step_is_exact_to_the_reading),
        cmocka_unit_test(what_is_beyond_the_limits_never_reaches_the_kernel),
        cmocka_unit_test(programs_are_told_the_state),
        cmocka_unit_test(a_leap_second_is_armed_again_after_a_step),
        cmocka_unit_test(what_others_left_running_is_ended_at_the_start),
        cmocka_unit_test(a_supervisor_sets_the_rate_alone),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, take_clock, put_back);
}
