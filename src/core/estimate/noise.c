/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/estimate/noise.h"

#include <string.h>

/* A median of fewer says nothing. */
static const unsigned count_min = 8;

void noise_init(struct noise *noise)
{
    memset(noise, 0, sizeof *noise);
}

/* Insertion sort: the array is short. */
static void sort(float *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        float value = values[i];
        unsigned hole = i;

        while (hole > 0 && values[hole - 1] > value) {
            values[hole] = values[hole - 1];
            hole--;
        }
        values[hole] = value;
    }
}

void noise_add(struct noise *noise, double excess_s)
{
    float sorted[NOISE_KEPT];
    unsigned kept;

    noise->excess_s[noise->count % NOISE_KEPT] = (float)(excess_s < 1e6 ? excess_s : 1e6);
    noise->count++;
    kept = noise->count < NOISE_KEPT ? noise->count : NOISE_KEPT;
    if (kept < count_min) {
        return;
    }
    memcpy(sorted, noise->excess_s, kept * sizeof sorted[0]);
    sort(sorted, kept);
    noise->scale_s = 1.4826 * 0.5 * ((double)sorted[(kept - 1) / 2] + (double)sorted[kept / 2]);
}
