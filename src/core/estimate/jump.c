/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/jump.h"

void jump_init(struct jump *jump)
{
    *jump = (struct jump){0};
}

enum jump_verdict jump_test(struct jump *jump, double miss_s, double limit_s)
{
    int side = (miss_s > limit_s) - (miss_s < -limit_s);

    if (side != jump->side) {
        jump->side = side;
        jump->count = 0;
    }
    if (side == 0) {
        return JUMP_NONE;
    }
    if (++jump->count < JUMP_CONFIRMATIONS) {
        return JUMP_SUSPECTED;
    }
    jump_init(jump);
    return JUMP_CONFIRMED;
}
