/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.h - tells a source whose time has jumped from one that had a bad moment.
 *
 * A measurement that no plausible error explains is withheld; when four in a row miss on the same
 * side, the time did jump.
 */
#ifndef CORE_ESTIMATE_JUMP_H
#define CORE_ESTIMATE_JUMP_H

enum jump_verdict { JUMP_NONE, JUMP_SUSPECTED, JUMP_CONFIRMED };

enum { JUMP_CONFIRMATIONS = 4 };

struct jump {
    int side;       /* of the misses: -1, 1; 0: none */
    unsigned count; /* misses in a row on that side */
};

void jump_init(struct jump *jump);
/* miss_s: measured - predicted offset; limit_s: what chance and queueing may make of it. */
enum jump_verdict jump_test(struct jump *jump, double miss_s, double limit_s);

#endif
