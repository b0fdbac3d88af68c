/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefilter.h - `filter N`: of N samples one goes on, the one with the median offset.
 *
 * The one that is chosen is a real measurement, so that its interval stays true.
 */
#ifndef CORE_ESTIMATE_PREFILTER_H
#define CORE_ESTIMATE_PREFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/estimate/sample.h"

enum { PREFILTER_MAX = 32 };

struct prefilter {
    uint8_t length;
    uint8_t count;
    struct sample kept[PREFILTER_MAX];
};

/* length: samples to a result; 0 and 1: each sample passes; above PREFILTER_MAX: that. */
void prefilter_init(struct prefilter *prefilter, unsigned length);
/* True when *out holds a sample to be used. */
bool prefilter_add(struct prefilter *prefilter, const struct sample *sample, struct sample *out);
/* Samples that wait have become incomparable to later ones: a jump, a disturbance. */
void prefilter_clear(struct prefilter *prefilter);
/* The frame base moved. */
void prefilter_shift(struct prefilter *prefilter, double offset_s);

#endif
