/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/trial.h"

#include <math.h>

/* 2026-06-01 00:00:00 and, for leap seconds, 2027-06-30 12:00:00. */
#define EPOCH_S INT64_C(1780272000)
#define LEAP_DAY_END_S INT64_C(1814400000)

const char *fault_sentence(enum fault_kind kind)
{
    static const char *const sentences[FAULT_COUNT] = {
#define FAULT_ROW(name, sentence) [FAULT_##name] = sentence,
        FAULT_LIST(FAULT_ROW)
#undef FAULT_ROW
    };

    return sentences[kind];
}

static struct world_setup setup_of(const struct scenario *scenario, const struct machine *machine,
                                   uint64_t seed)
{
    struct world_setup setup = {
        .limits = scenario->room,
        .machine = machine,
        .seed = seed,
        .utc = {.epoch = {EPOCH_S * NS_PER_S}},
        .duration_s = scenario->duration_s,
        .judged_from_s =
            scenario->judged_from_s > 0 ? scenario->judged_from_s : scenario->duration_s / 2,
        .sample_s = scenario->sample_s,
        .note_size = scenario->note_size,
    };

    if (scenario->leap != 0) {
        setup.utc.leap = scenario->leap;
        setup.utc.day_end.ns = LEAP_DAY_END_S * NS_PER_S;
        setup.utc.epoch.ns = (LEAP_DAY_END_S - 43200) * NS_PER_S;
    }
    return setup;
}

size_t trial_size(const struct scenario *scenario, const struct machine *machine)
{
    struct world_setup setup = setup_of(scenario, machine, 0);

    return world_size(&setup);
}

struct world *trial_build(const struct scenario *scenario, const struct machine *machine,
                          uint64_t seed, void *memory)
{
    struct world_setup setup = setup_of(scenario, machine, seed);
    struct world *world = world_init(memory, &setup);

    scenario->build(world);
    return world;
}

static void blame(struct verdict *verdict, const struct fault *fault)
{
    if (verdict->fault_count < FAULTS_MAX) {
        verdict->faults[verdict->fault_count++] = *fault;
    }
}

/* At most `limit`, where one is set. */
static void judge_most(struct verdict *verdict, unsigned node, enum fault_kind kind, double value,
                       double limit)
{
    if (limit > 0 && !(value <= limit)) {
        blame(verdict, &(struct fault){kind, node, value, limit});
    }
}

static double root_mean(double square_sum, uint64_t count)
{
    return count > 0 ? sqrt(square_sum / (double)count) : 0;
}

static void judge_node(const struct scenario_limits *limits, const struct world *world,
                       unsigned index, struct verdict *verdict)
{
    const struct sim_node *node = &world->nodes[index];
    const struct figures *f = &node->figures;
    double lock_s = true_time_to_s(f->locked) - true_time_to_s(node->started);
    double share = f->judged > 0 ? (double)f->synchronised / (double)f->judged : 0;

    if (check_failed(&node->check)) {
        const struct violation *first = &node->check.first;
        blame(verdict, &(struct fault){FAULT_INVARIANT, index, first->value, first->limit, *first});
    }
    judge_most(verdict, index, FAULT_LOCK, lock_s, limits->lock_s);
    judge_most(verdict, index, FAULT_CLOCK_RMS, root_mean(f->clock_square_sum, f->judged),
               limits->clock_rms_s);
    judge_most(verdict, index, FAULT_CLOCK_MAX, f->clock_max_s, limits->clock_max_s);
    judge_most(verdict, index, FAULT_LINE_RMS, root_mean(f->line_square_sum, f->synchronised),
               limits->line_rms_s);
    judge_most(verdict, index, FAULT_LINE_MAX, f->line_max_s, limits->line_max_s);
    judge_most(verdict, index, FAULT_BOUND_MEAN,
               f->synchronised > 0 ? f->bound_sum_s / (double)f->synchronised : 0,
               limits->bound_mean_s);
    judge_most(verdict, index, FAULT_PACKETS, (double)f->sent, limits->packets);
    if (limits->steps != 0 && (double)f->steps > (limits->steps > 0 ? limits->steps : 0)) {
        blame(verdict, &(struct fault){FAULT_STEPS, index, (double)f->steps, limits->steps});
    }
    if (share < limits->synchronised) {
        blame(verdict, &(struct fault){FAULT_SYNCHRONISED, index, share, limits->synchronised});
    }
}

void trial_judge(const struct scenario *scenario, struct world *world, struct verdict *verdict)
{
    *verdict = (struct verdict){.digest = world->digest};
    for (unsigned i = 0; i < world->node_count; i++) {
        judge_node(&scenario->limits, world, i, verdict);
    }
    const char *sentence = scenario->judge ? scenario->judge(world) : NULL;
    if (sentence) {
        blame(verdict, &(struct fault){.kind = FAULT_JUDGE, .sentence = sentence});
    }
}
