/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/bank.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "support/near.h"
#include "support/prng.h"

static struct bank_sample sample(double elapsed_s, double offset_s, double half_s)
{
    return (struct bank_sample){
        .elapsed_s = elapsed_s,
        .offset_s = offset_s,
        .precision_s = 1e-9,
        .interval = {{half_s, 0, 1e-4}, {half_s, 0, 1e-4}, {half_s, 0, 1e-4}},
    };
}

static void check_valid(const struct line_state *s)
{
    assert_true(isfinite(s->offset_s) && isfinite(s->freq_s_per_s));
    assert_true(isfinite(s->var_offset_s2) && isfinite(s->var_freq));
    assert_true(s->var_offset_s2 > 0 && s->var_freq > 0);
    assert_true(s->cov_s2_per_s * s->cov_s2_per_s <= s->var_offset_s2 * s->var_freq * (1 + 1e-12));
}

static void check_bank(const struct bank *bank)
{
    check_valid(&bank->mean);
    for (int i = 0; i < BANK_MODELS; i++) {
        check_valid(&bank->model[i].state);
        assert_true(bank->model[i].log_weight <= 0 && bank->model[i].log_weight >= -14);
    }
}

static void a_line_is_carried_on_with_its_doubt(void **state)
{
    struct line_state line = {1, 2e-6, 1e-8, 1e-11, 1e-12};
    struct line_state ahead = line_predict(&line, 100, 1e-8);

    (void)state;
    assert_near(ahead.offset_s, 1.0002, 1e-15);
    assert_near(ahead.var_offset_s2, 1e-8 + 2e-9 + 1e-8 + 1e-16 * 1e6 / 3, 1e-20);
    assert_near(ahead.cov_s2_per_s, 1e-11 + 1e-10 + 1e-16 * 1e4 / 2, 1e-23);
    assert_near(ahead.var_freq, 1e-12 + 1e-14, 1e-26);
}

/* States after one update, by an independent implementation with the C library's functions. */
static void one_update_agrees_with_an_independent_implementation(void **state)
{
    static const struct {
        const char *what;
        double elapsed, offset, half, scale;
        int wander, kind;
        double after[5];
    } cases[] = {
        {"inside",
         64,
         0.00012,
         0.0001,
         0.0001,
         4,
         3,
         {2.8860026474395814e-05, -2.3481175526525725e-08, 3.2121897773507553e-10,
          1.9424536093462224e-13, 9.244501598227213e-16}},
        {"edge",
         64,
         0.0003,
         0.0001,
         0.0001,
         4,
         3,
         {1.815421901028124e-05, -2.9955118783634944e-08, 4.2937378133333333e-10,
          2.5964800000000002e-13, 9.6400000000000008e-16}},
        {"soft",
         16,
         -0.0002,
         5e-05,
         0.0001,
         2,
         4,
         {1.1660428075350566e-05, -3.4144063563168471e-08, 3.9240243692497765e-10,
          2.0689939052015817e-13, 8.9620452925090875e-16}},
        {"wander",
         1024,
         0.0005,
         0.0003,
         0.0001,
         6,
         2,
         {0.00029541419090104646, 4.0664226652082251e-07, 8.1784593020023111e-09,
          1.1665018519375013e-11, 4.3558460350477438e-14}},
        {"outlier",
         64,
         0.002,
         1e-05,
         0.0001,
         4,
         2,
         {1.888180998069266e-05, -2.9515134908283405e-08, 4.2920007291759462e-10,
          2.5954295622534368e-13, 9.6393647864124989e-16}},
        {"point",
         1,
         1e-05,
         1e-06,
         1e-05,
         0,
         4,
         {1.2725375431154434e-05, -3.3634969542384104e-08, 1.0956912031372807e-10,
          5.4975991004277449e-14, 8.2678314812856459e-16}},
        {"short",
         256,
         -0.0006,
         0.0002,
         0.0002,
         5,
         5,
         {1.2264089544216163e-05, -3.0068660546300371e-08, 6.1725008886152682e-10,
          7.5801078190166925e-13, 3.4599149970720391e-15}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank;
        struct bank_sample s = {
            .elapsed_s = cases[i].elapsed, .offset_s = cases[i].offset, .precision_s = 1e-7};
        const struct line_state *after =
            &bank.model[cases[i].wander * BANK_KINDS + cases[i].kind].state;
        double got[5];

        bank_init(&bank, -3e-8, 3e-8);
        bank_anchor(&bank, 2e-5, 4e-10, 0);
        for (int k = 0; k < BANK_MODELS; k++) {
            bank.model[k].state.cov_s2_per_s = 2e-13;
        }
        for (int k = 0; k < BANK_FLOORS; k++) {
            s.interval[k] = (struct bank_interval){cases[i].half, 7e-6, cases[i].scale};
        }
        bank_update(&bank, &s);
        memcpy(got, after, sizeof got);
        print_message("# %s\n", cases[i].what);
        for (int k = 0; k < 5; k++) {
            assert_near(got[k], cases[i].after[k], 1e-9 * fabs(cases[i].after[k]));
        }
    }
}

static void offset_and_frequency_are_learnt_from_intervals(void **state)
{
    struct bank bank;
    struct prng prng = {5};

    (void)state;
    bank_init(&bank, 0, 1e-4);
    bank_anchor(&bank, 0.5, 1e-6, 0);
    for (int i = 1; i <= 200; i++) {
        double a = 1e-4 * prng_exponential(&prng);
        double b = 1e-4 * prng_exponential(&prng);
        struct bank_sample s = sample(16, 0.5 + 3e-5 * 16 * i + (a - b) / 2, (a + b) / 2);

        bank_update(&bank, &s);
        check_bank(&bank);
    }
    assert_near(bank.mean.offset_s, 0.5 + 3e-5 * 16 * 200, 5e-6);
    assert_near(bank.mean.freq_s_per_s, 3e-5, 2e-8);
    assert_true(bank.wander <= 1e-9);
    assert_true(bank.outlier_share < 0.5);
}

static void the_wander_that_is_there_is_found(void **state)
{
    static const double wanders[] = {1e-10, 1e-9, 1e-8};

    (void)state;
    for (int w = 0; w < 3; w++) {
        struct bank bank;
        struct prng prng = {9};
        double x = 0, f = 0, logs = 0;

        bank_init(&bank, 0, 1e-6);
        bank_anchor(&bank, 0, 1e-8, 0);
        for (int i = 1; i <= 1500; i++) {
            double a = 1e-5 * prng_exponential(&prng);
            double b = 1e-5 * prng_exponential(&prng);

            x += 64 * f + wanders[w] * 512 * prng_normal(&prng) / sqrt(12);
            f += wanders[w] * 8 * prng_normal(&prng);
            struct bank_sample s = sample(64, x + (a - b) / 2, (a + b) / 2);
            s.interval[0].scale_s = s.interval[1].scale_s = s.interval[2].scale_s = 1e-5;
            bank_update(&bank, &s);
            logs += i > 500 ? log(bank.wander) / 1000 : 0;
        }
        assert_near(logs / log(10), log10(wanders[w]), 0.5);
    }
}

static void an_outlier_hardly_moves_it(void **state)
{
    struct bank bank;
    struct bank_sample s;
    double before;

    (void)state;
    bank_init(&bank, 0, 1e-8);
    bank_anchor(&bank, 0, 1e-8, 0);
    for (int i = 0; i < 100; i++) {
        s = sample(16, 0, 5e-5);
        bank_update(&bank, &s);
    }
    before = bank.mean.offset_s;
    s = sample(16, 0.4e-3, 5e-6);
    bank_update(&bank, &s);
    assert_true(bank.outlier_share > 0.9);
    assert_near(bank.mean.offset_s, before, 2e-5);
    check_bank(&bank);
}

static void anchoring_keeps_the_frequency_and_shifting_everything(void **state)
{
    struct bank bank;

    (void)state;
    bank_init(&bank, 4e-6, 1e-7);
    bank_anchor(&bank, 1, 1e-6, 0);
    bank_shift(&bank, 0.5, 1e-4);
    assert_near(bank.mean.offset_s, 1.5, 0);
    assert_near(bank.mean.var_offset_s2, 1.01e-4, 1e-12);
    assert_near(bank.model[17].state.offset_s, 1.5, 0);
    assert_near(bank.model[17].state.freq_s_per_s, 4e-6, 0);
    bank_anchor(&bank, 2, 1e-6, 1e-12);
    assert_near(bank.model[BANK_MODELS - 1].state.var_freq, 1e-12, 1e-24);
    assert_near(bank.mean.offset_s, 2, 0);
    bank_doubt_freq(&bank, 1e-10);
    assert_near(bank.model[0].state.var_freq, 1e-10, 1e-22);
    bank_doubt_freq(&bank, 1e-14); /* never makes it surer */
    assert_near(bank.mean.var_freq, 1e-10, 1e-22);
}

static void a_limited_memory_keeps_the_doubt_up(void **state)
{
    double var[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bank bank;

        bank_init(&bank, 0, 1e-8);
        bank.max_memory = i == 0 ? 0 : 8;
        bank_anchor(&bank, 0, 1e-8, 0);
        for (int k = 0; k < 300; k++) {
            struct bank_sample s = sample(1, k % 2 ? 1e-5 : -1e-5, 1e-4);

            bank_update(&bank, &s);
        }
        var[i] = bank.mean.var_freq;
    }
    assert_true(var[1] > 4 * var[0]);
}

static void no_sample_makes_it_invalid(void **state)
{
    struct prng prng = {77};
    struct bank bank;

    (void)state;
    bank_init(&bank, 0, 1e-4);
    bank_anchor(&bank, 0, 1, 0);
    for (int i = 0; i < 20000; i++) {
        double size = pow(10, -9 + 15 * prng_unit(&prng));
        struct bank_sample s = sample(pow(10, -3 + 9 * prng_unit(&prng)) * (i % 5 > 0),
                                      size * prng_normal(&prng), 1e-12);

        s.tilt_per_s = prng_normal(&prng) * pow(10, 9 * prng_unit(&prng));
        for (int k = 0; k < BANK_FLOORS; k++) {
            s.interval[k].half_width_s += pow(10, -12 + 14 * prng_unit(&prng));
            s.interval[k].scale_s = pow(10, -9 + 10 * prng_unit(&prng));
            s.interval[k].doubt_s = s.interval[k].half_width_s * prng_unit(&prng);
        }
        bank_update(&bank, &s);
        check_bank(&bank);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_carried_on_with_its_doubt),
        cmocka_unit_test(one_update_agrees_with_an_independent_implementation),
        cmocka_unit_test(offset_and_frequency_are_learnt_from_intervals),
        cmocka_unit_test(the_wander_that_is_there_is_found),
        cmocka_unit_test(an_outlier_hardly_moves_it),
        cmocka_unit_test(anchoring_keeps_the_frequency_and_shifting_everything),
        cmocka_unit_test(a_limited_memory_keeps_the_doubt_up),
        cmocka_unit_test(no_sample_makes_it_invalid),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
