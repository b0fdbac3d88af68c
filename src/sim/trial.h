/* SPDX-License-Identifier: BSD-2-Clause */
/* trial.h - build the world of a scenario from a seed, and judge it when it has been run. */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include "sim/scenario.h"

#define FAULT_LIST(X)                                                                              \
    X(INVARIANT, "an invariant is broken")                                                         \
    X(LOCK, "the first synchronisation took too long, s")                                          \
    X(CLOCK_RMS, "rms error of the clock, s")                                                      \
    X(CLOCK_MAX, "largest error of the clock, s")                                                  \
    X(LINE_RMS, "rms error of the published time, s")                                              \
    X(LINE_MAX, "largest error of the published time, s")                                          \
    X(BOUND_MEAN, "mean bound, s")                                                                 \
    X(SYNCHRONISED, "share of the time synchronised")                                              \
    X(PACKETS, "requests sent")                                                                    \
    X(STEPS, "steps of the clock")                                                                 \
    X(JUDGE, "the scenario's own demand")

enum fault_kind {
#define FAULT_ENUM(name, sentence) FAULT_##name,
    FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_COUNT
};
const char *fault_sentence(enum fault_kind kind);

struct fault {
    enum fault_kind kind;
    unsigned node;
    double value, limit;
    struct violation violation; /* INVARIANT: the first one of the node */
    const char *sentence;       /* JUDGE */
};

enum { FAULTS_MAX = 16 };

struct verdict {
    unsigned fault_count; /* 0: passed */
    struct fault faults[FAULTS_MAX];
    uint64_t digest;
};

/* The world of a scenario: octets it needs, and built, ready to run. */
size_t trial_size(const struct scenario *scenario, const struct machine *machine);
struct world *trial_build(const struct scenario *scenario, const struct machine *machine,
                          uint64_t seed, void *memory);
/* Judge a world that has been run to its end. */
void trial_judge(const struct scenario *scenario, struct world *world, struct verdict *verdict);

#endif
