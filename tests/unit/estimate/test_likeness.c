/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/likeness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/prng.h"

enum { SAMPLES = 2000 };

/* Samples whose moves and places remember the last one so well. */
static struct likeness_found after(double moves, double places, double lean, uint64_t seed)
{
    struct likeness likeness = {0};
    struct prng prng = {seed};
    double move = 0, place = 0;

    for (int i = 0; i < SAMPLES; i++) {
        move = moves * move + sqrt(1 - moves * moves) * prng_normal(&prng);
        place = places * place + sqrt(1 - places * places) * 0.3 * prng_normal(&prng);
        likeness_add(&likeness, move, lean + place);
    }
    return likeness_find(&likeness);
}

static void independent_samples_are_not_alike(void **state)
{
    unsigned taken = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct likeness_found found = after(0, 0, 0, seed);

        taken += found.moves > 1 || found.places > 1;
        assert_true(found.moves < 1.7 && found.places < 1.7);
    }
    assert_true(taken <= 4);
}

static void what_repeats_itself_counts_less(void **state)
{
    static const struct {
        double correlation, least, most;
    } rows[] = {{0.3, 1.5, 2.4}, {0.6, 3, 5.5}, {0.9, 12, 32}, {0.999, 35, 39.1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct likeness_found moves = after(rows[i].correlation, 0, 0, 7);
        struct likeness_found places = after(0, rows[i].correlation, 0, 8);

        assert_true(moves.moves > rows[i].least && moves.moves < rows[i].most);
        assert_true(places.places > rows[i].least && places.places < rows[i].most);
        assert_float_equal(moves.places, 1, 0);
        assert_float_equal(places.moves, 1, 0);
    }
}

static void a_lean_is_no_likeness(void **state)
{
    (void)state;
    assert_float_equal(after(0, 0, 0.7, 3).places, 1, 0);
}

static void samples_that_alternate_are_not_believed_more(void **state)
{
    (void)state;
    assert_float_equal(after(-0.8, -0.8, 0, 3).moves, 1, 0);
    assert_float_equal(after(-0.8, -0.8, 0, 3).places, 1, 0);
}

static void few_samples_and_nonsense_say_nothing(void **state)
{
    struct likeness likeness = {0};

    (void)state;
    for (int i = 0; i < 99; i++) {
        likeness_add(&likeness, 1, 1);
    }
    assert_float_equal(likeness_find(&likeness).moves, 1, 0);
    likeness_add(&likeness, (double)NAN, 1);
    likeness_add(&likeness, 1, (double)INFINITY);
    assert_int_equal(likeness.count, 99);
    likeness_add(&likeness, 1, 1);
    assert_true(likeness_find(&likeness).moves > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_samples_are_not_alike),
        cmocka_unit_test(what_repeats_itself_counts_less),
        cmocka_unit_test(a_lean_is_no_likeness),
        cmocka_unit_test(samples_that_alternate_are_not_believed_more),
        cmocka_unit_test(few_samples_and_nonsense_say_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
