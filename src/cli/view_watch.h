/* SPDX-License-Identifier: BSD-2-Clause */
/* view_watch.h - the live screen. */
#ifndef CLI_VIEW_WATCH_H
#define CLI_VIEW_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

enum { WATCH_POINTS = 240 };

/* What the last screens showed, oldest first. */
struct watch_history {
    size_t count;
    struct watch_point {
        double error_s; /* of the clock that is kept, as the node sees it; NaN: unknown */
        double bound_s; /* NaN: none */
    } points[WATCH_POINTS];
};

void watch_history_add(struct watch_history *history, const struct node_status *node);

struct watch_screen {
    unsigned columns, rows; /* of the terminal */
    double interval_s;
    const char *problem; /* why there is no new record; NULL: there is one */
};

/* At most `rows` lines of at most `columns` characters, each ended by a newline. */
void view_watch(struct text *text, const struct view *view, const struct status_record *record,
                const struct watch_history *history, const struct watch_screen *screen);

/* Eight lines: a decade each from 1 s down to 1 us, time to the right. */
void view_watch_chart(struct text *text, const struct watch_history *history, unsigned columns);

#endif
