/* SPDX-License-Identifier: BSD-2-Clause */
/* What is learnt about the time at which answers leave, from made-up calls. */
#include "daemon/send_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/prng.h"

enum { WRITE_NS = 120, FIRST_NS = 1800, EACH_NS = 1500, ROUNDS = 400 };

/* What a machine does: batches of 1..16, of which the first and the last answer are stamped, which
 * takes a quarter of the first one's time each. */
static void live(struct send_model *model, enum send_model_pace pace, double slower)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned count = 1 + round % 16;
        /* Every tenth call loses the processor for a while. */
        double lost_ns = round % 10 == 9 ? 300000 : 0;

        send_model_written(model, pace, count, slower * WRITE_NS * count);
        send_model_left(model, pace, 0, slower * FIRST_NS * 1.25 + lost_ns);
        if (count > 1) {
            send_model_left(model, pace, count - 1,
                            slower * FIRST_NS * 1.5 + EACH_NS * (count - 1.0) + lost_ns);
        }
    }
}

static void each_answer_of_a_batch_has_its_time(void **state)
{
    struct send_model model;

    (void)state;
    send_model_init(&model);
    live(&model, SEND_HOT, 1);
    for (unsigned count = 1; count <= 16; count += 5) {
        for (unsigned k = 0; k < count; k++) {
            double truth_ns = WRITE_NS * count + FIRST_NS + EACH_NS * k;
            double found_ns = send_model_ns(&model, SEND_HOT, count, k);

            assert_true(found_ns > truth_ns - 1500 && found_ns < truth_ns + 1000);
        }
    }
}

static void a_pause_makes_the_first_one_slow_and_is_learnt_apart(void **state)
{
    struct send_model model;

    (void)state;
    send_model_init(&model);
    for (int i = 0; i < 4; i++) {
        live(&model, SEND_HOT, 1);
        live(&model, SEND_COLD, 4);
    }
    double hot_ns = send_model_ns(&model, SEND_HOT, 1, 0);
    double cold_ns = send_model_ns(&model, SEND_COLD, 1, 0);
    assert_true(hot_ns < WRITE_NS + FIRST_NS + 1000.0);
    assert_true(cold_ns > 4 * FIRST_NS - 1500.0);
}

static void it_says_too_early_rather_than_too_late(void **state)
{
    struct send_model model;
    struct prng prng = {7};
    unsigned late = 0;

    (void)state;
    send_model_init(&model);
    for (int i = 0; i < 20000; i++) {
        /* Mostly 2 us, often more, as on a busy machine. */
        double scatter_ns = (double)(prng_next(&prng) % 2000);
        double left_ns = 2000 + (prng_next(&prng) % 4 == 0 ? 5 * scatter_ns : scatter_ns / 4);

        late += i > 1000 && send_model_ns(&model, SEND_HOT, 1, 0) > left_ns;
        send_model_left(&model, SEND_HOT, 0, left_ns);
    }
    assert_true(late < 19000 / 1000);
    assert_true(send_model_ns(&model, SEND_HOT, 1, 0) > 1400);
}

static void a_machine_that_becomes_faster_is_followed_at_once(void **state)
{
    struct send_model model;

    (void)state;
    send_model_init(&model);
    live(&model, SEND_HOT, 10);
    for (int i = 0; i < 20; i++) {
        send_model_left(&model, SEND_HOT, 0, 1000);
        send_model_written(&model, SEND_HOT, 1, 100);
    }
    assert_true(send_model_ns(&model, SEND_HOT, 1, 0) < 1700);
}

static void without_stamps_the_length_of_the_call_has_to_do(void **state)
{
    struct send_model model;

    (void)state;
    send_model_init(&model);
    for (int i = 0; i < ROUNDS; i++) {
        send_model_call(&model, SEND_HOT, 8, 8 * 1600.0);
    }
    assert_true(send_model_ns(&model, SEND_HOT, 8, 0) < 1000);
    assert_true(send_model_ns(&model, SEND_HOT, 8, 7) > 7 * 1400.0);
    /* With the first stamp it counts no more. */
    send_model_left(&model, SEND_HOT, 0, 700);
    double before_ns = send_model_ns(&model, SEND_HOT, 1, 0);
    send_model_call(&model, SEND_HOT, 1, 9000);
    assert_true(send_model_ns(&model, SEND_HOT, 1, 0) == before_ns);
}

static void nonsense_is_not_learnt(void **state)
{
    struct send_model model;

    (void)state;
    send_model_init(&model);
    live(&model, SEND_HOT, 1);
    double before_ns = send_model_ns(&model, SEND_HOT, 4, 3);
    send_model_left(&model, SEND_HOT, 0, -5);
    send_model_left(&model, SEND_HOT, 3, 5e9);
    send_model_written(&model, SEND_HOT, 0, 100);
    send_model_written(&model, SEND_HOT, 3, -100);
    assert_true(send_model_ns(&model, SEND_HOT, 4, 3) == before_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_of_a_batch_has_its_time),
        cmocka_unit_test(a_pause_makes_the_first_one_slow_and_is_learnt_apart),
        cmocka_unit_test(it_says_too_early_rather_than_too_late),
        cmocka_unit_test(a_machine_that_becomes_faster_is_followed_at_once),
        cmocka_unit_test(without_stamps_the_length_of_the_call_has_to_do),
        cmocka_unit_test(nonsense_is_not_learnt),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
