/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_now.h"

/* Rounded outwards by a ns, so that the interval stays one in spite of rounding. */
struct utc_time now_earliest(const struct now *now)
{
    return (struct utc_time){now->utc.ns - duration_from_s(now->before_s).ns - 1};
}

struct utc_time now_latest(const struct now *now)
{
    return (struct utc_time){now->utc.ns + duration_from_s(now->after_s).ns + 1};
}

bool now_inside(const struct now *now)
{
    return now->synchronised && now->error_s <= now->before_s && -now->error_s <= now->after_s;
}

static void line(struct text *text, const char *label, struct utc_time t)
{
    text_add(text, label);
    text_time(text, t, 9);
    text_char(text, '\n');
}

void view_now(struct text *text, const struct now *now)
{
    if (now->synchronised) {
        line(text, "earliest    ", now_earliest(now));
        line(text, "latest      ", now_latest(now));
        text_add(text, "status      synchronised, right to within ");
        text_duration(text, now->before_s > now->after_s ? now->before_s : now->after_s);
    } else {
        line(text, "perhaps     ", now->utc);
        text_add(text, "status      not synchronised: nothing is promised");
    }
    text_char(text, '\n');
    if (now->truth_known) {
        text_add(text, "true error  ");
        text_offset(text, now->error_s);
        text_add(text, now_inside(now)     ? ", inside the bound\n"
                       : now->synchronised ? ", OUTSIDE the bound\n"
                                           : ", no bound\n");
    }
}
