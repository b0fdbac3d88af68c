/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/timescale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/clock/fake_clock.h"

#define MS (NS_PER_S / 1000)
#define DAY (86400 * NS_PER_S)

struct world {
    struct fake_clock clock;
    struct timescale ts;
};

static void begin(struct world *world, int64_t raw_ns, int64_t window_ns, enum timescale_mode mode)
{
    struct clock_reading now;

    fake_init(&world->clock, raw_ns, window_ns);
    now = fake_read(&world->clock);
    timescale_init(&world->ts, &now, (struct freq){0}, mode);
    timescale_anchor(&world->ts, &now);
}

static struct clock_check check_after(struct world *world, int64_t ns)
{
    struct clock_reading now;

    fake_advance(&world->clock, ns);
    now = fake_read(&world->clock);
    return timescale_check(&world->ts, &now);
}

/* Set the rate as the daemon does: two readings of RAW around the call. */
static void steer(struct world *world, double rate, int64_t call_ns)
{
    struct mono_time before = {world->clock.raw_ns};
    int64_t at = call_ns ? fake_random(&world->clock, call_ns + 1) : 0;
    struct freq set;

    fake_advance(&world->clock, at);
    set = fake_set_rate(&world->clock, rate);
    fake_advance(&world->clock, call_ns - at);
    timescale_rate_changed(&world->ts, before, (struct mono_time){world->clock.raw_ns}, set);
}

static void step(struct world *world, int64_t by_ns)
{
    struct mono_time before = {world->clock.raw_ns};

    fake_advance(&world->clock, 100);
    world->clock.origin_ns += by_ns;
    fake_advance(&world->clock, 100);
    timescale_stepped(&world->ts, before, (struct mono_time){world->clock.raw_ns},
                      (struct duration){by_ns});
}

static int64_t error_ns(const struct world *world)
{
    return timescale_real_at(&world->ts, (struct mono_time){world->clock.raw_ns}).ns -
           fake_real_ns(&world->clock);
}

static enum drop_reason convert(struct world *world, int64_t stamp_ns, int64_t *raw_ns)
{
    struct clock_reading now = fake_read(&world->clock);
    struct stamp stamp = {.ns = stamp_ns, .clock = STAMP_CLOCK_REAL};
    struct mono_time raw;
    enum drop_reason reason = timescale_convert(&world->ts, &now, &stamp, &raw);

    *raw_ns = raw.ns;
    return reason;
}

static void random_corrections_do_not_add_up_to_an_error(void **state)
{
    struct world world;
    int64_t worst = 0;

    (void)state;
    begin(&world, 12345, 0, TIMESCALE_OURS);
    for (int i = 0; i < 100000; i++) {
        double rate = (double)(fake_random(&world.clock, 1000001) - 500000) * 1e-9;

        steer(&world, rate, 0);
        fake_advance(&world.clock, fake_random(&world.clock, 3 * NS_PER_S));
        if (i % 10 == 0) {
            step(&world, fake_random(&world.clock, 2 * NS_PER_S) - NS_PER_S);
        }
        if (llabs(error_ns(&world)) > worst) {
            worst = llabs(error_ns(&world));
        }
    }
    assert_in_range(worst, 0, 1);
}

static void readings_take_out_what_slow_calls_add(void **state)
{
    struct world world;
    int64_t worst = 0;

    (void)state;
    begin(&world, 12345, 60, TIMESCALE_OURS);
    for (int i = 0; i < 20000; i++) {
        double rate = (double)(fake_random(&world.clock, 1000001) - 500000) * 1e-9;

        /* Up to 20 us in the call, 1000 ppm: 10 ns each, a micrometre in all if nobody looked. */
        steer(&world, rate, fake_random(&world.clock, 20000));
        assert_int_equal(check_after(&world, fake_random(&world.clock, NS_PER_S)).verdict,
                         CLOCK_AGREES);
        if (llabs(error_ns(&world)) > worst) {
            worst = llabs(error_ns(&world));
        }
    }
    assert_in_range(worst, 0, 90);
}

static void a_bias_of_eight_readings_is_taken_out(void **state)
{
    static const struct {
        int64_t residual_ns[8];
        int64_t taken_out_ns;
    } rows[] = {
        {{40, 40, 40, 40, 40, 40, 40, 40}, 40},
        {{-40, -40, -40, -40, -40, -40, -40, -40}, -40},
        {{30, 10, 80, 20, 70, 40, 60, 50}, 45},       /* the median */
        {{30, 10, 80, -20, 70, 40, 60, 50}, 0},       /* no bias: one is on the other side */
        {{-30, -10, -80, 20, -70, -40, -60, -50}, 0}, /* likewise */
        {{3, 3, 3, 3, 3, 3, 3, 3}, 0},                /* not worth it */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        int64_t origin_ns;

        begin(&world, 0, 0, TIMESCALE_OURS);
        origin_ns = world.clock.origin_ns;
        for (int k = 0; k < 8; k++) {
            world.clock.origin_ns = origin_ns + rows[i].residual_ns[k];
            assert_int_equal(error_ns(&world), -rows[i].residual_ns[k]);
            assert_int_equal(check_after(&world, 16 * NS_PER_S).verdict, CLOCK_AGREES);
        }
        assert_int_equal(error_ns(&world), rows[i].taken_out_ns - rows[i].residual_ns[7]);
    }
}

static void what_is_tolerated_grows_with_what_is_not_known(void **state)
{
    static const struct {
        int64_t gap_ns, by_ns;
        bool agrees;
    } rows[] = {
        {MS, 45, true},
        {MS, 60, false},
        {NS_PER_S, 290, true},
        {NS_PER_S, 310, false}, /* dither over a stopped tick */
        {3 * NS_PER_S, -290, true},
        {3 * NS_PER_S, -330, false},
        {1000 * NS_PER_S, 1200, true},
        {1000 * NS_PER_S, 1400, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;

        begin(&world, 0, 0, TIMESCALE_OURS);
        world.clock.origin_ns += rows[i].by_ns;
        assert_int_equal(check_after(&world, rows[i].gap_ns).verdict == CLOCK_AGREES,
                         rows[i].agrees);
    }
}

static void a_clocksource_with_coarse_ticks_is_no_rival(void **state)
{
    /* 3.5e-5 of the rate, in 2^-16 ppm: what the ACPI timer makes of it. */
    static const int64_t coarse[] = {1147, -1147};

    (void)state;
    for (size_t i = 0; i < sizeof coarse / sizeof *coarse; i++) {
        struct world world;

        begin(&world, 0, 60, TIMESCALE_OURS);
        steer(&world, coarse[i] > 0 ? 500e-6 : -500e-6, 500);
        world.clock.rate_units += coarse[i];
        for (int k = 0; k < 100; k++) {
            assert_int_equal(check_after(&world, 100 * NS_PER_S).verdict, CLOCK_AGREES);
        }
        world.clock.rate_units += 4 * coarse[i];
        assert_int_equal(check_after(&world, 1000 * NS_PER_S).verdict, CLOCK_RATE_CHANGED);
    }
}

static void a_kernel_that_acts_at_its_next_tick_is_no_rival(void **state)
{
    static const struct {
        int64_t late_ns;
        double rate;
        int64_t by_ns; /* by somebody else */
    } rows[] = {
        {0, 1e-3, 0},  {2 * MS, 1e-3, 0},  {4 * MS, 1e-3, 0},
        {0, -1e-3, 0}, {4 * MS, -1e-3, 0}, {2 * MS, 1e-3, 3000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct mono_time before;
        struct freq set;

        begin(&world, 1000 * NS_PER_S, 60, TIMESCALE_OURS);
        before.ns = world.clock.raw_ns;
        fake_advance(&world.clock, rows[i].late_ns);
        set = fake_set_rate(&world.clock, rows[i].rate);
        fake_advance(&world.clock, 4 * MS - rows[i].late_ns);
        timescale_rate_changed(&world.ts, before, (struct mono_time){world.clock.raw_ns}, set);
        world.clock.origin_ns += rows[i].by_ns;
        /* It may be wrong by 2 us, which the first reading takes out. */
        assert_int_equal(check_after(&world, MS).verdict,
                         rows[i].by_ns ? CLOCK_STEPPED : CLOCK_AGREES);
        assert_in_range(llabs(error_ns(&world)), 0, 60);
    }
}

static void a_coarse_reading_is_no_disturbance(void **state)
{
    struct world world;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    world.clock.window_ns = 3 * MS; /* preempted between the clocks */
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    world.clock.window_ns = 60;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
        assert_in_range(llabs(error_ns(&world)), 0, 60);
    }
}

static void a_foreign_step_is_reported_once_with_its_amount(void **state)
{
    static const int64_t amounts[] = {MS, -MS, 100 * NS_PER_S, -100 * NS_PER_S, 2000};

    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        struct world world;
        struct clock_check check;

        begin(&world, 0, 60, TIMESCALE_OURS);
        steer(&world, 300e-6, 500);
        assert_int_equal(check_after(&world, 5 * NS_PER_S).verdict, CLOCK_AGREES);
        world.clock.origin_ns += amounts[i];
        check = check_after(&world, NS_PER_S);
        assert_int_equal(check.verdict, CLOCK_STEPPED);
        assert_in_range(llabs(check.by.ns - amounts[i]), 0, 60);
        assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
        assert_in_range(llabs(error_ns(&world)), 0, 60);
    }
}

static void our_own_step_is_no_disturbance_even_of_years(void **state)
{
    struct world world;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    steer(&world, 50e-6, 500);
    step(&world, INT64_C(-1000000000123456789));
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    assert_in_range(llabs(error_ns(&world)), 0, 60);
}

static void a_foreign_rate_is_told_from_a_step(void **state)
{
    static const double rates[] = {20e-6, -20e-6};

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct world world;
        struct clock_check check;

        begin(&world, 0, 60, TIMESCALE_OURS);
        for (int k = 0; k < 10; k++) {
            assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
        }
        step(&world, -5 * NS_PER_S); /* ours, in between: no part of it */
        fake_set_rate(&world.clock, rates[i]);
        check = check_after(&world, 16 * NS_PER_S);
        assert_int_equal(check.verdict, CLOCK_RATE_CHANGED);
        assert_true(fabs(check.rate_error_s_per_s - rates[i]) < 1e-7);
        assert_true(fabs((double)check.by.ns - rates[i] * 16e9) < 200);
        /* It is known now, and reported once. */
        assert_int_equal(check_after(&world, 16 * NS_PER_S).verdict, CLOCK_AGREES);
        steer(&world, 0, 500);
        assert_int_equal(check_after(&world, 16 * NS_PER_S).verdict, CLOCK_AGREES);
    }
}

static void a_suspend_is_told_from_a_step(void **state)
{
    struct world world;
    struct clock_check check;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    fake_suspend(&world.clock, 3600 * NS_PER_S);
    check = check_after(&world, NS_PER_S);
    assert_int_equal(check.verdict, CLOCK_SLEPT);
    assert_int_equal(check.slept.ns, 3600 * NS_PER_S);
    assert_in_range(llabs(check.by.ns - 3600 * NS_PER_S), 0, 60);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    assert_in_range(llabs(error_ns(&world)), 0, 60);
}

static void clocks_read_far_apart_are_no_suspend(void **state)
{
    struct world world;
    struct clock_reading now;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    fake_advance(&world.clock, NS_PER_S);
    world.clock.window_ns = 5 * MS;
    now = fake_read(&world.clock);
    now.boot.ns += 4 * MS; /* interrupted between the two */
    assert_int_equal(timescale_check(&world.ts, &now).verdict, CLOCK_AGREES);
    fake_advance(&world.clock, NS_PER_S);
    world.clock.window_ns = 60;
    world.clock.slept_ns += 20 * MS;
    now = fake_read(&world.clock);
    assert_int_equal(timescale_check(&world.ts, &now).verdict, CLOCK_SLEPT);
}

static void a_raw_clock_that_goes_back_makes_everything_begin_again(void **state)
{
    struct world world;
    struct clock_check check;
    int64_t raw;

    (void)state;
    begin(&world, 100 * NS_PER_S, 60, TIMESCALE_OURS);
    check_after(&world, 50 * NS_PER_S);
    world.clock.raw_ns -= 120 * NS_PER_S;
    check = check_after(&world, 0);
    assert_int_equal(check.verdict, CLOCK_STEPPED);
    assert_in_range(llabs(check.by.ns), 0, 100); /* REAL went back with it */
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_NONE);
    assert_in_range(llabs(raw - world.clock.raw_ns), 0, 120);
}

static void without_boottime_a_suspend_is_a_step(void **state)
{
    struct world world;
    struct clock_reading now;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    fake_suspend(&world.clock, 3600 * NS_PER_S);
    fake_advance(&world.clock, NS_PER_S);
    now = fake_read(&world.clock);
    now.boot_known = false;
    assert_int_equal(timescale_check(&world.ts, &now).verdict, CLOCK_STEPPED);
}

static void a_leap_second_is_one_only_when_armed_and_at_midnight(void **state)
{
    static const struct {
        int expected;
        int64_t before_midnight, by, gap;
        enum clock_verdict verdict;
    } rows[] = {
        {1, NS_PER_S, -NS_PER_S, 2 * NS_PER_S, CLOCK_LEAPT},
        {-1, 2 * NS_PER_S, NS_PER_S, 2 * NS_PER_S, CLOCK_LEAPT},
        {1, 30 * NS_PER_S, -NS_PER_S, 64 * NS_PER_S, CLOCK_LEAPT}, /* nobody looked for a minute */
        {1, -60 * NS_PER_S, -NS_PER_S, 2 * NS_PER_S, CLOCK_LEAPT}, /* the kernel slept over it */
        {0, NS_PER_S, -NS_PER_S, 2 * NS_PER_S, CLOCK_STEPPED},
        {1, NS_PER_S, NS_PER_S, 2 * NS_PER_S, CLOCK_STEPPED},  /* the wrong way */
        {1, NS_PER_S, -900 * MS, 2 * NS_PER_S, CLOCK_STEPPED}, /* not a second */
        {1, 4500 * MS, -NS_PER_S, 2 * NS_PER_S, CLOCK_LEAPT},  /* REAL is fast */
        {1, 5600 * MS, -NS_PER_S, 2 * NS_PER_S, CLOCK_STEPPED},
        {-1, 4500 * MS, NS_PER_S, 2 * NS_PER_S, CLOCK_LEAPT},
        {-1, 5600 * MS, NS_PER_S, 2 * NS_PER_S, CLOCK_STEPPED},
        {1, NS_PER_S, -1900 * MS, 2 * NS_PER_S, CLOCK_STEPPED},
        {1, 7200 * NS_PER_S, -NS_PER_S, 2 * NS_PER_S, CLOCK_STEPPED}, /* hours before */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        struct clock_check check;

        struct utc_time midnight = {FAKE_EPOCH_NS - FAKE_EPOCH_NS % DAY + DAY};

        begin(&world, 0, 60, TIMESCALE_OURS);
        step(&world, DAY - FAKE_EPOCH_NS % DAY - rows[i].before_midnight);
        assert_int_equal(check_after(&world, 10 * MS).verdict, CLOCK_AGREES);
        timescale_expect_leap(&world.ts, rows[i].expected, midnight);
        world.clock.origin_ns += rows[i].by;
        check = check_after(&world, rows[i].gap);
        assert_int_equal(check.verdict, rows[i].verdict);
        assert_in_range(llabs(check.by.ns - rows[i].by), 0, 60);
        assert_int_equal(check_after(&world, MS).verdict, CLOCK_AGREES);
        if (rows[i].expected != 0) {
            /* Armed until it has happened, and once only. */
            world.clock.origin_ns -= rows[i].expected * NS_PER_S;
            check = check_after(&world, 7200 * NS_PER_S);
            assert_int_equal(check.verdict,
                             rows[i].verdict == CLOCK_LEAPT ? CLOCK_STEPPED : CLOCK_LEAPT);
        }
    }
}

static void stamps_convert_over_our_own_step_and_slew(void **state)
{
    struct world world;
    int64_t sent_raw, sent_real, raw;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    steer(&world, 1e-3, 500);
    fake_advance(&world.clock, NS_PER_S);
    sent_raw = world.clock.raw_ns;
    sent_real = fake_real_ns(&world.clock);
    fake_advance(&world.clock, 10 * MS);
    step(&world, -300 * MS);
    steer(&world, -1e-3, 500);
    fake_advance(&world.clock, 50 * MS);
    /* REAL will show the stamp a second time, but only in the future. */
    assert_int_equal(convert(&world, sent_real, &raw), DROP_NONE);
    assert_in_range(llabs(raw - sent_raw), 0, 60);
    /* What it shows now, it has shown before. */
    assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_AMBIGUOUS_STAMP);
    fake_advance(&world.clock, 400 * MS);
    assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_NONE);
    assert_in_range(llabs(raw - world.clock.raw_ns), 0, 100);
    assert_int_equal(convert(&world, sent_real, &raw), DROP_AMBIGUOUS_STAMP);
}

static void stamps_since_the_last_reading_before_a_foreign_step_are_dropped(void **state)
{
    static const int64_t amounts[] = {20 * MS, -20 * MS, NS_PER_S, -NS_PER_S};

    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        struct world world;
        int64_t old_raw, old_real, before, after, raw;

        begin(&world, 0, 60, TIMESCALE_OURS);
        fake_advance(&world.clock, 500 * MS);
        old_raw = world.clock.raw_ns;
        old_real = fake_real_ns(&world.clock);
        check_after(&world, 500 * MS);
        fake_advance(&world.clock, MS);
        before = fake_real_ns(&world.clock);
        fake_advance(&world.clock, MS);
        world.clock.origin_ns += amounts[i];
        fake_advance(&world.clock, MS);
        after = fake_real_ns(&world.clock);
        assert_int_equal(check_after(&world, MS).verdict, CLOCK_STEPPED);
        assert_int_equal(convert(&world, before, &raw), DROP_AMBIGUOUS_STAMP);
        assert_int_equal(convert(&world, after, &raw), DROP_AMBIGUOUS_STAMP);
        assert_int_equal(convert(&world, old_real, &raw), DROP_NONE);
        assert_in_range(llabs(raw - old_raw), 0, 60);
    }
}

static void a_simulator_starting_at_zero_with_no_window_works(void **state)
{
    struct world world;
    int64_t raw;

    (void)state;
    begin(&world, 0, 0, TIMESCALE_OURS);
    world.clock.mono_free = true;
    assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_NONE);
    assert_int_equal(raw, 0);
    /* The clock stands between waits: the same instant again and again. */
    steer(&world, 10e-6, 0);
    steer(&world, -10e-6, 0);
    assert_int_equal(check_after(&world, 0).verdict, CLOCK_AGREES);
    for (int i = 0; i < 100; i++) {
        steer(&world, 1e-7 * i, 0);
        assert_int_equal(check_after(&world, 64 * NS_PER_S).verdict, CLOCK_AGREES);
        assert_in_range(llabs(error_ns(&world)), 0, 1);
        assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_NONE);
        assert_int_equal(raw, world.clock.raw_ns);
    }
    world.clock.origin_ns += MS;
    assert_int_equal(check_after(&world, 64 * NS_PER_S).verdict, CLOCK_STEPPED);
}

static void nothing_is_believed_before_the_anchor(void **state)
{
    struct world world = {0};
    struct clock_reading now;
    struct stamp stamp;
    struct mono_time raw;

    (void)state;
    fake_init(&world.clock, 5000, 0);
    now = fake_read(&world.clock);
    timescale_init(&world.ts, &now, (struct freq){3e-6}, TIMESCALE_OURS);
    stamp = (struct stamp){.ns = now.real.ns, .clock = STAMP_CLOCK_REAL};
    assert_int_equal(timescale_convert(&world.ts, &now, &stamp, &raw), DROP_AMBIGUOUS_STAMP);
    /* The first wait puts the clocks back. */
    fake_init(&world.clock, 0, 0);
    fake_set_rate(&world.clock, 3e-6);
    now = fake_read(&world.clock);
    assert_int_equal(timescale_check(&world.ts, &now).verdict, CLOCK_AGREES);
    timescale_anchor(&world.ts, &now);
    assert_int_equal(check_after(&world, 100 * NS_PER_S).verdict, CLOCK_AGREES);
    assert_in_range(llabs(error_ns(&world)), 0, 1);
}

static void stamps_too_old_or_from_the_future_are_dropped(void **state)
{
    static const struct {
        int64_t age;
        enum drop_reason reason;
    } rows[] = {
        {0, DROP_NONE},
        {5 * NS_PER_S - MS, DROP_NONE},
        {5 * NS_PER_S + MS, DROP_AMBIGUOUS_STAMP},
        {-5 * MS, DROP_NONE}, /* taken in this pass, after its reading */
        {-20 * MS, DROP_AMBIGUOUS_STAMP},
    };
    struct world world;
    struct clock_reading now;

    (void)state;
    begin(&world, 0, 0, TIMESCALE_OURS);
    check_after(&world, 100 * NS_PER_S);
    now = fake_read(&world.clock);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stamp real = {now.real.ns - rows[i].age, STAMP_CLOCK_REAL, 0};
        struct stamp raw = {now.raw.ns - rows[i].age, STAMP_CLOCK_RAW, 0};
        struct mono_time at;

        assert_int_equal(timescale_convert(&world.ts, &now, &real, &at), rows[i].reason);
        assert_int_equal(timescale_convert(&world.ts, &now, &raw, &at), rows[i].reason);
    }
}

static void an_observer_follows_whoever_steers(void **state)
{
    struct world world;
    enum clock_verdict verdict;
    int64_t stamp_raw, stamp_real, raw;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OBSERVED);
    for (int i = 0; i < 2000; i++) {
        /* chronyd slews, up to 500 ppm, at any time; we wake when we like. */
        fake_set_rate(&world.clock, (double)(fake_random(&world.clock, 1001) - 500) * 1e-6);
        fake_advance(&world.clock, fake_random(&world.clock, NS_PER_S));
        stamp_raw = world.clock.raw_ns;
        stamp_real = fake_real_ns(&world.clock);
        verdict = check_after(&world, fake_random(&world.clock, 3 * NS_PER_S)).verdict;
        assert_true(verdict == CLOCK_AGREES || verdict == CLOCK_RATE_CHANGED);
        /* A datagram came between the readings: both its neighbours are known. */
        assert_int_equal(convert(&world, stamp_real, &raw), DROP_NONE);
        assert_in_range(llabs(raw - stamp_raw), 0, 26000);
        /* Within 25 ms of the latest piece the worst is 1000 ppm of it. */
        assert_in_range(llabs(error_ns(&world)), 0, 25000);
        fake_advance(&world.clock, fake_random(&world.clock, MS));
        assert_int_equal(convert(&world, fake_real_ns(&world.clock), &raw), DROP_NONE);
        assert_in_range(llabs(raw - world.clock.raw_ns), 0, 26000);
    }
}

static void an_observer_sees_whether_anybody_steers(void **state)
{
    struct world world;
    struct clock_check check;
    unsigned changes = 0;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OBSERVED);
    fake_set_rate(&world.clock, 17e-6);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(check_after(&world, 1 + fake_random(&world.clock, 8 * NS_PER_S)).verdict,
                         CLOCK_AGREES);
    }
    fake_set_rate(&world.clock, 17.3e-6);
    for (int i = 0; i < 10; i++) {
        check = check_after(&world, 8 * NS_PER_S);
        changes += check.verdict == CLOCK_RATE_CHANGED;
        assert_true(check.verdict == CLOCK_AGREES || check.rate_error_s_per_s > 0.1e-6);
    }
    assert_in_range(changes, 1, 2);
}

static void an_observer_reports_steps_and_suspends(void **state)
{
    static const int64_t amounts[] = {300 * MS, -300 * MS, 3 * MS, -3 * MS};
    struct world world;
    struct clock_check check;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OBSERVED);
    check_after(&world, NS_PER_S);
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        world.clock.origin_ns += amounts[i];
        check = check_after(&world, 100 * MS);
        assert_int_equal(check.verdict, CLOCK_STEPPED);
        assert_in_range(llabs(check.by.ns - amounts[i]), 0, 1000);
        assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
        /* What slewing may have done is no step. */
        world.clock.origin_ns += amounts[i] > 0 ? 800000 : -800000;
        assert_int_equal(check_after(&world, 100 * MS).verdict, CLOCK_AGREES);
        assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    }
    fake_suspend(&world.clock, 60 * NS_PER_S);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_SLEPT);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
}

static void the_mode_can_change_while_running(void **state)
{
    struct world world;
    struct clock_reading now;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    check_after(&world, NS_PER_S);
    now = fake_read(&world.clock);
    timescale_set_mode(&world.ts, &now, (struct freq){0}, TIMESCALE_OBSERVED);
    fake_set_rate(&world.clock, 100e-6);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    now = fake_read(&world.clock);
    fake_set_rate(&world.clock, 130e-6); /* the other one's last word */
    timescale_set_mode(&world.ts, &now, (struct freq){130e-6}, TIMESCALE_OURS);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_AGREES);
    fake_set_rate(&world.clock, 200e-6);
    assert_int_equal(check_after(&world, NS_PER_S).verdict, CLOCK_RATE_CHANGED);
}

static void the_rate_of_mono_is_ours_or_measured(void **state)
{
    struct world world;
    double error;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    timescale_mono_rate(&world.ts, &error);
    assert_true(error > 0); /* not known yet */
    check_after(&world, NS_PER_S);
    steer(&world, 200e-6, 500);
    step(&world, 3 * NS_PER_S);
    for (int i = 0; i < 10; i++) {
        check_after(&world, NS_PER_S);
        assert_true(timescale_mono_rate(&world.ts, &error).s_per_s == world.ts.rate.s_per_s);
        assert_true(error == 0);
    }
    /* A virtual clock: REAL is ours, MONO is the kernel's. */
    begin(&world, 0, 60, TIMESCALE_OURS);
    world.clock.mono_free = true;
    steer(&world, 200e-6, 500);
    for (int i = 0; i < 10; i++) {
        check_after(&world, NS_PER_S);
        assert_true(fabs(timescale_mono_rate(&world.ts, &error).s_per_s) < 1e-6);
        assert_true(error < 2e-4);
    }
    assert_true(error < 2e-7);
    steer(&world, 0, 500);
    world.clock.mono_free = false;
    steer(&world, -90e-6, 500); /* now somebody steers MONO too */
    for (int i = 0; i < 4; i++) {
        check_after(&world, NS_PER_S);
    }
    timescale_mono_rate(&world.ts, &error);
    assert_true(error > 20e-6 || timescale_mono_rate(&world.ts, &error).s_per_s < -89e-6);
}

static void a_timer_for_an_instant_of_real_time_fires_then(void **state)
{
    struct world world;
    struct mono_time at;

    (void)state;
    begin(&world, 0, 60, TIMESCALE_OURS);
    steer(&world, -80e-3, 0);
    at = timescale_raw_when(&world.ts, (struct utc_time){FAKE_EPOCH_NS + 3600 * NS_PER_S});
    fake_advance(&world.clock, at.ns - world.clock.raw_ns);
    assert_in_range(llabs(fake_real_ns(&world.clock) - FAKE_EPOCH_NS - 3600 * NS_PER_S), 0, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_corrections_do_not_add_up_to_an_error),
        cmocka_unit_test(readings_take_out_what_slow_calls_add),
        cmocka_unit_test(a_bias_of_eight_readings_is_taken_out),
        cmocka_unit_test(what_is_tolerated_grows_with_what_is_not_known),
        cmocka_unit_test(a_clocksource_with_coarse_ticks_is_no_rival),
        cmocka_unit_test(a_kernel_that_acts_at_its_next_tick_is_no_rival),
        cmocka_unit_test(a_coarse_reading_is_no_disturbance),
        cmocka_unit_test(a_foreign_step_is_reported_once_with_its_amount),
        cmocka_unit_test(our_own_step_is_no_disturbance_even_of_years),
        cmocka_unit_test(a_foreign_rate_is_told_from_a_step),
        cmocka_unit_test(a_suspend_is_told_from_a_step),
        cmocka_unit_test(clocks_read_far_apart_are_no_suspend),
        cmocka_unit_test(a_raw_clock_that_goes_back_makes_everything_begin_again),
        cmocka_unit_test(without_boottime_a_suspend_is_a_step),
        cmocka_unit_test(a_leap_second_is_one_only_when_armed_and_at_midnight),
        cmocka_unit_test(stamps_convert_over_our_own_step_and_slew),
        cmocka_unit_test(stamps_since_the_last_reading_before_a_foreign_step_are_dropped),
        cmocka_unit_test(a_simulator_starting_at_zero_with_no_window_works),
        cmocka_unit_test(nothing_is_believed_before_the_anchor),
        cmocka_unit_test(stamps_too_old_or_from_the_future_are_dropped),
        cmocka_unit_test(an_observer_follows_whoever_steers),
        cmocka_unit_test(an_observer_sees_whether_anybody_steers),
        cmocka_unit_test(an_observer_reports_steps_and_suspends),
        cmocka_unit_test(the_mode_can_change_while_running),
        cmocka_unit_test(the_rate_of_mono_is_ours_or_measured),
        cmocka_unit_test(a_timer_for_an_instant_of_real_time_fires_then),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
