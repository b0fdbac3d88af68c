/* SPDX-License-Identifier: BSD-2-Clause */
/* view_sources.h - all sources in one table. */
#ifndef CLI_VIEW_SOURCES_H
#define CLI_VIEW_SOURCES_H

#include "base/text.h"
#include "cli/view.h"
#include "wire/status.h"

/* A heading and a line for each source.  `columns` is the width of the screen; 0: unlimited. */
void view_sources(struct text *text, const struct view *view, const struct status_record *record,
                  unsigned columns);

/* What the columns mean: for `noon help sources`. */
/* Why each address is a source, when there is one that was not simply written down. */
void view_sources_reasons(struct text *text, const struct status_record *record);

extern const char view_sources_help[];

/* The mark in front of a source in that state. */
char view_source_mark(uint8_t state);

#endif
