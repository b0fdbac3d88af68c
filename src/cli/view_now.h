/* SPDX-License-Identifier: BSD-2-Clause */
/* view_now.h - what time it is, as an interval. */
#ifndef CLI_VIEW_NOW_H
#define CLI_VIEW_NOW_H

#include <stdbool.h>

#include "base/text.h"
#include "base/units.h"

/* UTC lies between utc - before and utc + after, if anything is promised. */
struct now {
    struct utc_time utc;
    double before_s, after_s;
    bool synchronised;
    bool from_page;   /* read from shared memory, not asked over the socket */
    bool truth_known; /* then error_s is utc - true time */
    double error_s;
};

struct utc_time now_earliest(const struct now *now);
struct utc_time now_latest(const struct now *now);
/* Is the true time within the interval? */
bool now_inside(const struct now *now);

void view_now(struct text *text, const struct now *now);

#endif
