/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_worlds.c - every scenario over a range of seeds; the first seed of each twice, to the bit.
 *
 * usage: test_worlds [SEEDS [SCENARIO...]]
 * SEEDS, or NOON_WORLD_SEEDS in the environment, takes the place of the usual number.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/catalogue.h"
#include "sim/trial.h"

enum { FIRST_SEED = 1, SCENARIOS_MAX = 100 };

struct order {
    const struct scenario *scenario;
    unsigned seeds;
};

static void print_faults(const struct scenario *scenario, uint64_t seed,
                         const struct verdict *verdict)
{
    for (unsigned i = 0; i < verdict->fault_count; i++) {
        const struct fault *fault = &verdict->faults[i];
        const char *sentence = fault->kind == FAULT_JUDGE ? fault->sentence
                               : fault->kind == FAULT_INVARIANT
                                   ? invariant_sentence(fault->violation.invariant)
                                   : fault_sentence(fault->kind);
        printf("# seed %" PRIu64 ", node %u: %s: %g, limit %g\n", seed, fault->node, sentence,
               fault->value, fault->limit);
    }
    printf("# again: ./dev sim %s %" PRIu64 "\n", scenario->name, seed);
}

static struct world *run(const struct scenario *scenario, uint64_t seed, void *memory)
{
    struct world *world = trial_build(scenario, &machine_node, seed, memory);

    world_run(world);
    return world;
}

static void every_seed_passes(void **state)
{
    const struct order *order = *state;
    const struct scenario *scenario = order->scenario;
    void *memory = aligned_alloc(64, (trial_size(scenario, &machine_node) + 63) / 64 * 64);
    unsigned failed = 0;

    assert_non_null(memory);
    for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + order->seeds; seed++) {
        struct verdict verdict;
        struct world *world = run(scenario, seed, memory);
        trial_judge(scenario, world, &verdict);
        if (verdict.fault_count > 0) {
            print_faults(scenario, seed, &verdict);
            failed++;
        }
        if (seed == FIRST_SEED && scenario->seeds != 1 &&
            run(scenario, seed, memory)->digest != verdict.digest) {
            printf("# seed %" PRIu64 ": a second run differs\n", seed);
            failed++;
        }
    }
    free(memory);
    assert_int_equal(failed, 0);
}

static unsigned seeds_asked(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1] : getenv("NOON_WORLD_SEEDS");

    return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static unsigned seeds_of(const struct scenario *scenario, unsigned asked)
{
    unsigned usual = scenario->seeds > 0 ? scenario->seeds : SEEDS_USUAL;

    /* Fewer for all, when so asked; more only for those that are not marked as expensive. */
    return asked == 0 || (scenario->seeds > 0 && asked > usual) ? usual : asked;
}

int main(int argc, char **argv)
{
    static struct order orders[SCENARIOS_MAX];
    static struct CMUnitTest tests[SCENARIOS_MAX];
    unsigned asked = seeds_asked(argc, argv);
    size_t count = argc > 2 ? (size_t)argc - 2 : catalogue_count();

    if (count > SCENARIOS_MAX) {
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct scenario *scenario = argc > 2 ? catalogue_find(argv[i + 2]) : catalogue_at(i);
        if (!scenario) {
            fprintf(stderr, "test_worlds: no scenario '%s'\n", argv[i + 2]);
            return EXIT_FAILURE;
        }
        orders[i] = (struct order){scenario, seeds_of(scenario, asked)};
        tests[i] = (struct CMUnitTest){
            .name = scenario->name, .test_func = every_seed_passes, .initial_state = &orders[i]};
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("worlds", tests, count, NULL, NULL);
}
