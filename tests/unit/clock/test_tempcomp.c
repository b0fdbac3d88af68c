/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/tempcomp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"
#include "support/prng.h"

static const double interval_s = 30;

/* A room whose oscillator follows one of two sensors. */
struct room {
    struct tempcomp tempcomp;
    struct tempcomp_options options;
    struct prng prng;
    double slope;        /* frequency that is to be added, by degree */
    double walk_s_per_s; /* random walk of the frequency, a step */
    double freq, utc_s;  /* of the uncorrected clock; UTC - the corrected one */
    double sd_s;
    bool synchronised;
    uint32_t events;
    unsigned steps;
};

static void room_begin(struct room *room, double slope)
{
    *room =
        (struct room){.slope = slope, .sd_s = 2e-6, .synchronised = true, .walk_s_per_s = 2e-10};
    room->options.kind = TEMPCOMP_AUTO;
    room->options.interval_s = interval_s;
    room->prng.state = 7;
    tempcomp_init(&room->tempcomp);
}

/* Slow swings that never repeat exactly: two triangles. */
static double air(const struct room *room)
{
    double t = room->steps * interval_s;

    return 25 + 5 * fabs(fmod(t / 40000, 2) - 1) + 2 * fabs(fmod(t / 9000, 2) - 1);
}

static void room_step(struct room *room)
{
    double value[2] = {floor(60 + 10 * prng_unit(&room->prng)),
                       floor(2 * (air(room) + 0.2 * prng_unit(&room->prng))) / 2};
    struct tempcomp_input input = {
        .now = {(int64_t)((room->steps + 1) * interval_s * 1e9)},
        .value = value,
        .count = 2,
        .synchronised = room->synchronised,
        .utc_minus_raw_ns = (int64_t)(room->utc_s * 1e9),
        .sd_s = room->sd_s,
        .poll_s = 64,
        .events = room->events,
    };

    tempcomp_take(&room->tempcomp, &room->options, &input);
    room->freq += room->walk_s_per_s * (prng_unit(&room->prng) - 0.5);
    room->steps++;
    room->utc_s +=
        (room->freq + room->slope * (air(room) - 25) - room->tempcomp.comp_s_per_s) * interval_s;
}

static void run(struct room *room, double hours)
{
    for (unsigned i = 0; i < hours * 3600 / interval_s; i++) {
        room_step(room);
    }
}

static struct tempcomp_input reading(const double *value, unsigned count)
{
    return (struct tempcomp_input){.now = {NS_PER_S}, .value = value, .count = count};
}

static void a_formula_is_computed_as_chrony_does(void **state)
{
    struct tempcomp_options options = {
        .kind = TEMPCOMP_FORMULA, .reference = 26000, .k0 = 1e-6, .k1 = 0.000183e-6, .k2 = 1e-14};
    struct tempcomp tempcomp;
    double value[] = {28000, (double)NAN};
    struct tempcomp_input input = reading(value, 1);

    (void)state;
    tempcomp_init(&tempcomp);
    tempcomp_take(&tempcomp, &options, &input);
    assert_near(tempcomp.comp_s_per_s, 1e-6 + 2000 * 0.000183e-6 + 2000 * 2000 * 1e-14, 1e-18);
    assert_near(tempcomp.temperature, 28000, 0);
}

static void what_is_out_of_range_is_not_believed(void **state)
{
    struct tempcomp_options options = {.kind = TEMPCOMP_FORMULA, .k1 = 1e-6};
    struct tempcomp tempcomp;
    double value[] = {3};
    struct tempcomp_input input = reading(value, 1);

    (void)state;
    tempcomp_init(&tempcomp);
    tempcomp_take(&tempcomp, &options, &input);
    assert_false(tempcomp.out_of_range);
    value[0] = 11;
    tempcomp_take(&tempcomp, &options, &input);
    assert_true(tempcomp.out_of_range);
    assert_near(tempcomp.comp_s_per_s, 3e-6, 0);
    value[0] = (double)NAN; /* could not be read: the last one stays */
    tempcomp_take(&tempcomp, &options, &input);
    assert_near(tempcomp.comp_s_per_s, 3e-6, 0);
    value[0] = 4;
    tempcomp_take(&tempcomp, &options, &input);
    assert_false(tempcomp.out_of_range);
    assert_near(tempcomp.comp_s_per_s, 4e-6, 0);
}

static void a_table_is_read_between_and_beyond_its_points(void **state)
{
    static const struct {
        double temperature, comp;
    } rows[] = {{0, -0.5e-6}, {10, 0}, {15, 0.25e-6}, {20, 0.5e-6}, {25, 2e-6}, {40, 6.5e-6}};
    struct tempcomp_options options = {
        .kind = TEMPCOMP_POINTS, .point_count = 3, .points = {{10, 0}, {20, 0.5e-6}, {30, 3.5e-6}}};
    struct tempcomp tempcomp;

    (void)state;
    tempcomp_init(&tempcomp);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tempcomp_input input = reading(&rows[i].temperature, 1);

        tempcomp_take(&tempcomp, &options, &input);
        assert_near(tempcomp.comp_s_per_s, rows[i].comp, 1e-18);
    }
}

static void the_slope_is_learnt_from_the_sensor_that_tells_something(void **state)
{
    struct room room;
    double before, after;

    (void)state;
    room_begin(&room, -0.1e-6);
    run(&room, 24);
    assert_int_equal(room.tempcomp.chosen / TEMPCOMP_SPEEDS, 1);
    assert_near(room.tempcomp.slope_s_per_s, -0.1e-6, 0.01e-6);
    assert_true(room.tempcomp.explained > 0.8);
    /* From now on what is left of the swings is a tenth of them. */
    before = room.tempcomp.comp_s_per_s + 0.1e-6 * air(&room);
    run(&room, 24);
    after = room.tempcomp.comp_s_per_s + 0.1e-6 * air(&room);
    assert_near(after, before, 0.07e-6);
}

static void a_clock_that_does_not_care_is_left_alone(void **state)
{
    struct room room;

    (void)state;
    room_begin(&room, 0);
    for (int i = 0; i < 96; i++) {
        run(&room, 1);
        assert_int_equal(room.tempcomp.chosen, -1);
    }
    assert_near(room.tempcomp.comp_s_per_s, 0, 0);
}

static void it_goes_on_while_no_source_is_there(void **state)
{
    struct room room;
    double was;

    (void)state;
    room_begin(&room, -0.1e-6);
    run(&room, 24);
    room.synchronised = false;
    room.utc_s = 0;
    was = room.tempcomp.comp_s_per_s + 0.1e-6 * air(&room);
    run(&room, 12);
    assert_int_equal(room.tempcomp.chosen / TEMPCOMP_SPEEDS, 1);
    assert_near(room.tempcomp.comp_s_per_s + 0.1e-6 * air(&room), was, 0.06e-6);
}

static void a_jump_of_utc_is_no_change_of_frequency(void **state)
{
    struct room room;
    double slope;

    (void)state;
    room_begin(&room, -0.1e-6);
    run(&room, 24);
    slope = room.tempcomp.slope_s_per_s;
    room.utc_s += 0.004; /* the machine was paused: 13 ppm over a stretch */
    room.events++;
    run(&room, 2);
    assert_near(room.tempcomp.slope_s_per_s, slope, 0.01e-6);
}

static void a_sensor_that_comes_back_makes_no_jump(void **state)
{
    struct room room;
    double comp, none[2] = {(double)NAN, (double)NAN};
    struct tempcomp_input input = {.value = none, .count = 2, .synchronised = true, .sd_s = 1e-6};

    (void)state;
    room_begin(&room, -0.1e-6);
    run(&room, 24);
    comp = room.tempcomp.comp_s_per_s;
    input.now.ns = room.tempcomp.last.ns + (int64_t)(interval_s * 1e9);
    input.utc_minus_raw_ns = (int64_t)(room.utc_s * 1e9);
    tempcomp_take(&room.tempcomp, &room.options, &input);
    assert_near(room.tempcomp.comp_s_per_s, comp, 0);
    room.steps += 400; /* it is much warmer when the sensor is back */
    room_step(&room);
    assert_near(room.tempcomp.comp_s_per_s, comp, 1e-9);
}

static void what_was_learnt_before_a_restart_is_used_at_once(void **state)
{
    struct tempcomp_learnt learnt;
    struct room before, room;

    (void)state;
    room_begin(&before, -0.1e-6);
    assert_false(tempcomp_keep(&before.tempcomp, &learnt));
    run(&before, 24);
    assert_true(tempcomp_keep(&before.tempcomp, &learnt));

    room_begin(&room, -0.1e-6);
    tempcomp_recall(&room.tempcomp, &learnt);
    room_step(&room);
    assert_int_equal(room.tempcomp.chosen, before.tempcomp.chosen);
    assert_near(room.tempcomp.slope_s_per_s, before.tempcomp.slope_s_per_s, 1e-12);
    assert_near(room.tempcomp.comp_s_per_s, 0, 1e-12);
    double at = air(&room);
    run(&room, 4);
    assert_near(room.tempcomp.comp_s_per_s, -0.1e-6 * (air(&room) - at), 0.07e-6);
    assert_true(fabs(air(&room) - at) > 1);
}

static void what_no_longer_holds_is_given_up_soon(void **state)
{
    struct tempcomp_learnt learnt;
    struct room before, room;

    (void)state;
    room_begin(&before, -0.1e-6);
    run(&before, 24);
    tempcomp_keep(&before.tempcomp, &learnt);
    /* Another oscillator, which does not care. */
    room_begin(&room, 0);
    tempcomp_recall(&room.tempcomp, &learnt);
    room_step(&room);
    assert_true(room.tempcomp.chosen >= 0);
    /* A restart of which nothing was learnt leaves the file as it was. */
    assert_false(tempcomp_keep(&room.tempcomp, &learnt));
    run(&room, 72);
    assert_true(fabs(room.tempcomp.slope_s_per_s) < 0.05e-6);
    assert_true(tempcomp_keep(&room.tempcomp, &learnt));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_formula_is_computed_as_chrony_does),
        cmocka_unit_test(what_is_out_of_range_is_not_believed),
        cmocka_unit_test(a_table_is_read_between_and_beyond_its_points),
        cmocka_unit_test(the_slope_is_learnt_from_the_sensor_that_tells_something),
        cmocka_unit_test(a_clock_that_does_not_care_is_left_alone),
        cmocka_unit_test(it_goes_on_while_no_source_is_there),
        cmocka_unit_test(a_jump_of_utc_is_no_change_of_frequency),
        cmocka_unit_test(a_sensor_that_comes_back_makes_no_jump),
        cmocka_unit_test(what_was_learnt_before_a_restart_is_used_at_once),
        cmocka_unit_test(what_no_longer_holds_is_given_up_soon),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
