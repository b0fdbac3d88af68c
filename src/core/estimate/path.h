/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.h - keeps time from moving when the route to a source changes.
 *
 * When the floor of the round trip moves by D, the measured offset moves by anything within
 * +-D/2, since nobody sees in which direction the way became longer.  The oscillator does not
 * change its time at that moment, so the new route's bias is measured against the clock carried on
 * from before, and subtracted from then on.  A source has a few such regimes; a known one is found
 * again by its floor.
 *
 * At fast polls, congestion may last for many exchanges; so these are gathered in slots of half a
 * minute, and a longer route must show in 16 slots in a row.
 *
 * Only the old time scale is kept by this: if the old route was the asymmetric one, so remains the
 * result.  Therefore path_half_width() says what can be sworn to.
 */
#ifndef CORE_ESTIMATE_PATH_H
#define CORE_ESTIMATE_PATH_H

#include <stdbool.h>

#include "base/units.h"
#include "core/estimate/bank.h"

enum { PATH_REGIMES = 6, PATH_SLOTS = 16, PATH_STATES = 32 };

struct path_regime {
    double floor_s;
    double bias_s; /* measured offset - offset on the time scale of the first regime */
    double bias_var_s2;
};

struct path_exchange {
    struct mono_time when;
    double offset_s;
    double delay_s;
};

struct path_state {
    struct mono_time when;
    double wander;
    struct line_state line;
};

struct path {
    struct path_regime regime[PATH_REGIMES];
    unsigned regimes; /* in use */
    unsigned current;
    unsigned count;       /* exchanges ever */
    unsigned slots;       /* slots ever */
    unsigned states;      /* slots since the states were last forgotten */
    unsigned since_moved; /* slots since the current regime was entered */
    struct mono_time slot_opened;
    double jitter_s;      /* mean excess of one way, in the current regime */
    bool pending;         /* a floor below the current one was seen; not yet believed */
    unsigned pending_low; /* slots that confirm it */
    bool slot_low;        /* the present one is among them */
    double pending_floor_s;
    struct mono_time decayed; /* bias decay was last applied */
    /* Rings of slots: of each the quickest exchange, and the estimate before its first one. */
    struct path_exchange exchange[PATH_SLOTS];
    struct path_state state[PATH_STATES];
};

void path_init(struct path *path);
/*
 * Take an exchange, given the estimate just before it (NULL as long as there is none), and change
 * its offset and delay to what they would have been over the first regime.
 */
void path_normalise(struct path *path, const struct path_state *before, double precision_s,
                    struct path_exchange *exchange);
/* The time scale itself moved: regimes and biases stay. */
void path_shift(struct path *path, double offset_s);
/* What is remembered of before an instant no longer predicts what comes after it. */
void path_forget_states(struct path *path);
/*
 * Floor whose half bounds the error of the normalised offset, and the standard deviation of what
 * was subtracted.
 */
double path_anchor_floor(const struct path *path, double *bias_sd_s);

#endif
