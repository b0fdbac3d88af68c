/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/manual.h"

#include <math.h>

/* One sigma of a time that was read to the second and typed. */
static const double typed_sd_s = 0.3;

/* "Not known": no clock is that wrong. */
static const double no_freq_sd_s_per_s = 1;

void manual_add(struct manual *manual, const struct clock_reading *now, struct utc_time typed)
{
    if (manual->count == MANUAL_SAMPLES_MAX) {
        (void)manual_delete(manual, 0);
    }
    manual->at[manual->count++] = (struct manual_sample){
        .raw = now->raw,
        .typed = typed,
        .first_s = utc_diff_s(typed, now->real),
    };
}

bool manual_delete(struct manual *manual, int32_t index)
{
    if (index < 0 || (uint32_t)index >= manual->count) {
        return false;
    }
    manual->count--;
    for (unsigned i = (unsigned)index; i < manual->count; i++) {
        manual->at[i] = manual->at[i + 1];
    }
    return true;
}

/* What UTC gained on raw since the first sample; whole ns first. */
static double gained_s(const struct manual *manual, unsigned i)
{
    const struct manual_sample *first = &manual->at[0], *one = &manual->at[i];

    return (double)((one->typed.ns - first->typed.ns) - (one->raw.ns - first->raw.ns)) * 1e-9;
}

struct manual_fit manual_fit(const struct manual *manual)
{
    struct manual_fit fit = {.freq_sd_s_per_s = no_freq_sd_s_per_s};
    double mean_t = 0, mean_y = 0, tt = 0, ty = 0;
    double n = manual->count;

    for (unsigned i = 0; i < manual->count; i++) {
        mean_t += mono_diff_s(manual->at[i].raw, manual->at[0].raw) / n;
        mean_y += gained_s(manual, i) / n;
    }
    for (unsigned i = 0; i < manual->count; i++) {
        double t = mono_diff_s(manual->at[i].raw, manual->at[0].raw) - mean_t;

        tt += t * t;
        ty += t * (gained_s(manual, i) - mean_y);
    }
    if (tt > 0) {
        fit.freq_s_per_s = ty / tt;
        fit.freq_sd_s_per_s = fmin(typed_sd_s / sqrt(tt), no_freq_sd_s_per_s);
    }
    for (unsigned i = 0; i < manual->count; i++) {
        double t = mono_diff_s(manual->at[i].raw, manual->at[0].raw) - mean_t;

        fit.residual_s[i] = gained_s(manual, i) - mean_y - fit.freq_s_per_s * t;
    }
    return fit;
}

double manual_left_s(const struct manual_sample *sample, const struct clock_reading *now,
                     struct freq rate)
{
    int64_t raw_ns = now->raw.ns - sample->raw.ns;

    return (double)((sample->typed.ns - now->real.ns) + raw_ns) * 1e-9 +
           rate.s_per_s * (double)raw_ns * 1e-9;
}
