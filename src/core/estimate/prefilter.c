/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/prefilter.h"

#include <math.h>

void prefilter_init(struct prefilter *prefilter, unsigned length)
{
    prefilter->length = (uint8_t)(length < PREFILTER_MAX ? length : PREFILTER_MAX);
    prefilter->count = 0;
}

void prefilter_clear(struct prefilter *prefilter)
{
    prefilter->count = 0;
}

void prefilter_shift(struct prefilter *prefilter, double offset_s)
{
    for (unsigned i = 0; i < prefilter->count; i++) {
        prefilter->kept[i].offset_s += offset_s;
    }
}

/* Of the samples that wait: of an even number, the one of the two in the middle whose round trip
 * was shorter. */
static const struct sample *median(const struct prefilter *prefilter)
{
    const struct sample *best = &prefilter->kept[0];
    unsigned best_rank_distance = PREFILTER_MAX * 2;

    for (unsigned i = 0; i < prefilter->count; i++) {
        const struct sample *s = &prefilter->kept[i];
        int rank_twice = 1 - (int)prefilter->count;

        for (unsigned j = 0; j < prefilter->count; j++) {
            double other = prefilter->kept[j].offset_s;

            rank_twice += 2 * (other < s->offset_s || (other == s->offset_s && j < i));
        }
        unsigned rank_distance = (unsigned)(rank_twice < 0 ? -rank_twice : rank_twice);

        if (rank_distance < best_rank_distance ||
            (rank_distance == best_rank_distance && s->delay_s < best->delay_s)) {
            best = s;
            best_rank_distance = rank_distance;
        }
    }
    return best;
}

bool prefilter_add(struct prefilter *prefilter, const struct sample *sample, struct sample *out)
{
    if (prefilter->length < 2) {
        *out = *sample;
        return true;
    }
    if (!isfinite(sample->offset_s) || !isfinite(sample->delay_s)) {
        return false;
    }
    prefilter->kept[prefilter->count++] = *sample;
    if (prefilter->count < prefilter->length) {
        return false;
    }
    *out = *median(prefilter);
    prefilter->count = 0;
    return true;
}
