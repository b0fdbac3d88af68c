/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lint.h - what a configuration that is without error may still make its author regret.
 *
 * Pure: what is known of the machine (a rival that runs, its public addresses) is told by the
 * caller.
 */
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include "config/config.h"
#include "wire/cloud.h"

#define LINT_LIST(X)                                                                               \
    X(ONE_SOURCE, "one-source")                                                                    \
    X(TWO_SOURCES, "two-sources")                                                                  \
    X(NO_LIMIT, "panic-0")                                                                         \
    X(MIXED_SMEAR, "mixed-smear")                                                                  \
    X(FAST_POOL, "fast-pool")                                                                      \
    X(OPEN_SERVER, "open-server")                                                                  \
    X(LOCAL_WITHOUT_ORPHAN, "local-without-orphan")                                                \
    X(RIVAL, "rival")                                                                              \
    X(MIXED_AUTHENTICATION, "mixed-authentication")                                                \
    X(CLOUD_CLOCK, "cloud-clock")

enum lint_kind {
#define X(name, word) LINT_##name,
    LINT_LIST(X)
#undef X
        LINT_COUNT
};

/* The word by which scripts know it. */
const char *lint_word(enum lint_kind kind);

struct lint_finding {
    enum lint_kind kind;
    const char *file; /* borrowed from the configuration; NULL: about all of it */
    uint32_t line;    /* 0: about the whole file */
    char text[CONFIG_TEXT_SIZE];
};

struct lint_report {
    struct lint_finding at[LINT_COUNT]; /* each kind once, at its first line */
    size_t count;
};

/* What the configuration can't know. */
struct lint_machine {
    const char *rival;   /* a program that also disciplines the clock, with its process; NULL */
    bool public_address; /* it has an address that anybody can reach */
    const struct cloud_offer *cloud; /* what its provider offers; NULL: none that is known */
};

void lint_run(const struct config *config, const struct lint_machine *machine,
              struct lint_report *report);

#endif
