/* SPDX-License-Identifier: BSD-2-Clause */
/* must.h - checks for mistakes of ours; on in every build.  Never for input. */
#ifndef BASE_MUST_H
#define BASE_MUST_H

/* A trap leaves a core dump at the very line and needs nothing from the C library. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

#endif
