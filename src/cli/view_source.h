/* SPDX-License-Identifier: BSD-2-Clause */
/* view_source.h - one source with its history. */
#ifndef CLI_VIEW_SOURCE_H
#define CLI_VIEW_SOURCE_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

/* Everything that is known about a source; `others` names those it is compared with. */
void view_source_page(struct text *text, const struct view *view,
                      const struct status_record *others, const struct source_status *source);

/* 24 characters a day, oldest on the left, the present hour at the end of the last line. */
void view_source_reach_chart(struct text *text, const struct source_status *source);

#endif
