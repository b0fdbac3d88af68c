/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/line.h"

#include <math.h>

#include "wire/ntp_packet.h"

#define UNBOUNDED_S 1e9

struct utc_time line_utc(const struct time_line *line, struct steady_time at)
{
    int64_t elapsed_ns = at.ns - line->from.ns;

    /* The rate's part alone goes through a double: it is thousands of times smaller. */
    return (struct utc_time){line->utc.ns + elapsed_ns +
                             duration_from_s((double)elapsed_ns * 1e-9 * line->rate).ns};
}

double line_bound_s(const struct time_line *line, struct steady_time at)
{
    double elapsed_s = (double)(at.ns - line->from.ns) * 1e-9;
    double bound_s = line->bound_s + line->growth_s_per_s * fabs(elapsed_s);

    if (!line->synchronised || line->local || line->leap == NTP_LEAP_UNSYNC ||
        at.ns >= line->void_after.ns) {
        return UNBOUNDED_S;
    }
    return bound_s < UNBOUNDED_S ? bound_s : UNBOUNDED_S;
}

double line_root_dispersion_s(const struct time_line *line, struct steady_time at)
{
    double elapsed_s = (double)(at.ns - line->from.ns) * 1e-9;
    double rest_s = line_bound_s(line, at) - line->root_delay_s / 2;

    if (line->local) {
        /* Nobody vouches for it any more: clients are told how far it may have drifted since. */
        rest_s = line->bound_s + line->growth_s_per_s * fabs(elapsed_s) - line->root_delay_s / 2;
    }

    return rest_s > 0 ? rest_s : 0;
}
