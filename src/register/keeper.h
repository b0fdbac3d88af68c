/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keeper.h - when one registration is made, looked after, withdrawn, and tried again.  Pure.
 *
 * Withdrawn at once, registered only after the time has been good for a while, and longer so when
 * it keeps coming and going: nobody's DNS is flooded by a server in trouble.
 */
#ifndef REGISTER_KEEPER_H
#define REGISTER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

enum keeper_wish {
    KEEPER_UNDECIDED, /* good, but not for long enough to know */
    KEEPER_REGISTERED,
    KEEPER_WITHDRAWN,
};

/* How an attempt went. */
enum attempt_result {
    ATTEMPT_DONE,
    ATTEMPT_LATER,   /* silence, or a trouble that passes */
    ATTEMPT_REFUSED, /* it takes somebody to put that right */
};

struct keeper {
    struct duration settle, check;
    enum keeper_wish wish;
    bool good, fulfilled; /* the last look at noond; the wish, as far as is known */
    struct steady_time good_since, registered_since;
    struct steady_time due; /* of the next attempt */
    unsigned failures;      /* in a row */
    unsigned flaps;         /* withdrawals in short succession */
};

void keeper_init(struct keeper *keeper, struct duration settle, struct duration check);

/* How noond is now.  True: there is a new wish, whose first attempt is due. */
bool keeper_look(struct keeper *keeper, bool good, struct steady_time now);

/* The records to register have changed, or this program ends: the next attempt is due now. */
void keeper_hurry(struct keeper *keeper, struct steady_time now);
/* From now on withdrawn, whatever noond's time is. */
void keeper_end(struct keeper *keeper, struct steady_time now);

bool keeper_is_due(const struct keeper *keeper, struct steady_time now);

/* After an attempt; `random` spreads those of many servers. */
void keeper_attempted(struct keeper *keeper, enum attempt_result result, uint32_t random,
                      struct steady_time now);

#endif
