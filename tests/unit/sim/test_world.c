/* SPDX-License-Identifier: BSD-2-Clause */
/* test_world.c - the world drives a program as a daemon does, replays, and catches every crime. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_node.h"
#include "sim/traffic.h"
#include "sim/world.h"

#define EPOCH_NS (INT64_C(1780000000) * NS_PER_S)

struct plan {
    uint64_t seed;
    enum crime crime;
    double duration_s;
    bool public;
    struct computer_options computer;
    struct route_options path;
    const char *name; /* of the only source; NULL: its address */
};

static struct plan plan_of(uint64_t seed)
{
    return (struct plan){
        .seed = seed,
        .duration_s = 1000,
        .computer = computer_options_default(),
        .path = {.base_s = 0.005, .jitter_s = 0.001},
    };
}

/* One fake node and one honest server. */
static struct world *build(const struct plan *plan)
{
    const struct world_setup setup = {
        .limits = {.nodes = 1, .hosts = 2, .sources = 4, .names = 2},
        .machine = &fake_machine,
        .seed = plan->seed,
        .utc = {.epoch = {EPOCH_NS}},
        .duration_s = plan->duration_s,
        .judged_from_s = plan->duration_s / 2,
    };
    struct world *world = world_init(malloc(world_size(&setup)), &setup);
    struct address address;
    struct server_options honest = server_options_honest();
    const struct node_plan node = {
        .computer = plan->computer,
        .options = {.max_slew_s_per_s = 0.08,
                    .max_drift_s_per_s = 500e-6,
                    .min_sources = (int)plan->crime},
    };

    assert_true(address_parse(&address, plan->public ? "198.51.100.7" : "10.0.0.7"));
    world_add_node(world, &node);
    world_add_server(world, &address, &honest, &plan->path);
    struct source_options *source = world_add_source(world, 0);
    if (plan->name) {
        memcpy(source->name, plan->name, strlen(plan->name) + 1);
    } else {
        source->literal = address;
    }
    return world;
}

static const struct fake_node *fake_of(const struct world *world)
{
    return world->nodes[0].program;
}

static void a_world_replays_from_its_seed(void **state)
{
    (void)state;
    uint64_t digests[3];
    const uint64_t seeds[3] = {5, 5, 6};

    for (int i = 0; i < 3; i++) {
        struct plan plan = plan_of(seeds[i]);
        struct world *world = build(&plan);
        world_run(world);
        digests[i] = world->digest;
        free(world);
    }
    assert_true(digests[0] == digests[1]);
    assert_true(digests[0] != digests[2]);
}

static void a_program_that_behaves_is_found_without_fault(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct plan plan = plan_of(seed);
        plan.computer.error_s = 0.5;
        plan.computer.oscillator.rate_s_per_s = 50e-6;
        struct world *world = build(&plan);
        world_run(world);
        const struct figures *figures = &world->nodes[0].figures;
        assert_false(check_failed(&world->nodes[0].check));
        assert_int_equal(figures->steps, 1);
        assert_true(figures->locked.ns > 0 && true_time_to_s(figures->locked) < 1);
        assert_true(figures->clock_max_s < 3e-3);
        assert_true(figures->synchronised == figures->judged && figures->judged >= 499);
        free(world);
    }
}

static void every_crime_is_caught_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        enum crime crime;
        enum invariant invariant;
    } rows[] = {
        {CRIME_NARROW_BOUND, INVARIANT_BOUND},    {CRIME_OLD_GENERATION, INVARIANT_LINE},
        {CRIME_CONTRADICTION, INVARIANT_OVERLAP}, {CRIME_HIGH_RATE, INVARIANT_RATE},
        {CRIME_LATE_STEP, INVARIANT_STEP},        {CRIME_FLOOD, INVARIANT_FLOOD},
        {CRIME_LIVELOCK, INVARIANT_LIVELOCK},     {CRIME_RECURSION, INVARIANT_RECURSION},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan plan = plan_of(1);
        plan.crime = rows[i].crime;
        plan.public = true;
        struct world *world = build(&plan);
        world_run(world);
        assert_true(world->nodes[0].check.counts[rows[i].invariant] > 0);
        free(world);
    }
}

static void a_private_server_may_be_asked_more_often(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.crime = CRIME_FLOOD;
    struct world *world = build(&plan);

    world_run(world);
    assert_int_equal(world->nodes[0].check.counts[INVARIANT_FLOOD], 0);
    free(world);
}

static void an_adjustment_is_reported_before_anything_else(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.duration_s = 15;
    struct world *world = build(&plan);

    world_run(world);
    const struct fake_node *fake = fake_of(world);
    const enum event_kind expected[] = {EVENT_TIMER, EVENT_TX_STAMP, EVENT_TX_STAMP, EVENT_DATAGRAM,
                                        EVENT_CLOCK_ADJUSTED};
    assert_int_equal(fake->event_count, sizeof expected / sizeof *expected);
    assert_memory_equal(fake->events, expected, sizeof expected);
    assert_int_equal(fake->asked[0].stamps, 2);
    assert_int_equal(fake->asked[0].sent.stamp_class, STAMP_KERNEL);
    assert_int_equal(fake->adjusted.kind, ADJUST_RATE);
    assert_true(fake->adjusted.after.ns > fake->adjusted.before.ns);
    assert_true(mono_diff_s(fake->adjusted.after, fake->adjusted.before) < 1e-4);
    free(world);
}

static void a_clock_that_may_not_be_touched_stays_as_it_is(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.computer.backend = BACKEND_NONE;
    plan.computer.error_s = 0.05;
    struct world *world = build(&plan);

    world_run(world);
    assert_int_equal(fake_of(world)->adjusted.error, ERR_DENIED);
    assert_true(fabs(world_clock_error_s(world, 0) - 0.06) < 1e-3); /* 10 ppm in 1000 s */
    assert_true(fabs(world_line_error_s(world, 0)) < 2e-3);
    free(world);
}

static void a_virtual_clock_leaves_the_kernel_alone(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.computer.backend = BACKEND_VIRTUAL;
    plan.computer.error_s = 0.3;
    struct world *world = build(&plan);

    world_step(world);
    while (fake_of(world)->asked[0].stamps < 2) {
        assert_true(world_step(world));
    }
    assert_int_equal(fake_of(world)->asked[0].sent.clock, STAMP_CLOCK_RAW);
    computer_step(&world->nodes[0].computer, duration_from_s(-0.3));
    assert_true(fabs(world_clock_error_s(world, 0)) < 1e-4);
    assert_true(kernel_clock_rate(&world->nodes[0].computer.kernel).s_per_s == 0);
    free(world);
}

static struct clock_reading reading_after(struct world *world, double s)
{
    world->nodes[0].computer.now = true_time_max(world->nodes[0].computer.now, world->now);
    computer_advance(&world->nodes[0].computer, true_time_from_s(s));
    return computer_reading(&world->nodes[0].computer);
}

static void three_kinds_of_disturbance_look_different(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.path.down = true;
    struct world *world = build(&plan);
    struct clock_reading before = reading_after(world, 10);

    world_pause(world, 0, 5, 0);
    struct clock_reading paused = reading_after(world, 16);
    assert_true(fabs(mono_diff_s(paused.raw, before.raw) - 1) < 1e-3);
    assert_true(fabs(utc_diff_s(paused.real, before.real) - 1) < 1e-3);
    assert_true(llabs((paused.boot.ns - paused.mono.ns) - (before.boot.ns - before.mono.ns)) <
                1000);
    world_suspend(world, 0, 100, 0);
    struct clock_reading slept = reading_after(world, 117);
    assert_true(fabs(mono_diff_s(slept.raw, paused.raw) - 1) < 1e-2);
    assert_true(fabs(utc_diff_s(slept.real, paused.real) - 101) < 1e-2);
    assert_true(fabs((double)(slept.boot.ns - slept.mono.ns) * 1e-9 - 100) < 1e-2);
    world_disturb(world, 0, 7);
    struct clock_reading stepped = reading_after(world, 118);
    assert_true(fabs(utc_diff_s(stepped.real, slept.real) - 8) < 1e-2);
    assert_true(llabs((stepped.boot.ns - stepped.mono.ns) - (slept.boot.ns - slept.mono.ns)) <
                1000);
    free(world);
}

static void who_sleeps_is_woken_when_somebody_steps_the_clock(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.path.down = true;
    struct world *world = build(&plan);

    while (world->now.ns < 20 * NS_PER_S) {
        world_step(world);
    }
    unsigned events = fake_of(world)->event_count;
    world_disturb(world, 0, 7);
    world_step(world);
    assert_int_equal(fake_of(world)->event_count, events + 1);
    assert_true(fabs(utc_diff_s(fake_of(world)->last.real, world->utc.epoch) - 27) < 1.1);
    free(world);
}

static void a_socket_that_was_renewed_gets_no_old_answer(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.path.base_s = 0.4;
    struct world *world = build(&plan);

    while (world->now.ns < NS_PER_S / 10) {
        world_step(world);
    }
    world->nodes[0].sockets[0].number++;
    while (world->now.ns < 15 * NS_PER_S) {
        world_step(world);
    }
    assert_int_equal(fake_of(world)->answers + fake_of(world)->refused, 0);
    free(world);
}

static void names_are_answered_and_nobody_has_an_unknown_address(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.name = "time.example";
    plan.duration_s = 100;
    struct world *world = build(&plan);
    struct dns_record *record = dns_add(&world->dns, "time.example", true_time_from_s(50));

    record->count = 1;
    assert_true(address_parse(&record->addresses[0], "192.0.2.1"));
    while (world->now.ns < 40 * NS_PER_S) {
        world_step(world);
    }
    assert_int_equal(fake_of(world)->resolution.result, RESOLVE_NO_NAME);
    world_run(world);
    assert_int_equal(fake_of(world)->resolution.result, RESOLVE_OK);
    assert_int_equal(fake_of(world)->resolution.count, 1);
    assert_int_equal(world_find_host(world, &record->addresses[0]), HOST_NONE);
    free(world);
}

static void restart_now(struct world *world, int argument)
{
    (void)argument;
    world_restart(world, 0, 30);
}

static void a_restarted_program_gets_what_it_saved(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    struct world *world = build(&plan);

    world_at(world, 100, restart_now, 0);
    world_run(world);
    const struct fake_node *fake = fake_of(world);
    assert_true(true_time_to_s(world->nodes[0].started) >= 130);
    assert_true(fake->saved.have_freq);
    assert_true(true_time_to_s(world->nodes[0].figures.locked) > 130);
    assert_true(fake->polls <= 56);
    free(world);
}

static void a_stranger_can_put_datagrams_into_a_socket(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    plan.path.down = true;
    struct world *world = build(&plan);
    uint8_t bytes[NTP_HEADER_SIZE] = {0x24, 1};

    while (world->now.ns < 5 * NS_PER_S) {
        world_step(world);
    }
    traffic_forge(world, &(struct forgery){.bytes = bytes, .size = sizeof bytes});
    world_step(world);
    assert_int_equal(fake_of(world)->refused, 1);
    free(world);
}

static void commands_are_answered_with_their_ticket(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    struct world *world = build(&plan);

    while (world->now.ns < 5 * NS_PER_S) {
        world_step(world);
    }
    world_command(world, 0, CONTROL_BURST, "10.0.0.7");
    assert_int_equal(world->nodes[0].answers, 1);
    assert_true(world->nodes[0].answer.ticket == (uint64_t)world->now.ns);
    free(world);
}

static void too_much_under_way_is_a_fault_and_no_crash(void **state)
{
    (void)state;
    struct plan plan = plan_of(1);
    struct world *world = build(&plan);

    world_step(world);
    while (world_post(world, 0, true_time_from_s(1e6))) {
    }
    assert_true(world->nodes[0].check.counts[INVARIANT_OVERFLOW] > 0);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_world_replays_from_its_seed),
        cmocka_unit_test(a_program_that_behaves_is_found_without_fault),
        cmocka_unit_test(every_crime_is_caught_as_what_it_is),
        cmocka_unit_test(a_private_server_may_be_asked_more_often),
        cmocka_unit_test(an_adjustment_is_reported_before_anything_else),
        cmocka_unit_test(a_clock_that_may_not_be_touched_stays_as_it_is),
        cmocka_unit_test(a_virtual_clock_leaves_the_kernel_alone),
        cmocka_unit_test(three_kinds_of_disturbance_look_different),
        cmocka_unit_test(who_sleeps_is_woken_when_somebody_steps_the_clock),
        cmocka_unit_test(a_socket_that_was_renewed_gets_no_old_answer),
        cmocka_unit_test(names_are_answered_and_nobody_has_an_unknown_address),
        cmocka_unit_test(a_restarted_program_gets_what_it_saved),
        cmocka_unit_test(a_stranger_can_put_datagrams_into_a_socket),
        cmocka_unit_test(commands_are_answered_with_their_ticket),
        cmocka_unit_test(too_much_under_way_is_a_fault_and_no_crash),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
