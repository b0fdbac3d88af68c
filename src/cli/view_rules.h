/* SPDX-License-Identifier: BSD-2-Clause */
/* view_rules.h - who may ask, as a table. */
#ifndef CLI_VIEW_RULES_H
#define CLI_VIEW_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* One of the lines that noond tells (wire/rule_lines.h); borrows from them. */
struct rule_line {
    char mark;
    const char *text;
    size_t length;
};

/* Takes the next line off; false: there is none. */
bool rule_line_next(const char **lines, struct rule_line *line);

void view_rules(struct text *text, const char *lines);

#endif
