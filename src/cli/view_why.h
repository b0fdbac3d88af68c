/* SPDX-License-Identifier: BSD-2-Clause */
/* view_why.h - why something is not as it should be, since when, and what would change it. */
#ifndef CLI_VIEW_WHY_H
#define CLI_VIEW_WHY_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

/* Of the node: its reason, advice, and a line for each source that is not followed. */
void view_why(struct text *text, const struct view *view, const struct status_record *record);

/* Of one source: what is the matter with it, in a few sentences, one line each. */
void view_why_source(struct text *text, const struct view *view, const struct status_record *record,
                     const struct source_status *source);

/* The same in a clause: "no reply since 14:02, DNS answers: firewall?" */
void view_why_source_short(struct text *text, const struct view *view,
                           const struct source_status *source);

/* What would help; "" when nothing is wrong. */
const char *view_why_advice(const struct node_status *node);

#endif
