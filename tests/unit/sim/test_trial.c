/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trial.c - scenarios are well described, and a judge sees what a node did wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_node.h"
#include "sim/catalogue.h"
#include "sim/kit.h"
#include "sim/trial.h"

static void every_scenario_has_a_name_of_its_own_a_sentence_and_an_end(void **state)
{
    (void)state;
    assert_true(catalogue_count() >= 24);
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct scenario *scenario = catalogue_at(i);
        assert_ptr_equal(catalogue_find(scenario->name), scenario);
        assert_true(strlen(scenario->sentence) > 10);
        assert_true(scenario->duration_s > 0);
        assert_true(scenario->judged_from_s < scenario->duration_s);
        assert_true(scenario->limits.lock_s > 0 || scenario->judge);
    }
    assert_null(catalogue_find("no such world"));
}

static void every_scenario_can_be_built(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_count(); i++) {
        const struct scenario *scenario = catalogue_at(i);
        void *memory = malloc(trial_size(scenario, &fake_machine));
        assert_non_null(memory);
        struct world *world = trial_build(scenario, &fake_machine, 1, memory);
        assert_true(world->node_count == scenario->room.nodes);
        assert_true(world->host_count == scenario->room.hosts);
        for (unsigned n = 0; n < world->node_count; n++) {
            assert_true(world->nodes[n].options.source_count > 0);
        }
        free(memory);
    }
}

static void build_fake(struct world *world)
{
    struct route_options path = kit_path_metro();

    kit_simple(world, 1, &path);
    world->nodes[0].options.min_sources = CRIME_NONE;
}

static const char *judge_never(struct world *world)
{
    (void)world;
    return "something that nobody does";
}

/* Which limits a fake node breaks, each alone. */
static void each_limit_is_judged(void **state)
{
    (void)state;
    static const struct {
        struct scenario_limits limits;
        const char *(*judge)(struct world *world);
        int fault; /* FAULT_COUNT: none */
    } rows[] = {
        {{.lock_s = 1,
          .clock_rms_s = 1e-2,
          .clock_max_s = 1e-2,
          .line_rms_s = 1e-2,
          .line_max_s = 1e-2,
          .bound_mean_s = 0.1,
          .synchronised = 1,
          .packets = 70,
          .steps = -1},
         NULL,
         FAULT_COUNT},
        {{.lock_s = 1e-6}, NULL, FAULT_LOCK},
        {{.clock_rms_s = 1e-9}, NULL, FAULT_CLOCK_RMS},
        {{.clock_max_s = 1e-9}, NULL, FAULT_CLOCK_MAX},
        {{.line_rms_s = 1e-9}, NULL, FAULT_LINE_RMS},
        {{.line_max_s = 1e-9}, NULL, FAULT_LINE_MAX},
        {{.bound_mean_s = 1e-9}, NULL, FAULT_BOUND_MEAN},
        {{.synchronised = 1.01}, NULL, FAULT_SYNCHRONISED},
        {{.packets = 10}, NULL, FAULT_PACKETS},
        {{.lock_s = 1}, judge_never, FAULT_JUDGE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct scenario scenario = {
            .name = "fake",
            .sentence = "a fake node and one server",
            .build = build_fake,
            .judge = rows[i].judge,
            .room = {.nodes = 1, .hosts = 1, .sources = 2},
            .duration_s = 1000,
            .limits = rows[i].limits,
        };
        void *memory = malloc(trial_size(&scenario, &fake_machine));
        struct world *world = trial_build(&scenario, &fake_machine, 1, memory);
        struct verdict verdict;
        world_run(world);
        trial_judge(&scenario, world, &verdict);
        assert_int_equal(verdict.fault_count, rows[i].fault != FAULT_COUNT);
        if (verdict.fault_count > 0) {
            assert_int_equal(verdict.faults[0].kind, rows[i].fault);
            assert_non_null(fault_sentence(verdict.faults[0].kind));
        }
        free(memory);
    }
}

static void a_broken_invariant_fails_the_trial(void **state)
{
    (void)state;
    const struct scenario scenario = {
        .build = build_fake,
        .room = {.nodes = 1, .hosts = 1, .sources = 2},
        .duration_s = 1000,
    };
    void *memory = malloc(trial_size(&scenario, &fake_machine));
    struct world *world = trial_build(&scenario, &fake_machine, 1, memory);
    struct verdict verdict;

    world->nodes[0].options.min_sources = CRIME_NARROW_BOUND;
    world_run(world);
    trial_judge(&scenario, world, &verdict);
    assert_int_equal(verdict.fault_count, 1);
    assert_int_equal(verdict.faults[0].kind, FAULT_INVARIANT);
    assert_int_equal(verdict.faults[0].violation.invariant, INVARIANT_BOUND);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scenario_has_a_name_of_its_own_a_sentence_and_an_end),
        cmocka_unit_test(every_scenario_can_be_built),
        cmocka_unit_test(each_limit_is_judged),
        cmocka_unit_test(a_broken_invariant_fails_the_trial),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
