/* SPDX-License-Identifier: BSD-2-Clause */
/* view_status.h - the node on one page. */
#ifndef CLI_VIEW_STATUS_H
#define CLI_VIEW_STATUS_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

/* One line a fact, "name            value". */
void view_status(struct text *text, const struct view *view, const struct status_record *record);

#endif
