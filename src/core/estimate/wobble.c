/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/wobble.h"

#include <math.h>

/* Servers are steered at every poll of theirs: minutes.  Nothing shorter is looked for. */
static const double slot_min_s = 60;
/* A gap of so many slots, and an interval that has changed by so much, begin anew. */
static const double gap_slots = 8;
static const double interval_change = 2.5;
/* Both halves of a second difference are about as long. */
static const double ratio_max = 1.5;
/* So many differences are remembered, and at least so many are needed, per slot of their span. */
static const unsigned memory = 96;
static const unsigned needed = 24;
/* A swing is this much more than the noise of single measurements ... */
static const double plain = 3;
/* ... and four times the span makes it no larger than by this: white noise of the frequency makes
 * it 4 times, a random walk 64 times as large. */
static const double stops_growing = 2;
/* A swing comes back, so its mean is known better than that of so much independent noise: at a half
 * the clock is nearest to the truth, over swings of 400 to 2000 s; less is not enough to be
 * believed, at one the clock lags behind its own oscillator. */
static const double noise_share = 0.5;

void wobble_init(struct wobble *wobble)
{
    *wobble = (struct wobble){0};
}

static const unsigned *spans(void)
{
    static const unsigned slots[WOBBLE_SPANS] = {1, 2, 4, 8, 16, 32};

    return slots;
}

/* Point `back` places before the newest. */
static unsigned place(const struct wobble *wobble, unsigned back)
{
    return (wobble->points - 1 - back) % WOBBLE_POINTS;
}

static void measure(struct wobble *wobble, struct wobble_span *span, unsigned slots)
{
    unsigned now = place(wobble, 0), middle = place(wobble, slots),
             first = place(wobble, 2 * slots);
    double late_s = mono_diff_s(wobble->when[now], wobble->when[middle]);
    double early_s = mono_diff_s(wobble->when[middle], wobble->when[first]);
    double ratio = late_s / early_s;
    double bend_s;

    if (!(ratio < ratio_max && ratio > 1 / ratio_max)) {
        return;
    }
    bend_s = wobble->offset_s[now] - wobble->offset_s[middle] -
             ratio * (wobble->offset_s[middle] - wobble->offset_s[first]);
    double var = bend_s * bend_s / (1 + (1 + ratio) * (1 + ratio) + ratio * ratio);

    span->count++;
    double share = 1.0 / (span->count < memory * slots ? span->count : memory * slots);
    /* One point far off must not pass for a swing. */
    if (span->count > needed) {
        var = fmin(var, 12 * span->var_s2);
    }
    span->var_s2 += (var - span->var_s2) * share;
    span->span_s += ((late_s + early_s) / 2 - span->span_s) * share;
}

static void add_point(struct wobble *wobble)
{
    unsigned at = wobble->points++ % WOBBLE_POINTS;

    wobble->when[at] = wobble->best_when;
    wobble->offset_s[at] = wobble->best_offset_s;
    for (unsigned i = 0; i < WOBBLE_SPANS; i++) {
        if (wobble->points > 2 * spans()[i]) {
            measure(wobble, &wobble->span[i], spans()[i]);
        }
    }
}

void wobble_add(struct wobble *wobble, struct mono_time when, double offset_s, double excess_s,
                double interval_s)
{
    double slot_s = fmax(slot_min_s, interval_s);

    if (wobble->slot_s > 0 &&
        (slot_s > wobble->slot_s * interval_change || slot_s < wobble->slot_s / interval_change ||
         mono_diff_s(when, wobble->slot_end) > gap_slots * wobble->slot_s)) {
        wobble_init(wobble);
    }
    if (wobble->slot_s <= 0) {
        wobble->slot_s = slot_s;
    }
    if (wobble->open && mono_diff_s(when, wobble->slot_end) >= 0) {
        add_point(wobble);
        wobble->open = false;
    }
    if (!wobble->open || excess_s < wobble->best_excess_s) {
        wobble->best_when = when;
        wobble->best_offset_s = offset_s;
        wobble->best_excess_s = excess_s;
    }
    if (!wobble->open) {
        wobble->open = true;
        /* Requests come a little early or late: half a slot is room enough. */
        wobble->slot_end = mono_add(when, duration_from_s(wobble->slot_s * 0.9));
    }
}

struct wobble_found wobble_find(const struct wobble *wobble)
{
    struct wobble_found found = {0, 0};

    for (unsigned i = 1; i + 2 < WOBBLE_SPANS; i++) {
        const struct wobble_span *span = &wobble->span[i];
        const struct wobble_span *longer = &wobble->span[i + 2];

        if (longer->count >= needed * spans()[i + 2] / 4 + needed &&
            span->var_s2 > plain * plain * wobble->span[0].var_s2 / 3 &&
            longer->var_s2 < stops_growing * span->var_s2 &&
            span->var_s2 > found.sd_s * found.sd_s) {
            found.sd_s = sqrt(span->var_s2);
            found.span_s = span->span_s;
        }
    }
    return found;
}

double wobble_noise_s(const struct wobble_found *found, double interval_s)
{
    return noise_share * found->sd_s * sqrt(fmax(1, found->span_s / fmax(interval_s, 1e-3)));
}

void wobble_shift(struct wobble *wobble, double offset_s)
{
    for (unsigned i = 0; i < WOBBLE_POINTS; i++) {
        wobble->offset_s[i] += offset_s;
    }
    wobble->best_offset_s += offset_s;
}
