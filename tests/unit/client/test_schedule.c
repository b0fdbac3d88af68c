/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/client/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TIMES_MAX = 512 };

/* The first request of a schedule made at 0 comes here when random is 0. */
static const struct mono_time zero = {0};

static struct source_options options_of(bool iburst)
{
    return (struct source_options){
        .minpoll = 6, .maxpoll = 10, .presend_minpoll = 127, .polltarget = 8, .iburst = iburst};
}

static struct schedule start(const struct source_options *options, bool private_path)
{
    struct schedule schedule;

    schedule_init(&schedule, &(struct schedule_start){.options = options,
                                                      .now = zero,
                                                      .private_path = private_path,
                                                      .phase_ns = 5 * NS_PER_S});
    return schedule;
}

/* Requests until `end_s`, with `silent` of them unanswered; returns how many, with their times. */
struct history {
    unsigned count;
    double at_s[TIMES_MAX];
};

static struct history run(struct schedule *schedule, double end_s, bool answered)
{
    struct history history = {0};
    unsigned silent = 0;

    while (duration_to_s((struct duration){schedule->next.ns}) < end_s) {
        struct mono_time now = schedule->next;

        assert_true(history.count < TIMES_MAX);
        history.at_s[history.count++] = mono_diff_s(now, zero);
        schedule_sent(schedule, now, silent);
        assert_true(schedule->next.ns > now.ns);
        silent += !answered;
    }
    return history;
}

static double shortest_s(const struct history *history)
{
    double shortest = 1e9;

    for (unsigned i = 1; i < history->count; i++) {
        double interval = history->at_s[i] - history->at_s[i - 1];

        shortest = interval < shortest ? interval : shortest;
    }
    return shortest;
}

static unsigned count_before(const struct history *history, double end_s)
{
    unsigned count = 0;

    while (count < history->count && history->at_s[count] < end_s) {
        count++;
    }
    return count;
}

/* Past the start: the next request falls on the grid. */
static struct schedule settled(const struct source_options *options, bool private_path)
{
    struct schedule schedule = start(options, private_path);

    run(&schedule, 2000, true);
    assert_false(schedule.ramping);
    return schedule;
}

static void the_start_keeps_to_its_budget(void **state)
{
    static const struct {
        bool iburst, private_path;
        double least_s;         /* shortest interval */
        unsigned at_4_s_least;  /* requests in the first 4 s, at least */
        unsigned at_16_s_most;  /* in the first 16 s, at most */
        unsigned at_64_s_most;  /* in the first minute */
        unsigned at_640_s_most; /* in ten minutes */
    } rows[] = {
        {true, true, 0.25, 10, 26, 32, 47},
        {true, false, 2.0, 2, 8, 14, 30},
        {false, true, 8.0, 1, 2, 8, 20},
        {false, false, 8.0, 1, 2, 8, 20},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(rows[i].iburst);
        struct schedule schedule = start(&options, rows[i].private_path);
        struct history history = run(&schedule, 640, true);

        assert_true(history.at_s[0] == 0);
        assert_true(shortest_s(&history) >= rows[i].least_s);
        assert_true(count_before(&history, 4) >= rows[i].at_4_s_least);
        assert_true(count_before(&history, 16) <= rows[i].at_16_s_most);
        assert_true(count_before(&history, 64) <= rows[i].at_64_s_most);
        assert_true(count_before(&history, 640) <= rows[i].at_640_s_most);
        assert_int_equal(schedule.poll, 6);
        assert_false(schedule.ramping);
    }
}

static void after_its_burst_a_public_server_sees_one_request_in_8_seconds(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = start(&options, false);
    struct history history = run(&schedule, 600, true);

    (void)state;
    for (unsigned i = 8; i < history.count; i++) {
        assert_true(history.at_s[i] - history.at_s[i - 1] > 7.999999);
    }
}

static void a_public_server_that_is_silent_from_the_start_is_asked_less(void **state)
{
    struct source_options options = options_of(true);
    struct schedule dead = start(&options, false), alive = start(&options, false);

    (void)state;
    assert_true(run(&dead, 64, false).count < run(&alive, 64, true).count);
    assert_true(run(&dead, 100000, false).count < 100000 / 250 + 20);
}

static void a_fleet_that_starts_at_once_is_spread_out(void **state)
{
    static const struct {
        bool iburst, private_path;
        double spread_s;
    } rows[] = {{true, true, 0.2}, {true, false, 2}, {false, true, 4}, {false, false, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(rows[i].iburst);
        struct schedule_start how = {.options = &options, .private_path = rows[i].private_path};
        struct schedule schedule;
        double sum = 0;

        for (uint64_t k = 0; k < 100; k++) {
            how.random = UINT64_MAX / 99 * k;
            schedule_init(&schedule, &how);
            sum += mono_diff_s(schedule.next, zero);
        }
        assert_true(mono_diff_s(schedule.next, zero) <= rows[i].spread_s);
        assert_true(sum / 100 > 0.49 * rows[i].spread_s && sum / 100 < 0.51 * rows[i].spread_s);
    }
}

static void settled_sources_share_one_grid(void **state)
{
    struct source_options options = options_of(true), slower = options_of(false);
    struct schedule a = settled(&options, true), b = settled(&slower, false);

    (void)state;
    assert_true(a.next.ns == b.next.ns);
    assert_true((a.next.ns - 5 * NS_PER_S) % (64 * NS_PER_S) == 0);
    schedule_sent(&a, a.next, 0);
    assert_true(a.next.ns == b.next.ns + 64 * NS_PER_S);
    /* Woken late, the next request is on the grid all the same. */
    b.last = b.next;
    schedule_sent(&b, mono_add(b.next, (struct duration){3 * NS_PER_S}), 0);
    assert_true(a.next.ns == b.next.ns);
}

static void the_grid_holds_before_its_phase(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);

    (void)state;
    schedule.phase_ns = 1000000 * NS_PER_S;
    struct mono_time now = {10000 * NS_PER_S};
    schedule_sent(&schedule, now, 0);
    int64_t wait = schedule.next.ns - now.ns;
    assert_true(wait >= 32 * NS_PER_S && wait < 96 * NS_PER_S);
    assert_true((schedule.next.ns - schedule.phase_ns) % (64 * NS_PER_S) == 0);
}

/* An estimate whose one-poll wander is `ratio` times its standard deviation, at 64 s. */
static struct estimate estimate_with(double ratio)
{
    const double wander = 1e-9, wander_64_s = 1e-9 * 512 / 1.7320508075688772;
    double sd = wander_64_s / ratio;

    return (struct estimate){.when = {2000 * NS_PER_S},
                             .wander = wander,
                             .var_offset_s2 = sd * sd,
                             .var_freq = 1e-22,
                             .samples = 20};
}

static int poll_after(struct schedule schedule, const struct estimate *estimate, int samples,
                      double target_s)
{
    for (int i = 0; i < samples; i++) {
        schedule_adapt(&schedule, estimate, target_s);
    }
    return schedule.poll;
}

static void the_interval_follows_the_uncertainty(void **state)
{
    static const struct {
        double ratio; /* at 128 s */
        int samples;
        double interval_s;
    } rows[] = {
        {0.83, 2, 128},   {0.83, 3, 256},   /* far below: doubled at once ... */
        {0.83, 100, 224},                   /* ... which makes the wander 2.83 times larger */
        {1.4, 3, 160},    {1.4, 100, 160},  /* a little below: a quarter at a time */
        {1.9, 100, 128},                    /* between the limits it rests */
        {2.5, 2, 128},    {2.5, 3, 112},    /* above: shorter */
        {2.5, 100, 112},  {4.9, 3, 64},     /* far above: halved */
        {4.9, 100, 64},   {0.02, 100, 1024} /* never beyond maxpoll */
    };
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* At 128 s the ratio is 2.83 times that at 64 s. */
        struct estimate estimate = estimate_with(rows[i].ratio / 2.8284271247461903);
        struct schedule s = schedule;

        s.poll = 7;
        s.quarters = 0;
        for (int k = 0; k < rows[i].samples; k++) {
            schedule_adapt(&s, &estimate, 0);
        }
        if (schedule_interval_s(&s) != rows[i].interval_s) {
            fail_msg("row %zu: %g s", i, schedule_interval_s(&s));
        }
    }
}

static void one_good_or_bad_sample_does_not_change_the_interval(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    /* As good and as bad as samples come, by turns, at 128 s. */
    struct estimate good = estimate_with(3.2 / 2.83), bad = estimate_with(1.15 / 2.83);

    (void)state;
    schedule.poll = 7;
    schedule.quarters = 0;
    for (int i = 0; i < 100; i++) {
        schedule_adapt(&schedule, i % 8 < 4 ? &good : &bad, 0);
        assert_true(schedule_interval_s(&schedule) >= 112 && schedule_interval_s(&schedule) <= 160);
    }
}

/* What is left of the frequency after a jump. */
static void a_doubtful_frequency_makes_the_next_requests_come_sooner(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct estimate estimate = estimate_with(0.3);

    (void)state;
    schedule.poll = 10;
    schedule.quarters = 0;
    schedule.hurried = 0;
    schedule_sent(&schedule, schedule.next, 0);
    estimate.when = schedule.last;
    estimate.var_freq = 1e-12; /* 1 ppm, and the offset is known to 1 us */
    schedule_adapt(&schedule, &estimate, 0);
    assert_int_equal(schedule.next.ns - schedule.last.ns, 64 * NS_PER_S);
    assert_int_equal(schedule.poll, 10);

    estimate.var_freq = 1e-16; /* 10 ppb: twice the usual after a quarter of the interval */
    schedule_sent(&schedule, schedule.next, 0);
    estimate.when = schedule.last;
    schedule_adapt(&schedule, &estimate, 0);
    double next_s = mono_diff_s(schedule.next, schedule.last);
    assert_true(next_s >= 64 && next_s < 512);
    assert_int_equal(schedule.poll, 10);

    /* Not for ever: who always doubts has a shorter interval. */
    for (int i = 0; i < 40; i++) {
        schedule_sent(&schedule, schedule.next, 0);
        estimate.when = schedule.last;
        schedule_adapt(&schedule, &estimate, 0);
    }
    assert_true(schedule.poll < 10);
}

static void with_an_accuracy_target_nothing_is_hurried_that_it_allows(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct estimate estimate = estimate_with(0.3);

    (void)state;
    schedule.poll = 10;
    schedule.quarters = 0;
    schedule_sent(&schedule, schedule.next, 0);
    estimate.when = schedule.last;
    estimate.var_freq = 1e-12;
    struct mono_time before = schedule.next;
    schedule_adapt(&schedule, &estimate, 0.1);
    assert_int_equal(schedule.next.ns, before.ns);
}

static void intervals_between_powers_of_two_keep_to_the_grid(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct mono_time last;

    (void)state;
    schedule.poll = 6;
    schedule.quarters = 1;
    for (int i = 0; i < 20; i++) {
        last = schedule.next;
        schedule_sent(&schedule, last, 0);
        if (i < 2) { /* two steps of half an interval at least lead from one grid to the other */
            assert_true(schedule.next.ns - last.ns >= 40 * NS_PER_S);
            assert_true(schedule.next.ns - last.ns <= 80 * NS_PER_S);
            continue;
        }
        assert_int_equal((schedule.next.ns - schedule.phase_ns) % (80 * NS_PER_S), 0);
        assert_int_equal(schedule.next.ns - last.ns, 80 * NS_PER_S);
    }
}

static void a_higher_polltarget_makes_the_interval_grow_later(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct estimate estimate = estimate_with(0.9);

    (void)state;
    assert_int_equal(poll_after(schedule, &estimate, 4, 0), 7);
    options.polltarget = 16;
    assert_int_equal(poll_after(schedule, &estimate, 4, 0), 6);
    options.polltarget = 60;
    schedule.poll = 7;
    assert_int_equal(poll_after(schedule, &estimate, 8, 0), 6);
}

static void an_uncertain_frequency_keeps_the_interval_short(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct estimate estimate = estimate_with(0.1);

    (void)state;
    assert_int_equal(poll_after(schedule, &estimate, 4, 0), 7);
    estimate.var_freq = 4e-14; /* 0.2 ppm: 13 us in 64 s, the offset is known to 3 */
    assert_int_equal(poll_after(schedule, &estimate, 40, 0), 6);
}

static void an_accuracy_target_saves_requests(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    struct estimate estimate = estimate_with(2);

    (void)state;
    assert_int_equal(poll_after(schedule, &estimate, 100, 0), 6);
    assert_int_equal(poll_after(schedule, &estimate, 100, 1e-3), 10);
    /* 1e-9 * (512 s)^1.5 / sqrt(3) is 6.7 us, at 1024 s 19 us. */
    assert_int_equal(poll_after(schedule, &estimate, 100, 10e-6), 9);
    /* Ahead an error of the frequency that goes with the offset's adds up. */
    estimate.var_freq = 1e-16;
    estimate.cov_offset_freq = 5e-14;
    assert_int_equal(poll_after(schedule, &estimate, 100, 10e-6), 8);
}

static void a_suspected_jump_is_looked_into_at_once(void **state)
{
    static const struct {
        bool private_path;
        double spacing_s;
    } rows[] = {{true, 1.0}, {false, 2.125}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(true);
        struct schedule schedule = settled(&options, rows[i].private_path);

        schedule.poll = 8;
        schedule_sent(&schedule, schedule.next, 0);
        double t0 = mono_diff_s(schedule.last, zero);
        schedule_suspect(&schedule, mono_add(schedule.last, (struct duration){1000}));
        schedule_suspect(&schedule, mono_add(schedule.last, (struct duration){1000}));
        struct history history = run(&schedule, t0 + 500, true);

        assert_true(history.count >= 4 && history.count <= 8);
        for (unsigned k = 0; k < 3; k++) {
            assert_true(history.at_s[k] - t0 < (k + 1) * rows[i].spacing_s + 1e-6);
            assert_true(history.at_s[k] - t0 > (k + 1) * rows[i].spacing_s - 1e-6);
        }
        assert_true(history.at_s[3] - history.at_s[2] >= 64);
        assert_int_equal(schedule.poll, 8);
    }
}

static void a_source_suspected_for_ever_costs_no_more_than_twice_the_requests(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);
    unsigned count = 0;

    (void)state;
    while (schedule.next.ns < 102000 * NS_PER_S) {
        struct mono_time now = schedule.next;

        schedule_sent(&schedule, now, 0);
        schedule_suspect(&schedule, now);
        count++;
    }
    assert_true(count <= 2 * 100000 / 64 + 8);
}

static void a_good_sample_ends_the_suspicion(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, true);

    (void)state;
    schedule_sent(&schedule, schedule.next, 0);
    schedule_suspect(&schedule, schedule.last);
    schedule_sent(&schedule, schedule.next, 0);
    schedule_good(&schedule);
    assert_int_equal(schedule.quick_left, 0);
    assert_true(schedule.next.ns - schedule.last.ns >= 32 * NS_PER_S);
}

static void a_burst_ends_with_enough_good_replies_or_requests(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, false);
    struct mono_time now = mono_add(schedule.last, (struct duration){10 * NS_PER_S});
    struct schedule other = schedule;

    (void)state;
    schedule_burst(&schedule, now, 2, 5);
    assert_true(schedule.next.ns == now.ns);
    struct history history = run(&schedule, mono_diff_s(now, zero) + 20, true);
    assert_int_equal(history.count, 5);
    assert_true(shortest_s(&history) >= 2);

    schedule_burst(&other, now, 2, 5);
    for (int i = 0; i < 2; i++) {
        schedule_sent(&other, other.next, 0);
        schedule_good(&other);
    }
    assert_int_equal(other.quick_left, 0);
    assert_true(other.next.ns - other.last.ns >= 32 * NS_PER_S);
}

static void the_burst_option_asks_again_as_far_as_minpoll_leaves_room(void **state)
{
    static const struct {
        int8_t poll;
        unsigned requests; /* for one poll, none being good */
    } rows[] = {{6, 1}, {7, 2}, {8, 4}, {10, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(true);
        struct schedule schedule = settled(&options, false);

        options.burst = true;
        schedule.poll = rows[i].poll;
        double from = mono_diff_s(schedule.next, zero);
        struct history history = run(&schedule, from + 30, true);
        assert_int_equal(history.count, rows[i].requests);
        assert_true(shortest_s(&history) >= 2);
    }
}

static void a_first_request_opens_the_path_from_the_configured_poll_on(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, false);

    (void)state;
    options.presend_minpoll = 7;
    assert_false(schedule_presends(&schedule));
    schedule.poll = 7;
    for (int i = 0; i < 3; i++) {
        struct mono_time now = schedule.next;

        assert_true(schedule_presends(&schedule));
        schedule_sent(&schedule, now, 0);
        assert_true(schedule.next.ns == now.ns + 2125000000);
        assert_false(schedule_presends(&schedule));
        schedule_sent(&schedule, schedule.next, 0);
        assert_true(schedule.next.ns - now.ns >= 64 * NS_PER_S);
    }
}

static void losses_make_it_faster_and_many_losses_slower(void **state)
{
    static const struct {
        int8_t poll;
        double few_s, many_s;
    } rows[] = {{9, 128, 512}, {6, 64, 256}, {10, 256, 1024}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(true);
        struct schedule schedule = settled(&options, false);
        struct mono_time last;

        schedule.poll = rows[i].poll;
        schedule.quarters = 0;
        schedule_sent(&schedule, schedule.next, 0);
        for (unsigned silent = 0; silent < 14; silent++) {
            double usual_s = silent >= 8   ? rows[i].many_s
                             : silent >= 3 ? rows[i].few_s
                                           : (double)(1 << rows[i].poll);

            last = schedule.next;
            schedule_sent(&schedule, last, silent);
            double waited_s = mono_diff_s(schedule.next, last);
            /* Where the grid is another one, the first step is up to half longer or shorter. */
            assert_true(waited_s >= usual_s / 2 && waited_s <= usual_s * 1.5);
        }
        /* A lossy path is asked no more often afterwards. */
        assert_int_equal(schedule.poll, rows[i].poll);
    }
}

static void rate_doubles_the_interval_for_good(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = start(&options, false);
    struct mono_time now = {3 * NS_PER_S};

    (void)state;
    run(&schedule, 3, true);
    schedule_rate_limited(&schedule, now);
    assert_true(schedule.next.ns == now.ns + 128 * NS_PER_S);
    struct history history = run(&schedule, 3000, true);
    assert_true(shortest_s(&history) >= 64);
    assert_true(history.count <= 3000 / 128 + 1);
    /* Nothing talks it out of that: */
    now = schedule.last;
    int64_t next = schedule.next.ns;
    schedule_suspect(&schedule, now);
    schedule_burst(&schedule, now, 4, 8);
    schedule_soon(&schedule, now);
    assert_true(schedule.next.ns == next);
    struct estimate estimate = estimate_with(100);
    assert_int_equal(poll_after(schedule, &estimate, 100, 0), 7);
    schedule_restart(&schedule, now, 0);
    assert_false(schedule.ramping);
    assert_int_equal(schedule.poll, 7);
    /* And maxpoll is no limit to it, but 2^17 s is. */
    for (int i = 0; i < 40; i++) {
        schedule_rate_limited(&schedule, now);
    }
    assert_int_equal(schedule.poll, SCHEDULE_POLL_MAX);
}

static void extreme_polls_stay_within_what_is_decent(void **state)
{
    static const struct {
        int8_t minpoll, maxpoll;
        bool private_path;
        double least_s, most_s; /* of settled intervals */
    } rows[] = {
        {-4, -4, true, 0.0624, 0.0626}, {0, 0, true, 0.99, 1.01},        {-6, 10, false, 1.0, 2.1},
        {1, 1, false, 1.0, 2.1},        {17, 17, false, 131000, 132000}, {10, 6, true, 1023, 1025},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(true);

        options.minpoll = rows[i].minpoll;
        options.maxpoll = rows[i].maxpoll;
        struct schedule schedule = start(&options, rows[i].private_path);
        while (schedule.ramping) {
            schedule_sent(&schedule, schedule.next, 0);
        }
        for (int k = 0; k < 5; k++) {
            schedule_sent(&schedule, schedule.next, 0);
        }
        double interval = mono_diff_s(schedule.next, schedule.last);
        assert_true(interval > rows[i].least_s && interval < rows[i].most_s);
    }
}

static void a_new_start_keeps_its_distance_from_the_last_request(void **state)
{
    static const struct {
        int8_t minpoll;
        bool private_path;
        int64_t spacing_ns;
    } rows[] = {{6, true, 1000000000}, {-2, true, 250000000}, {1, false, 2125000000}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source_options options = options_of(true);

        options.minpoll = rows[i].minpoll;
        struct schedule schedule = start(&options, rows[i].private_path);
        while (schedule.ramping) {
            schedule_sent(&schedule, schedule.next, 0);
        }
        struct mono_time now = mono_add(schedule.last, (struct duration){1000});
        schedule_restart(&schedule, now, 0);
        assert_true(schedule.next.ns == schedule.last.ns + rows[i].spacing_ns);
        assert_true(schedule.ramping);
        now.ns += 10 * NS_PER_S;
        schedule_restart(&schedule, now, 0);
        assert_true(schedule.next.ns == now.ns);
    }
}

static void what_interrupts_an_opening_request_opens_the_path_anew(void **state)
{
    struct source_options options = options_of(true);
    struct schedule schedule = settled(&options, false);

    (void)state;
    options.presend_minpoll = 6;
    schedule_sent(&schedule, schedule.next, 0);
    assert_false(schedule_presends(&schedule));
    schedule_rate_limited(&schedule, schedule.last);
    assert_true(schedule_presends(&schedule));
    schedule_sent(&schedule, schedule.next, 0);
    schedule_restart(&schedule, schedule.last, 0);
    schedule.ramping = false;
    assert_true(schedule_presends(&schedule));
}

static void the_start_and_bursts_are_left_alone(void **state)
{
    struct source_options options = options_of(true);
    struct schedule ramping = start(&options, true), quick = settled(&options, true);
    struct estimate estimate = estimate_with(0.01);

    (void)state;
    schedule_sent(&ramping, ramping.next, 0);
    assert_int_equal(poll_after(ramping, &estimate, 100, 0), 6);
    int64_t next = ramping.next.ns;
    schedule_suspect(&ramping, ramping.last);
    schedule_burst(&ramping, ramping.last, 4, 8);
    assert_true(ramping.next.ns == next && ramping.quick_left == 0);

    schedule_burst(&quick, quick.last, 4, 8);
    assert_int_equal(poll_after(quick, &estimate, 100, 0), 6);
    schedule_suspect(&quick, quick.last);
    assert_int_equal(quick.quick_left, 8);
    /* Asking for no requests is no burst. */
    struct schedule idle = settled(&options, true);
    next = idle.next.ns;
    schedule_burst(&idle, idle.last, 4, 0);
    assert_true(idle.next.ns == next);
}

static void a_limit_shortens_the_interval_as_far_as_minpoll_allows(void **state)
{
    struct source_options options = options_of(false);
    struct schedule schedule = start(&options, true);

    (void)state;
    schedule.poll = 10;
    schedule_limit(&schedule, 300);
    assert_int_equal(schedule.poll, 8);
    schedule_limit(&schedule, 10);
    assert_int_equal(schedule.poll, 6);
    schedule_limit(&schedule, 0);
    assert_int_equal(schedule.poll, 6);
    schedule.poll = 10;
    schedule_limit(&schedule, 5000);
    assert_int_equal(schedule.poll, 10);
}

static void a_reload_applies_new_limits_at_once(void **state)
{
    struct source_options options = options_of(true), other = options_of(true);
    struct schedule schedule = settled(&options, false);

    (void)state;
    schedule.poll = 10;
    other.maxpoll = 8;
    schedule_options(&schedule, &other);
    assert_int_equal(schedule.poll, 8);
    other.minpoll = 9;
    schedule_options(&schedule, &other);
    assert_int_equal(schedule.poll, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_keeps_to_its_budget),
        cmocka_unit_test(after_its_burst_a_public_server_sees_one_request_in_8_seconds),
        cmocka_unit_test(a_public_server_that_is_silent_from_the_start_is_asked_less),
        cmocka_unit_test(a_fleet_that_starts_at_once_is_spread_out),
        cmocka_unit_test(settled_sources_share_one_grid),
        cmocka_unit_test(the_grid_holds_before_its_phase),
        cmocka_unit_test(the_interval_follows_the_uncertainty),
        cmocka_unit_test(one_good_or_bad_sample_does_not_change_the_interval),
        cmocka_unit_test(a_doubtful_frequency_makes_the_next_requests_come_sooner),
        cmocka_unit_test(with_an_accuracy_target_nothing_is_hurried_that_it_allows),
        cmocka_unit_test(intervals_between_powers_of_two_keep_to_the_grid),
        cmocka_unit_test(a_higher_polltarget_makes_the_interval_grow_later),
        cmocka_unit_test(an_uncertain_frequency_keeps_the_interval_short),
        cmocka_unit_test(an_accuracy_target_saves_requests),
        cmocka_unit_test(a_suspected_jump_is_looked_into_at_once),
        cmocka_unit_test(a_source_suspected_for_ever_costs_no_more_than_twice_the_requests),
        cmocka_unit_test(a_good_sample_ends_the_suspicion),
        cmocka_unit_test(a_burst_ends_with_enough_good_replies_or_requests),
        cmocka_unit_test(the_burst_option_asks_again_as_far_as_minpoll_leaves_room),
        cmocka_unit_test(a_first_request_opens_the_path_from_the_configured_poll_on),
        cmocka_unit_test(losses_make_it_faster_and_many_losses_slower),
        cmocka_unit_test(rate_doubles_the_interval_for_good),
        cmocka_unit_test(extreme_polls_stay_within_what_is_decent),
        cmocka_unit_test(a_new_start_keeps_its_distance_from_the_last_request),
        cmocka_unit_test(what_interrupts_an_opening_request_opens_the_path_anew),
        cmocka_unit_test(the_start_and_bursts_are_left_alone),
        cmocka_unit_test(a_limit_shortens_the_interval_as_far_as_minpoll_allows),
        cmocka_unit_test(a_reload_applies_new_limits_at_once),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
