/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/unrest.h"

#include <math.h>

static const double hour_s = 3600;
/* Changes are looked for over so many hours: a change in one is hardly more than noise. */
enum { SPAN_HOURS = 3 };
/* Deviations of a difference that are noise. */
static const double noise_sds = 1;

void unrest_init(struct unrest *unrest)
{
    *unrest = (struct unrest){0};
}

void unrest_note(struct unrest *unrest, struct mono_time now, double freq_s_per_s,
                 double sd_s_per_s)
{
    unsigned at = unrest->count % UNREST_HOURS;

    if (unrest->count > 0 && now.ns < unrest->next.ns) {
        return;
    }
    unrest->freq_s_per_s[at] = freq_s_per_s;
    unrest->sd_s_per_s[at] = sd_s_per_s;
    unrest->count++;
    unrest->next = mono_add(now, duration_from_s(hour_s));
}

/* How far two values differ, less what noise explains. */
static double apart(const struct unrest *unrest, unsigned one, unsigned other)
{
    double sd = sqrt(unrest->sd_s_per_s[one] * unrest->sd_s_per_s[one] +
                     unrest->sd_s_per_s[other] * unrest->sd_s_per_s[other]);

    return fmax(0, fabs(unrest->freq_s_per_s[one] - unrest->freq_s_per_s[other]) - noise_sds * sd);
}

struct unrest_limits unrest_limits(const struct unrest *unrest)
{
    unsigned kept = unrest->count < UNREST_HOURS ? unrest->count : UNREST_HOURS;
    struct unrest_limits limits = {0, 0};

    for (unsigned i = 0; i < kept; i++) {
        unsigned one = (unrest->count - 1 - i) % UNREST_HOURS;

        if (i + SPAN_HOURS < kept) {
            unsigned before = (unrest->count - 1 - SPAN_HOURS - i) % UNREST_HOURS;
            limits.slope_s_per_s2 =
                fmax(limits.slope_s_per_s2, apart(unrest, one, before) / (SPAN_HOURS * hour_s));
        }
        for (unsigned k = i + 1; k < kept; k++) {
            limits.range_s_per_s = fmax(limits.range_s_per_s,
                                        apart(unrest, one, (unrest->count - 1 - k) % UNREST_HOURS));
        }
    }
    return limits;
}
