/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "support/near.h"

static const double pi = 3.14159265358979323846;

/* ln of the integral, and its derivatives by the mean, from the definition: Simpson's rule. */
static struct evidence integrate(const struct belief *belief, const struct interval_likelihood *l)
{
    enum { STEPS = 200000 };
    double var = belief->var_s2 + l->var_edge_s2;
    double norm = 0, sum = 0, first = 0, second = 0;

    for (int i = 0; i <= STEPS; i++) {
        double e = l->half_width_s * (2.0 * i / STEPS - 1);
        double weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
        double tilt = weight * exp(l->tilt_per_s * e);
        double r = l->offset_s - e - belief->mean_s;
        double p = tilt * exp(-0.5 * r * r / var) / sqrt(2 * pi * var);

        norm += tilt;
        sum += p;
        first += p * r / var;
        second += p * (r * r / var - 1) / var;
    }
    return (struct evidence){log(sum / norm), first / sum,
                             second / sum - first / sum * (first / sum)};
}

static void an_interval_agrees_with_numeric_integration(void **state)
{
    static const struct {
        const char *what;
        double mean, var, offset, half, edge, tilt;
    } cases[] = {
        {"belief inside, much narrower", 0, 0.01, 0.1, 1, 1e-4, 0},
        {"belief inside, wider", 0.2, 9, 0, 1, 0.01, 0},
        {"across the upper edge", 1, 0.25, 0, 1, 0.0001, 0},
        {"across the lower edge", -1.1, 0.04, 0, 1, 0.01, 0},
        {"well outside above", 4, 0.5, 0, 1, 0.01, 0},
        {"well outside below", -5, 0.5, 0, 1, 0.01, 0},
        {"a narrow interval", 0.3, 1, 0, 0.05, 0, 0},
        {"tilted, inside", 0, 1, 0.1, 1, 0.01, 2},
        {"tilted the other way", 0, 1, 0.1, 1, 0.01, -2},
        {"tilted steeply over a narrow belief", 0.4, 0.01, 0, 1, 0.001, 12},
        {"tilted, soft edges", 0.4, 0.1, 0, 1, 0.5, 4},
        {"tilted hardly", 0.4, 0.1, 0, 1, 0.01, 1e-5},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct belief belief = {cases[i].mean, cases[i].var};
        struct interval_likelihood l = {cases[i].offset, cases[i].half, cases[i].edge,
                                        cases[i].tilt};
        struct evidence expected = integrate(&belief, &l);
        struct evidence evidence = evidence_interval(&belief, &l);
        double tolerance = cases[i].tilt == 1e-5 ? 1e-6 : 1e-9;

        print_message("# %s\n", cases[i].what);
        assert_near(evidence.log_density, expected.log_density, tolerance);
        assert_near(evidence.slope_per_s, expected.slope_per_s,
                    tolerance * (1 + fabs(expected.slope_per_s)));
        assert_near(evidence.curve_per_s2, expected.curve_per_s2,
                    tolerance * (1 + fabs(expected.curve_per_s2)));
    }
}

static void a_very_narrow_interval_is_a_point(void **state)
{
    struct belief belief = {0.3, 1};
    struct interval_likelihood l = {.offset_s = 0, .half_width_s = 0.015, .var_edge_s2 = 0.01};
    struct evidence expected = integrate(&belief, &l);
    struct evidence evidence = evidence_interval(&belief, &l);

    (void)state;
    assert_near(evidence.log_density, expected.log_density, 1e-6);
    assert_near(evidence.slope_per_s, expected.slope_per_s, 1e-6);
    assert_near(evidence.curve_per_s2, expected.curve_per_s2, 1e-6);
}

static void far_outside_it_points_at_the_nearer_edge(void **state)
{
    struct belief belief = {1000, 1};
    struct interval_likelihood l = {.offset_s = 0, .half_width_s = 5, .var_edge_s2 = 0};
    struct evidence evidence = evidence_interval(&belief, &l);

    (void)state;
    assert_true(isfinite(evidence.log_density) && evidence.log_density < -400000);
    assert_near(evidence.slope_per_s, -995, 1e-9);
    assert_near(evidence.curve_per_s2, -1, 1e-12);
    belief.mean_s = -1000;
    evidence = evidence_interval(&belief, &l);
    assert_near(evidence.slope_per_s, 995, 1e-9);
}

static void curvature_never_widens_a_belief_by_a_plain_interval(void **state)
{
    (void)state;
    for (double mean = -12; mean < 12; mean += 0.037) {
        for (double half = 1e-4; half < 100; half *= 3) {
            struct belief belief = {mean, 1};
            struct interval_likelihood l = {.half_width_s = half, .var_edge_s2 = 1e-6};
            struct evidence e = evidence_interval(&belief, &l);

            assert_true(e.curve_per_s2 <= 0);
            assert_true(e.curve_per_s2 >= -1.0000001);
            assert_true(mean > 0 ? e.slope_per_s <= 0 : e.slope_per_s >= 0);
        }
    }
}

static void a_point_is_the_textbook_gaussian(void **state)
{
    struct belief belief = {1, 3};
    struct evidence e = evidence_gaussian(&belief, 2, 1);

    (void)state;
    assert_near(e.log_density, -0.5 * log(2 * pi * 4) - 0.125, 1e-14);
    assert_near(e.slope_per_s, 0.25, 1e-15);
    assert_near(e.curve_per_s2, -0.25, 1e-15);
}

static void a_mixture_has_the_derivatives_of_its_sum(void **state)
{
    struct belief belief = {0.9, 0.2};
    struct interval_likelihood l = {.half_width_s = 1, .var_edge_s2 = 0.01};
    double share, log_p[3];
    struct evidence mix = {0};
    const double step = 1e-4;

    (void)state;
    for (int i = 0; i < 3; i++) { /* numeric derivatives around the mean */
        struct belief moved = {belief.mean_s + (i - 1) * step, belief.var_s2};
        struct evidence in = evidence_interval(&moved, &l);
        struct evidence out = evidence_gaussian(&moved, 0, 100);
        struct evidence e = evidence_mix(&in, log(0.7), &out, log(0.3), &share);

        log_p[i] = log(0.7 * exp(in.log_density) + 0.3 * exp(out.log_density));
        assert_near(e.log_density, log_p[i], 1e-13);
        if (i == 1) {
            mix = e;
            assert_near(share, 0.3 * exp(out.log_density) / exp(log_p[1]), 1e-13);
        }
    }
    assert_near(mix.slope_per_s, (log_p[2] - log_p[0]) / (2 * step), 1e-6);
    assert_near(mix.curve_per_s2, (log_p[2] - 2 * log_p[1] + log_p[0]) / (step * step), 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_agrees_with_numeric_integration),
        cmocka_unit_test(a_very_narrow_interval_is_a_point),
        cmocka_unit_test(far_outside_it_points_at_the_nearer_edge),
        cmocka_unit_test(curvature_never_widens_a_belief_by_a_plain_interval),
        cmocka_unit_test(a_point_is_the_textbook_gaussian),
        cmocka_unit_test(a_mixture_has_the_derivatives_of_its_sum),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
