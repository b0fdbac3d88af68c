/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/path.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Until then a floor is still settling, and moves are no changes of route. */
static const unsigned settling = 32;
/* Exchanges closer than this share a slot. */
static const double slot_s = 30;
/* A route that is longer by this much jitter in 16 slots in a row is another one ... */
static const double rise_jitters = 4;
/* ... unless their spread says that it is congestion. */
static const double spread_jitters = 2;
/* A shorter round trip by this much jitter cannot be the old floor seen better. */
static const double drop_jitters = 1.5;
static const unsigned drop_confirmations = 8;
/* Bias on a route that is shorter than the first one is unlearnt over a day. */
static const double decay_s = 86400;

void path_init(struct path *path)
{
    memset(path, 0, sizeof *path);
    path->regimes = 1;
    path->regime[0].floor_s = (double)INFINITY;
}

void path_shift(struct path *path, double offset_s)
{
    for (int i = 0; i < PATH_SLOTS; i++) {
        path->exchange[i].offset_s += offset_s;
    }
    for (int i = 0; i < PATH_STATES; i++) {
        path->state[i].line.offset_s += offset_s;
    }
}

void path_forget_states(struct path *path)
{
    path->states = 0;
    path->pending = false;
}

/* The clock before the last `slots`, or NULL when it is not remembered. */
static const struct path_state *state_before(const struct path *path, unsigned slots)
{
    if (path->states < slots || slots > PATH_STATES) {
        return NULL;
    }
    return &path->state[(path->slots - slots) % PATH_STATES];
}

/*
 * A regime for this floor, whose bias is measured by the last `slots` against the clock carried on
 * from before them.
 */
static struct path_regime measure(const struct path *path, unsigned slots, double floor_s)
{
    const struct path_regime *old = &path->regime[path->current];
    /* Two earlier: the change may have come just before the first slot that shows it. */
    const struct path_state *from = state_before(path, slots + 2);
    double limit = fabs(floor_s - old->floor_s) / 2;
    struct path_regime regime = {floor_s, old->bias_s, old->bias_var_s2 + limit * limit / 3};
    double weights = 0;
    double sum = 0;

    if (from == NULL) {
        return regime;
    }
    for (unsigned i = 0; i < slots; i++) {
        const struct path_exchange *e = &path->exchange[(path->slots - 1 - i) % PATH_SLOTS];
        double width = (e->delay_s - floor_s) / 2 + 0.3 * path->jitter_s;
        double weight = 1 / fmax(width * width, 1e-20);
        double coasted =
            from->line.offset_s + from->line.freq_s_per_s * mono_diff_s(e->when, from->when);

        weights += weight;
        sum += weight * (e->offset_s - coasted);
    }
    double age = mono_diff_s(path->exchange[(path->slots - 1) % PATH_SLOTS].when, from->when);
    struct line_state ahead = line_predict(&from->line, age, from->wander);

    regime.bias_s = fmax(old->bias_s - limit, fmin(old->bias_s + limit, sum / weights));
    regime.bias_var_s2 = old->bias_var_s2 + ahead.var_offset_s2 + 1 / weights;
    return regime;
}

/* The other regime with this floor, or -1. */
static int find_regime(const struct path *path, double floor_s)
{
    for (unsigned i = 0; i < path->regimes; i++) {
        if (i != path->current && fabs(path->regime[i].floor_s - floor_s) < path->jitter_s) {
            return (int)i;
        }
    }
    return -1;
}

/* The other regime over which a round trip could have been so short, as long as possible; or -1. */
static int find_shorter(const struct path *path, double delay_s)
{
    int found = -1;

    for (unsigned i = 0; i < path->regimes; i++) {
        if (i != path->current && path->regime[i].floor_s < delay_s + path->jitter_s &&
            (found < 0 || path->regime[i].floor_s > path->regime[found].floor_s)) {
            found = (int)i;
        }
    }
    return found;
}

static void enter(struct path *path, unsigned index)
{
    path->current = index;
    path->since_moved = 0;
    path->pending = false;
}

/* The first regime is the time scale, and is never given up. */
static void enter_new(struct path *path, unsigned slots, double floor_s)
{
    struct path_regime regime = measure(path, slots, floor_s);
    unsigned index = path->regimes;

    if (path->regimes < PATH_REGIMES) {
        path->regimes++;
    } else {
        index = path->current == 1 ? 2 : 1;
    }
    path->regime[index] = regime;
    enter(path, index);
}

/* True when the exchange cannot be assigned to a route yet. */
static bool watch_drop(struct path *path, double delay_s, double precision_s)
{
    struct path_regime *now = &path->regime[path->current];
    double margin = drop_jitters * path->jitter_s + 2 * precision_s;

    if (!path->pending) {
        if (delay_s >= now->floor_s - margin) {
            now->floor_s = fmin(now->floor_s, delay_s);
            return false;
        }
        /* Should it be a new one in between, this stays sound, and the rise is seen later. */
        int known = find_shorter(path, delay_s);
        if (known >= 0) {
            enter(path, (unsigned)known);
            return false;
        }
        path->pending = true;
        path->pending_low = 0;
        path->pending_floor_s = delay_s;
        path->slot_low = false;
    }
    path->pending_floor_s = fmin(path->pending_floor_s, delay_s);
    if (delay_s < now->floor_s - margin) {
        path->pending_low += !path->slot_low;
        path->slot_low = true;
    } else if (delay_s < now->floor_s + path->jitter_s && path->pending_low < 3) {
        path->pending = false;
    }
    if (path->pending && path->pending_low >= drop_confirmations) {
        enter_new(path, drop_confirmations, path->pending_floor_s);
    }
    return path->pending;
}

static void watch_rise(struct path *path, double delay_s, double precision_s)
{
    const struct path_regime *now = &path->regime[path->current];
    double least = (double)INFINITY;
    double mean = 0;

    for (int i = 0; i < PATH_SLOTS; i++) {
        least = fmin(least, path->exchange[i].delay_s);
        mean += path->exchange[i].delay_s / PATH_SLOTS;
    }
    if (path->since_moved >= PATH_SLOTS &&
        least > now->floor_s + rise_jitters * path->jitter_s + 2 * precision_s &&
        (mean - least) / 2 < spread_jitters * path->jitter_s + 2 * precision_s) {
        int known = find_regime(path, least);

        if (known >= 0) {
            enter(path, (unsigned)known);
        } else {
            enter_new(path, PATH_SLOTS, least);
        }
    } else if (delay_s < now->floor_s + 6 * path->jitter_s) {
        path->jitter_s += ((delay_s - now->floor_s) / 2 - path->jitter_s) / 64;
    }
}

/* A shorter route has less room for asymmetry than the first: let it have its say, slowly. */
static void decay_bias(struct path *path, struct mono_time now)
{
    struct path_regime *regime = &path->regime[path->current];
    double elapsed = mono_diff_s(now, path->decayed);

    path->decayed = now;
    if (path->current == 0 || regime->floor_s >= path->regime[0].floor_s || elapsed <= 0) {
        return;
    }
    regime->bias_s /= 1 + elapsed / decay_s;
    regime->bias_var_s2 /= 1 + 2 * elapsed / decay_s;
}

static void settle(struct path *path, double delay_s)
{
    struct path_regime *first = &path->regime[0];

    first->floor_s = fmin(first->floor_s, delay_s);
    path->jitter_s += ((delay_s - first->floor_s) / 2 - path->jitter_s) / path->count;
}

/* Note the exchange in its slot, or open a new one; `before` is the estimate just before it. */
static void note(struct path *path, const struct path_state *before,
                 const struct path_exchange *exchange)
{
    bool same = path->slots > 0 && mono_diff_s(exchange->when, path->slot_opened) < slot_s;
    struct path_exchange *kept = &path->exchange[(path->slots - same) % PATH_SLOTS];

    path->count++;
    if (same) {
        if (exchange->delay_s < kept->delay_s) {
            *kept = *exchange;
        }
        return;
    }
    *kept = *exchange;
    path->slot_opened = exchange->when;
    path->slot_low = false;
    path->since_moved++;
    path->states = before != NULL ? path->states + 1 : 0;
    if (before != NULL) {
        path->state[path->slots % PATH_STATES] = *before;
    }
    path->slots++;
}

void path_normalise(struct path *path, const struct path_state *before, double precision_s,
                    struct path_exchange *exchange)
{
    double delay = exchange->delay_s;
    bool undecided = false;

    note(path, before, exchange);
    decay_bias(path, exchange->when);
    if (path->count <= settling || path->slots <= PATH_SLOTS) {
        settle(path, delay);
    } else {
        undecided = watch_drop(path, delay, precision_s);
        if (!undecided) {
            watch_rise(path, delay, precision_s);
        }
    }
    const struct path_regime *now = &path->regime[path->current];
    double first = path->regime[0].floor_s;

    exchange->offset_s -= now->bias_s;
    if (undecided) {
        /* Sound but wide: the offset may have moved by half of what the floor did. */
        exchange->delay_s = first + fabs(delay - path->pending_floor_s) +
                            fabs(path->pending_floor_s - now->floor_s);
    } else {
        exchange->delay_s = fmax(delay - now->floor_s + first, 0);
    }
}

double path_anchor_floor(const struct path *path, double *bias_sd_s)
{
    const struct path_regime *now = &path->regime[path->current];
    double first = path->regime[0].floor_s;
    double present = now->floor_s + 2 * fabs(now->bias_s);

    *bias_sd_s = 0;
    if (path->count == 0) {
        return 0;
    }
    if (path->current == 0) {
        return first;
    }
    if (present < first) {
        return present;
    }
    *bias_sd_s = sqrt(now->bias_var_s2);
    return first;
}
