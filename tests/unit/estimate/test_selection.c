/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/selection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "support/near.h"
#include "wire/ntp_packet.h"
#include "wire/status.h"

enum { MOST = 9 };

static const struct selection_options defaults = {
    .min_sources = 1, .combine_limit = 3, .reselect_dist_s = 100e-6, .stratum_weight_s = 1e-3};

/* A round: candidates from { offset, half-width } in ms. */
struct round {
    struct selection selection;
    struct selection_options options;
    struct candidate candidate[MOST];
    size_t count;
};

static void add(struct round *r, double offset_ms, double half_ms)
{
    r->candidate[r->count] = (struct candidate){
        .id = (uint16_t)(100 + r->count),
        .offset_s = offset_ms * 1e-3,
        .half_width_s = half_ms * 1e-3,
        .usable = true,
    };
    r->count++;
}

static struct round start(void)
{
    struct round r = {.options = defaults};

    selection_init(&r.selection);
    return r;
}

static struct selection_result run(struct round *r)
{
    return selection_run(&r->selection, &r->options, r->candidate, r->count);
}

/* One letter a source: S C t f n - and u for the states that matter here. */
static const char *states(const struct round *r)
{
    static char text[MOST + 1];

    for (size_t i = 0; i < r->count; i++) {
        const char *word = source_state_word(r->candidate[i].state);

        text[i] = r->candidate[i].state == SOURCE_NOSELECT      ? '-'
                  : r->candidate[i].state == SOURCE_SELECTED    ? 'S'
                  : r->candidate[i].state == SOURCE_COMBINED    ? 'C'
                  : r->candidate[i].state == SOURCE_UNREACHABLE ? 'x'
                                                                : word[0];
    }
    text[r->count] = 0;
    return text;
}

static void sorts_sources_by_the_intersection_of_the_majority(void **state)
{
    static const struct {
        const char *what;
        double source[MOST][2]; /* offset, half-width in ms; half-width 0: end */
        const char *states;
        double lo_ms, hi_ms;
    } cases[] = {
        {"one alone is believed", {{5, 2}}, "S", 3, 7},
        {"two that overlap", {{0, 2}, {1, 2}}, "SC", -1, 2},
        {"two that contradict each other: nobody",
         {{0, 1}, {5, 1}},
         "nn",
         -(double)INFINITY,
         (double)INFINITY},
        {"one liar of three", {{0, 2}, {1, 2}, {50, 2}}, "SCf", -1, 2},
        {"one liar of four", {{0, 2}, {50, 2}, {1, 3}, {0.5, 2}}, "SfCC", -2, 2.5},
        {"two liars of five that agree",
         {{0, 2}, {30, 2}, {1, 2}, {31, 2}, {0, 3}},
         "SfCfC",
         -2,
         3},
        {"one of four that overlaps in part does not narrow what the others allow",
         {{0, 10}, {1, 10}, {-1, 10}, {12, 10}},
         "SCCC",
         -9,
         10},
        {"nor does one of three", {{0, 10}, {1, 10}, {12, 10}}, "SCC", -9, 11},
        {"one within all the others speaks for itself",
         {{0, 10}, {1, 10}, {0, 1}, {12, 14}},
         "ttSt",
         -1,
         1},
        {"two clusters that one in the middle joins",
         {{0, 2}, {0, 2}, {3, 2}, {6, 2}, {6, 2}},
         "SCCCC",
         1,
         5},
        {"two against two: nobody",
         {{0, 2}, {1, 2}, {30, 2}, {31, 2}},
         "nnnn",
         -(double)INFINITY,
         (double)INFINITY},
        {"intervals that only touch agree", {{0, 1}, {2, 1}, {9, 1}}, "SCf", 1, 1},
        {"a wide liar is not in the way", {{0, 1}, {0.5, 1}, {100, 40}}, "SCf", -0.5, 1},
        {"a chain of three: the two ends do not meet, the span covers both overlaps",
         {{0, 2}, {3, 2}, {6, 2}},
         "SCC",
         1,
         5},
        {"a point inside everything", {{0, 5}, {1, 4}, {0.5, 0.01}}, "ttS", 0.49, 0.51},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct round r = start();
        struct selection_result result;

        for (int k = 0; cases[i].source[k][1] > 0; k++) {
            add(&r, cases[i].source[k][0], cases[i].source[k][1]);
        }
        result = run(&r);
        print_message("# %s\n", cases[i].what);
        assert_string_equal(states(&r), cases[i].states);
        if (isinf(cases[i].lo_ms)) {
            assert_true(isinf(result.lo_s) && isinf(result.hi_s));
            assert_int_equal(result.selected, SELECTION_NONE);
            assert_int_equal(result.reason, NODE_REASON_NO_MAJORITY);
        } else {
            assert_near(result.lo_s, cases[i].lo_ms * 1e-3, 1e-12);
            assert_near(result.hi_s, cases[i].hi_ms * 1e-3, 1e-12);
            assert_int_equal(result.reason, NODE_REASON_NONE);
        }
    }
}

static void what_a_source_has_moved_widens_its_interval_but_wins_it_no_vote(void **state)
{
    struct round r = start();
    struct selection_result result;

    (void)state;
    add(&r, 0, 2);
    add(&r, 1, 2);
    r.candidate[1].widened_s = 3e-3;
    result = run(&r);
    assert_string_equal(states(&r), "SC");
    assert_near(result.lo_s, -2e-3, 1e-12);
    assert_near(result.hi_s, 2e-3, 1e-12);
    r.candidate[0].widened_s = 3e-3;
    result = run(&r);
    assert_near(result.lo_s, -4e-3, 1e-12);
    assert_near(result.hi_s, 5e-3, 1e-12);
    r.candidate[1].offset_s = 5e-3;
    assert_int_equal(run(&r).reason, NODE_REASON_NO_MAJORITY);
}

static void a_minority_that_strays_is_out(void **state)
{
    struct round r = start();

    (void)state;
    for (int i = 0; i < 4; i++) {
        add(&r, 0.1 * i, 5);
    }
    r.candidate[2].strays = true;
    run(&r);
    assert_string_equal(states(&r), "SCfC");
    assert_true(r.candidate[2].drifts);
    r.candidate[3].strays = true;
    run(&r);
    assert_string_equal(states(&r), "SCCC");
    assert_false(r.candidate[2].drifts);
}

static void who_is_combined_stays_so_at_the_limit(void **state)
{
    struct round r = start();
    struct source_bias bias[2] = {{.member = true}, {0}};

    (void)state;
    r.options.reselect_dist_s = 0;
    add(&r, 0, 1);
    add(&r, 0, 3.5);
    add(&r, 0, 3.5);
    r.candidate[1].bias = &bias[0];
    r.candidate[2].bias = &bias[1];
    run(&r);
    assert_string_equal(states(&r), "SCt");
    r.candidate[1].half_width_s = 4e-3;
    run(&r);
    assert_string_equal(states(&r), "Stt");
}

static void sources_that_are_not_usable_keep_their_state_and_have_no_vote(void **state)
{
    struct round r = start();
    struct selection_result result;

    (void)state;
    add(&r, 0, 1);
    add(&r, 50, 1);
    add(&r, 51, 1);
    r.candidate[1].usable = false;
    r.candidate[1].state = SOURCE_UNREACHABLE;
    r.candidate[2].noselect = true;
    result = run(&r);
    assert_string_equal(states(&r), "Sx-");
    assert_int_equal(result.usable, 1);
    assert_int_equal(result.agreeing, 1);
}

static void numbers_that_are_not_finite_are_no_vote(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, (double)NAN, 1);
    add(&r, 0, (double)INFINITY);
    add(&r, 0, -1);
    assert_int_equal(run(&r).reason, NODE_REASON_NONE_USABLE);
    assert_int_equal(r.candidate[0].state, SOURCE_BAD);
    add(&r, 3, 1);
    assert_int_equal(run(&r).selected, 3);
}

static void a_drifting_source_is_out_before_its_interval_leaves_the_others(void **state)
{
    struct round r = start();

    (void)state;
    for (int i = 0; i < 4; i++) {
        add(&r, i == 3 ? 2 : 0, 5);
        r.candidate[i].freq_s_per_s = i == 3 ? 20e-6 : 1e-8 * i;
        r.candidate[i].var_freq = 1e-14;
    }
    run(&r);
    assert_int_equal(r.candidate[3].state, SOURCE_FALSETICKER);
    assert_int_not_equal(r.candidate[0].state, SOURCE_FALSETICKER);
    /* Who does not know the frequency yet is not accused; nor are two of four. */
    r.candidate[3].var_freq = 1e-10;
    run(&r);
    assert_int_not_equal(r.candidate[3].state, SOURCE_FALSETICKER);
    r.candidate[3].var_freq = 1e-14;
    r.candidate[2].freq_s_per_s = -20e-6;
    r.candidate[1].freq_s_per_s = 40e-6;
    run(&r);
    assert_int_not_equal(r.candidate[3].state, SOURCE_FALSETICKER);
}

static void nothing_usable_says_so(void **state)
{
    struct round r = start();
    struct selection_result result = run(&r);

    (void)state;
    assert_int_equal(result.reason, NODE_REASON_NONE_USABLE);
    assert_int_equal(result.selected, SELECTION_NONE);
    assert_int_equal(result.leap, NTP_LEAP_UNSYNC);
}

static void prefer_leaves_the_others_out_unless_it_lies(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    add(&r, 0.2, 2);
    add(&r, 0.1, 1);
    r.candidate[1].prefer = true;
    assert_int_equal(run(&r).selected, 1);
    assert_string_equal(states(&r), "tSt");
    r.candidate[1].offset_s = 1;
    assert_int_equal(run(&r).selected, 0);
    assert_string_equal(states(&r), "SfC");
}

static void trusted_sources_vote_alone(void **state)
{
    struct round r = start();
    struct selection_result result;

    (void)state;
    add(&r, 50, 3);
    add(&r, 51, 3);
    add(&r, 0.5, 1);
    add(&r, 1.5, 1); /* overlaps, but lies outside of what the trusted one says */
    add(&r, 0, 1);
    r.candidate[4].trust = true;
    result = run(&r);
    assert_string_equal(states(&r), "ffSuC");
    assert_near(result.lo_s, -1e-3, 1e-12);
    assert_near(result.hi_s, 1e-3, 1e-12);
    r.candidate[0].trust = true;
    assert_int_equal(run(&r).reason, NODE_REASON_NO_MAJORITY);
}

static void require_and_minsources_withhold_the_selection(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    add(&r, 0.1, 1);
    add(&r, 50, 1);
    r.candidate[2].require = true;
    assert_int_equal(run(&r).reason, NODE_REASON_REQUIRED_MISSING);
    r.candidate[2].usable = false; /* silence is no excuse */
    assert_int_equal(run(&r).reason, NODE_REASON_REQUIRED_MISSING);
    r.candidate[1].require = true;
    assert_int_equal(run(&r).reason, NODE_REASON_NONE);
    r.options.min_sources = 3;
    assert_int_equal(run(&r).reason, NODE_REASON_TOO_FEW);
    assert_string_equal(states(&r), "ttf");
}

static void far_sources_are_not_combined(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    add(&r, 0.1, 3.2);
    add(&r, 0.1, 3.4); /* 3 * (1 ms + reselectdist 0.1 ms) = 3.3 ms */
    run(&r);
    assert_string_equal(states(&r), "SCt");
    r.options.combine_limit = 0;
    run(&r);
    assert_string_equal(states(&r), "Stt");
}

static void strata_count_as_distance(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    add(&r, 0, 1.5);
    r.candidate[0].stratum = 3;
    r.candidate[1].stratum = 2;
    assert_int_equal(run(&r).selected, 1);
    r.options.stratum_weight_s = 0;
    selection_init(&r.selection);
    assert_int_equal(run(&r).selected, 0);
}

static void the_reference_does_not_flap_between_equals(void **state)
{
    struct round r = start();
    unsigned changes = 0;
    int before;

    (void)state;
    add(&r, 0, 1);
    add(&r, 0, 1.05);
    before = run(&r).selected;
    for (int i = 0; i < 1000; i++) {
        int now;

        r.candidate[i % 2].half_width_s = 1e-3;
        r.candidate[(i + 1) % 2].half_width_s = 1.5e-3;
        now = run(&r).selected;
        changes += now != before;
        before = now;
    }
    assert_int_equal(changes, 0);
}

static void a_source_nearer_for_long_becomes_the_reference(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 2);
    assert_int_equal(run(&r).selected, 0);
    add(&r, 0, 1);
    assert_int_equal(run(&r).selected, 0);
    assert_int_equal(run(&r).selected, 0);
    assert_int_equal(run(&r).selected, 0);
    assert_int_equal(run(&r).selected, 1);
    r.candidate[1].usable = false; /* the way back needs no patience */
    assert_int_equal(run(&r).selected, 0);
}

static void the_reference_is_known_by_its_id_not_its_place(void **state)
{
    struct round r = start();
    struct candidate swapped;

    (void)state;
    add(&r, 0, 1);
    add(&r, 0, 1);
    assert_int_equal(run(&r).selected, 0);
    swapped = r.candidate[0];
    r.candidate[0] = r.candidate[1];
    r.candidate[1] = swapped;
    assert_int_equal(run(&r).selected, 1);
}

static void a_leap_needs_more_than_half_of_those_followed(void **state)
{
    struct round r = start();

    (void)state;
    add(&r, 0, 1);
    add(&r, 0, 1);
    add(&r, 0, 1);
    add(&r, 50, 1); /* a falseticker's vote does not count */
    r.candidate[0].leap = NTP_LEAP_INSERT;
    r.candidate[3].leap = NTP_LEAP_INSERT;
    assert_int_equal(run(&r).leap, NTP_LEAP_NONE);
    r.candidate[1].leap = NTP_LEAP_INSERT;
    assert_int_equal(run(&r).leap, NTP_LEAP_INSERT);
    r.candidate[0].leap = r.candidate[1].leap = NTP_LEAP_DELETE;
    assert_int_equal(run(&r).leap, NTP_LEAP_DELETE);
}

static void the_half_width_holds_everything_that_may_be_wrong(void **state)
{
    struct estimate e = {
        .var_offset_s2 = 1e-10, .floor_s = 2e-3, .root_distance_s = 5e-3, .bias_sd_s = 0};
    struct bound_growth growth = {.rate_s_per_s = 1e-6, .precision_s = 1e-7};
    struct mono_time later = {100 * NS_PER_S};
    struct candidate c = {0};

    (void)state;
    assert_near(estimate_half_width(&e, (struct mono_time){0}, &growth), 5e-3 + 1e-3 + 5e-5 + 1e-7,
                1e-12);
    assert_near(estimate_half_width(&e, later, &growth), 6.0501e-3 + 1e-4, 1e-12);
    e.bias_sd_s = 1e-4;
    e.freq_s_per_s = 1e-6;
    e.offset_s = 0.5;
    e.var_freq = 1e-14;
    candidate_fill(&c, &e, later, &growth);
    assert_near(c.offset_s, 0.5001, 1e-12);
    assert_near(c.sd_s, sqrt(1e-10 + 1e-10), 1e-12);
    assert_near(c.cov_s2_per_s, 1e-12, 1e-18);
    assert_near(c.half_width_s, 6e-3 + 5 * sqrt(1.02e-8) + 1e-4 + 1e-7, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_sources_by_the_intersection_of_the_majority),
        cmocka_unit_test(what_a_source_has_moved_widens_its_interval_but_wins_it_no_vote),
        cmocka_unit_test(a_minority_that_strays_is_out),
        cmocka_unit_test(who_is_combined_stays_so_at_the_limit),
        cmocka_unit_test(sources_that_are_not_usable_keep_their_state_and_have_no_vote),
        cmocka_unit_test(numbers_that_are_not_finite_are_no_vote),
        cmocka_unit_test(a_drifting_source_is_out_before_its_interval_leaves_the_others),
        cmocka_unit_test(nothing_usable_says_so),
        cmocka_unit_test(prefer_leaves_the_others_out_unless_it_lies),
        cmocka_unit_test(trusted_sources_vote_alone),
        cmocka_unit_test(require_and_minsources_withhold_the_selection),
        cmocka_unit_test(far_sources_are_not_combined),
        cmocka_unit_test(strata_count_as_distance),
        cmocka_unit_test(the_reference_does_not_flap_between_equals),
        cmocka_unit_test(a_source_nearer_for_long_becomes_the_reference),
        cmocka_unit_test(the_reference_is_known_by_its_id_not_its_place),
        cmocka_unit_test(a_leap_needs_more_than_half_of_those_followed),
        cmocka_unit_test(the_half_width_holds_everything_that_may_be_wrong),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
