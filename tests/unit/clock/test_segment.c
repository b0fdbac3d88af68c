/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/segment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EPOCH INT64_C(1790000000000000000)

static struct segment piece(int64_t from, int64_t real, double rate, enum segment_kind kind)
{
    return (struct segment){.from = {from},
                            .real = {real, 0},
                            .rate_s_per_s = rate,
                            .earliest = {from},
                            .latest = {from},
                            .kind = kind};
}

static void real_and_raw_are_inverse_to_the_ns(void **state)
{
    static const double rates[] = {0, 1e-12, 50e-6, -50e-6, 0.083333, -0.083333};
    static const int64_t elapsed[] = {0, 1, -1, 999999999, 86400 * NS_PER_S, -3 * NS_PER_S};

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (size_t k = 0; k < sizeof elapsed / sizeof *elapsed; k++) {
            struct segment segment = piece(5, EPOCH, rates[i], SEGMENT_START);
            struct mono_time raw = {5 + elapsed[k]};
            struct fine_time real = segment_real(&segment, raw);

            assert_int_equal(segment_raw(&segment, real).ns, raw.ns);
            assert_true(real.fraction_ns >= 0 && real.fraction_ns < 1);
        }
    }
}

static void fine_times_keep_fractions_below_one(void **state)
{
    struct fine_time t = {10, 0.75};

    (void)state;
    assert_int_equal(fine_add(t, 0.5).ns, 11);
    assert_true(fine_add(t, 0.5).fraction_ns == 0.25);
    assert_int_equal(fine_add(t, -1).ns, 9);
    assert_int_equal(fine_add((struct fine_time){10, 0}, -1e-20).ns, 10);
    assert_true(fine_add((struct fine_time){10, 0}, -1e-20).fraction_ns == 0);
    assert_true(fine_sub_ns(t, (struct fine_time){9, 0.25}) == 1.5);
}

/* START at 0; at 1000 a rate; a step of +500 (or -500) at 2000, made between 1990 and 2010. */
static void three_pieces(struct segments *segments, int64_t by)
{
    struct segment first = piece(0, EPOCH, 0, SEGMENT_START);
    struct segment rate = piece(1000, EPOCH + 1000, 0, SEGMENT_RATE);
    struct segment step = piece(2000, EPOCH + 2000 + by, 0, SEGMENT_STEP);

    step.earliest.ns = 1990;
    step.latest.ns = 2010;
    segments_start(segments, &first);
    segments_append(segments, &rate);
    segments_append(segments, &step);
}

static void a_stamp_is_found_where_the_clock_showed_it(void **state)
{
    static const struct {
        int64_t by, shown;
        enum candidate_count found;
        int64_t raw;
    } rows[] = {
        {500, 0, CANDIDATE_ONE, 0},   /* the very first instant */
        {500, -1, CANDIDATE_NONE, 0}, /* before anything is known */
        {500, 999, CANDIDATE_ONE, 999},     {500, 1000, CANDIDATE_ONE, 1000},
        {500, 1001, CANDIDATE_ONE, 1001},   {500, 1989, CANDIDATE_ONE, 1989},
        {500, 1990, CANDIDATE_SEVERAL, 0}, /* while the step was made */
        {500, 2010, CANDIDATE_SEVERAL, 0},  {500, 2100, CANDIDATE_NONE, 0}, /* never shown */
        {500, 2495, CANDIDATE_SEVERAL, 0}, /* 1995, stepped already? */
        {500, 2511, CANDIDATE_ONE, 2011},   {500, 3500, CANDIDATE_ONE, 3000},
        {500, 3501, CANDIDATE_NONE, 0}, /* after the last instant asked for */
        {-500, 1400, CANDIDATE_ONE, 1400},  {-500, 1600, CANDIDATE_SEVERAL, 0}, /* shown twice */
        {-500, 1989, CANDIDATE_SEVERAL, 0}, {-500, 2011, CANDIDATE_ONE, 2511},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segments segments;
        struct mono_time raw = {-1};

        three_pieces(&segments, rows[i].by);
        assert_int_equal(segments_find(&segments, (struct utc_time){EPOCH + rows[i].shown},
                                       (struct mono_time){-5000}, (struct mono_time){3000}, &raw),
                         rows[i].found);
        if (rows[i].found == CANDIDATE_ONE) {
            assert_int_equal(raw.ns, rows[i].raw);
        }
    }
}

static void each_stamp_over_a_change_of_rate_is_found_exactly_once(void **state)
{
    struct segment first = piece(0, EPOCH, 0.05, SEGMENT_START);
    struct segments segments;
    int64_t before = -1;

    (void)state;
    segments_start(&segments, &first);
    for (int64_t i = 1; i < 20; i++) {
        struct segment next = piece(i * 37, 0, i % 2 ? -0.07 : 0.09, SEGMENT_RATE);

        next.real = segment_real(segments_newest(&segments), next.from);
        segments_append(&segments, &next);
    }
    for (int64_t shown = 0; shown < 720; shown++) {
        struct mono_time raw;

        assert_int_equal(segments_find(&segments, (struct utc_time){EPOCH + shown},
                                       (struct mono_time){0}, (struct mono_time){1000}, &raw),
                         CANDIDATE_ONE);
        assert_true(raw.ns >= before && raw.ns <= before + 2);
        before = raw.ns;
    }
}

static void the_oldest_piece_makes_room_for_the_newest(void **state)
{
    struct segment first = piece(0, EPOCH, 0, SEGMENT_START);
    struct segments segments;
    struct mono_time raw;

    (void)state;
    segments_start(&segments, &first);
    for (int64_t i = 1; i <= 100; i++) {
        struct segment next = piece(i * 100, EPOCH + i * 100, 0, SEGMENT_RATE);

        segments_append(&segments, &next);
    }
    assert_int_equal(segments.count, SEGMENTS_MAX);
    assert_int_equal(segments_at(&segments, 0)->from.ns, 3700);
    assert_int_equal(segments_newest(&segments)->from.ns, 10000);
    assert_int_equal(segments_in_force(&segments, (struct mono_time){5050})->from.ns, 5000);
    assert_int_equal(segments_in_force(&segments, (struct mono_time){50})->from.ns, 3700);
    assert_int_equal(segments_find(&segments, (struct utc_time){EPOCH + 3699},
                                   (struct mono_time){0}, (struct mono_time){11000}, &raw),
                     CANDIDATE_NONE);
}

static void changes_at_the_same_instant_merge_and_a_step_is_not_forgotten(void **state)
{
    struct segment rate = piece(2000, EPOCH + 2500, 0.01, SEGMENT_RATE);
    struct segments segments;
    struct mono_time raw;

    (void)state;
    three_pieces(&segments, 500);
    segments_append(&segments, &rate);
    assert_int_equal(segments.count, 3);
    assert_true(segments_newest(&segments)->rate_s_per_s == 0.01);
    assert_int_equal(segments_newest(&segments)->kind, SEGMENT_STEP);
    assert_int_equal(segments_find(&segments, (struct utc_time){EPOCH + 1995},
                                   (struct mono_time){0}, (struct mono_time){3000}, &raw),
                     CANDIDATE_SEVERAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_and_raw_are_inverse_to_the_ns),
        cmocka_unit_test(fine_times_keep_fractions_below_one),
        cmocka_unit_test(a_stamp_is_found_where_the_clock_showed_it),
        cmocka_unit_test(each_stamp_over_a_change_of_rate_is_found_exactly_once),
        cmocka_unit_test(the_oldest_piece_makes_room_for_the_newest),
        cmocka_unit_test(changes_at_the_same_instant_merge_and_a_step_is_not_forgotten),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
