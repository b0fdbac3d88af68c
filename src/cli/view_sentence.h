/* SPDX-License-Identifier: BSD-2-Clause */
/* view_sentence.h - how the time is, in one sentence. */
#ifndef CLI_VIEW_SENTENCE_H
#define CLI_VIEW_SENTENCE_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

/* One line, without its end. */
void view_sentence(struct text *text, const struct view *view, const struct status_record *record);

/* "10.0.0.4 and 2 others of 4 sources": whom the node follows. */
void view_followed(struct text *text, const struct status_record *record);

#endif
