/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/keeper.h"

enum {
    FIRST_PAUSE_S = 1,
    PAUSE_MAX_S = 60,
    REFUSED_FIRST_PAUSE_S = 5,
    REFUSED_PAUSE_MAX_S = 300,
    WITHDRAW_PAUSE_MAX_S = 30, /* as long as the record is there, clients are misled */
    SETTLE_MAX_S = 300,
    FLAPS_MAX = 6,
    CALM_S = 600, /* registered for so long: what was before is forgotten */
};

void keeper_init(struct keeper *keeper, struct duration settle, struct duration check)
{
    *keeper = (struct keeper){.settle = settle, .check = check, .wish = KEEPER_UNDECIDED};
}

static void wish(struct keeper *keeper, enum keeper_wish wish, struct steady_time now)
{
    keeper->wish = wish;
    keeper->fulfilled = false;
    keeper->failures = 0;
    keeper->due = now;
}

static int64_t settle_ns(const struct keeper *keeper)
{
    int64_t wanted = keeper->settle.ns << keeper->flaps;
    int64_t most = SETTLE_MAX_S * NS_PER_S;

    return wanted < most ? wanted : most;
}

bool keeper_look(struct keeper *keeper, bool good, struct steady_time now)
{
    if (good && !keeper->good) {
        keeper->good_since = now;
    }
    keeper->good = good;
    if (!good && keeper->wish != KEEPER_WITHDRAWN) {
        if (keeper->wish == KEEPER_REGISTERED && keeper->flaps < FLAPS_MAX) {
            keeper->flaps++;
        }
        wish(keeper, KEEPER_WITHDRAWN, now);
        return true;
    }
    if (good && keeper->wish != KEEPER_REGISTERED &&
        now.ns - keeper->good_since.ns >= settle_ns(keeper)) {
        keeper->registered_since = now;
        wish(keeper, KEEPER_REGISTERED, now);
        return true;
    }
    if (keeper->wish == KEEPER_REGISTERED &&
        now.ns - keeper->registered_since.ns >= CALM_S * NS_PER_S) {
        keeper->flaps = 0;
    }
    return false;
}

void keeper_hurry(struct keeper *keeper, struct steady_time now)
{
    keeper->due = now;
}

void keeper_end(struct keeper *keeper, struct steady_time now)
{
    if (keeper->wish != KEEPER_WITHDRAWN || !keeper->fulfilled) {
        wish(keeper, KEEPER_WITHDRAWN, now);
    }
}

bool keeper_is_due(const struct keeper *keeper, struct steady_time now)
{
    bool over =
        keeper->wish == KEEPER_UNDECIDED || (keeper->wish == KEEPER_WITHDRAWN && keeper->fulfilled);

    return !over && now.ns >= keeper->due.ns;
}

/* first, 2 * first, 4 * first ... most. */
static int64_t pause_ns(const struct keeper *keeper, bool refused)
{
    int64_t first = refused ? REFUSED_FIRST_PAUSE_S : FIRST_PAUSE_S;
    int64_t most = keeper->wish == KEEPER_WITHDRAWN ? WITHDRAW_PAUSE_MAX_S
                   : refused                        ? REFUSED_PAUSE_MAX_S
                                                    : PAUSE_MAX_S;
    int64_t pause = first << (keeper->failures < 10 ? keeper->failures : 10);

    return (pause < most ? pause : most) * NS_PER_S;
}

void keeper_attempted(struct keeper *keeper, enum attempt_result result, uint32_t random,
                      struct steady_time now)
{
    int64_t pause;

    if (result == ATTEMPT_DONE) {
        keeper->fulfilled = true;
        keeper->failures = 0;
        pause = keeper->check.ns;
    } else {
        pause = pause_ns(keeper, result == ATTEMPT_REFUSED);
        keeper->failures++;
    }
    /* Three quarters to five quarters of it. */
    keeper->due.ns = now.ns + pause / 4 * 3 + pause / 1024 * (random % 512);
}
