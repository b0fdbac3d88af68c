/* SPDX-License-Identifier: BSD-2-Clause */
/* test_beginner.c - a source that is itself just starting: its time moves before it settles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/estimate/estimator.h"
#include "support/prng.h"

/* Time of a server that was 0.5 ms off, in steps, for its first few seconds. */
static double server_offset_s(double t_s)
{
    return t_s < 1 ? 5e-4 : t_s < 2 ? 3e-4 : t_s < 4 ? 1e-4 : 0;
}

static struct sample sample_at(double t_s, struct prng *random)
{
    double there_s = 20e-6 * prng_unit(random), back_s = 20e-6 * prng_unit(random);

    return (struct sample){
        .when = {duration_from_s(t_s).ns},
        .offset_s = server_offset_s(t_s) + (there_s - back_s) / 2,
        .delay_s = 100e-6 + there_s + back_s,
        .precision_s = 1e-6,
        .root_dispersion_s = 1e-3,
        .stratum = 2,
    };
}

static void what_a_beginner_taught_of_the_frequency_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct estimator_options options = {.asymmetry = (double)NAN};
        struct estimator estimator;
        struct estimate estimate;
        struct prng random = {seed};
        double t_s = 0;

        estimator_init(&estimator, &options);
        while (t_s < 180) {
            struct sample sample = sample_at(t_s, &random);

            estimator_add(&estimator, &sample);
            t_s += fmax(0.25, t_s / 8);
        }
        assert_true(estimator_get(&estimator, &estimate));
        double off_s = estimate_offset_at(&estimate, (struct mono_time){duration_from_s(t_s).ns});
        double sd_s =
            sqrt(estimate_variance_at(&estimate, (struct mono_time){duration_from_s(t_s).ns}));
        assert_true(fabs(off_s) < 5 * sd_s + 100e-6);
        assert_true(fabs(estimate.freq_s_per_s) < 5e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_beginner_taught_of_the_frequency_is_forgotten),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("estimate/beginner", tests, NULL, NULL);
}
