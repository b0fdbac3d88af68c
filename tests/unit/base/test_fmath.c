/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fmath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The greatest relative difference of two functions over steps of a range. */
static double worst(double (*ours)(double), double (*theirs)(double), double from, double to,
                    unsigned steps)
{
    double most = 0;

    for (unsigned i = 0; i <= steps; i++) {
        double x = from + (to - from) * (double)i / steps;
        double expected = theirs(x);
        double error = fabs(ours(x) - expected) / fabs(expected);

        if (expected == 0 ? ours(x) != 0 : !(error <= most)) {
            most = expected == 0 || !(error == error) ? (double)INFINITY : error;
        }
    }
    return most;
}

static double log_of_power(double x)
{
    return fmath_log(exp2(x));
}
static double libm_log_of_power(double x)
{
    return log(exp2(x));
}
static double log1p_of_power(double x)
{
    return fmath_log1p(exp2(x));
}
static double libm_log1p_of_power(double x)
{
    return log1p(exp2(x));
}
static double log1p_of_minus(double x)
{
    return fmath_log1p(-exp2(x));
}
static double libm_log1p_of_minus(double x)
{
    return log1p(-exp2(x));
}

static void the_functions_agree_with_libm(void **state)
{
    static const struct {
        const char *name;
        double (*ours)(double), (*theirs)(double);
        double from, to, limit;
    } rows[] = {
        {"exp", fmath_exp, exp, -1, 1, 4e-16},
        {"exp", fmath_exp, exp, -708, 709.7, 4e-16},
        {"exp, tiny", fmath_exp, exp, -1e-9, 1e-9, 4e-16},
        {"log", fmath_log, log, 0.25, 4, 4e-16},
        {"log, all magnitudes", log_of_power, libm_log_of_power, -1021.5, 1023.5, 4e-16},
        {"log near 1", fmath_log, log, 1 - 1e-6, 1 + 1e-6, 4e-16},
        {"log1p", fmath_log1p, log1p, -0.9999, 5, 4e-16},
        {"log1p, tiny to huge", log1p_of_power, libm_log1p_of_power, -1000, 1000, 4e-16},
        {"log1p, down to -1", log1p_of_minus, libm_log1p_of_minus, -1000, -1e-9, 4e-16},
        {"erfc", fmath_erfc, erfc, -7, 0.5, 1e-15},
        {"erfc", fmath_erfc, erfc, 0.5, 7, 3e-15},
        {"erfc, far out", fmath_erfc, erfc, 6, 26.5, 3e-15},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double error = worst(rows[i].ours, rows[i].theirs, rows[i].from, rows[i].to, 20011);

        if (!(error <= rows[i].limit)) {
            fail_msg("%s from %g to %g: error %g", rows[i].name, rows[i].from, rows[i].to, error);
        }
    }
}

static void special_values_come_out_as_documented(void **state)
{
    const double inf = (double)INFINITY;

    (void)state;
    assert_true(fmath_exp(0) == 1);
    assert_true(fmath_exp(-0.0) == 1);
    assert_true(fmath_exp(709.9) == inf && fmath_exp(inf) == inf);
    assert_true(fmath_exp(709.782) < inf);
    assert_true(fmath_exp(-746) == 0 && fmath_exp(-inf) == 0);
    assert_true(fmath_exp(-745) == exp(-745));
    assert_true(isnan(fmath_exp((double)NAN)));

    assert_true(fmath_log(1) == 0);
    assert_true(fmath_log(0) == -inf && fmath_log(-0.0) == -inf);
    assert_true(fmath_log(inf) == inf);
    assert_true(isnan(fmath_log(-1)) && isnan(fmath_log((double)NAN)));
    assert_true(fabs(fmath_log(0x1p-1074) - log(0x1p-1074)) < 1e-12);
    assert_true(fabs(fmath_log(DBL_MAX) - log(DBL_MAX)) < 1e-12);

    assert_true(fmath_log1p(0) == 0);
    assert_true(fmath_log1p(-1) == -inf);
    assert_true(isnan(fmath_log1p(-1.5)) && isnan(fmath_log1p((double)NAN)));
    assert_true(fmath_log1p(inf) == inf);
    assert_true(fmath_log1p(0x1p-1074) == 0x1p-1074);

    assert_true(fmath_erfc(0) == 1);
    assert_true(fmath_erfc(inf) == 0 && fmath_erfc(-inf) == 2);
    assert_true(fmath_erfc(28) == 0);
    assert_true(fmath_erfc(27.2) > 0);
    assert_true(isnan(fmath_erfc((double)NAN)));
}

static void subnormal_results_are_right_to_their_last_place(void **state)
{
    (void)state;
    for (double x = -745; x < -708; x += 0.0371) {
        assert_true(fabs(fmath_exp(x) - exp(x)) <= exp(x) * 4e-16 + 0x1p-1074);
    }
    for (double x = 26.5; x < 27.2; x += 0.0011) {
        assert_true(fabs(fmath_erfc(x) - erfc(x)) <= erfc(x) * 3e-15 + 0x1p-1073);
    }
}

static void powers_of_two_are_exact(void **state)
{
    (void)state;
    for (int n = -1080; n <= 1030; n++) {
        assert_true(fmath_exp2i(n) == ldexp(1, n));
    }
    assert_true(fmath_exp2i(-100000) == 0);
    assert_true(isinf(fmath_exp2i(100000)));
}

/* A change of compiler, flags or code that changes the bits would break every recorded seed. */
static void the_bits_are_those_of_every_machine(void **state)
{
    uint64_t hash = 0xcbf29ce484222325;

    (void)state;
    for (int i = 1; i < 4000; i++) {
        double values[] = {fmath_exp(i * 0.177 - 350), fmath_log(i * 0.731), fmath_log1p(i * 3e-4),
                           fmath_erfc(i * 0.007 - 1)};

        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            uint64_t bits;

            memcpy(&bits, &values[j], sizeof bits);
            hash = (hash ^ bits) * 0x100000001b3;
        }
    }
    assert_int_equal(hash, UINT64_C(0xdbea849acf85be96));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_functions_agree_with_libm),
        cmocka_unit_test(special_values_come_out_as_documented),
        cmocka_unit_test(subnormal_results_are_right_to_their_last_place),
        cmocka_unit_test(powers_of_two_are_exact),
        cmocka_unit_test(the_bits_are_those_of_every_machine),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
