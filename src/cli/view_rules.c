/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_rules.h"

#include <string.h>

#include "wire/rule_lines.h"

enum { RULE_WIDTH = 48 };

bool rule_line_next(const char **lines, struct rule_line *line)
{
    const char *at = *lines;
    size_t length = strcspn(at, "\n");

    if (length == 0) {
        return false;
    }
    *line = (struct rule_line){.mark = *at, .text = at + 1, .length = length - 1};
    *lines = at + length + (at[length] == '\n');
    return true;
}

static bool is_about_noond(const struct rule_line *line)
{
    return line->length > 3 && strncmp(line->text, "cmd", 3) == 0;
}

void view_rules(struct text *text, const char *lines)
{
    struct rule_line line;
    size_t time = 0, about = 0;

    while (rule_line_next(&lines, &line)) {
        size_t from = text->length;

        if (line.mark == RULE_LINES_CUT) {
            text_add(text, "... and more, for which there was no room\n");
            return;
        }
        if (time + about == 0) {
            text_add(text, "RULE");
            text_to_column(text, from, RULE_WIDTH);
            text_add(text, "SAID BY\n");
            from = text->length;
        }
        time += !is_about_noond(&line);
        about += is_about_noond(&line);
        text_add_n(text, line.text, line.length);
        text_to_column(text, from, RULE_WIDTH);
        text_add(text,
                 line.mark == RULE_LINES_ORDERED ? "order, until noond ends\n" : "configuration\n");
    }
    if (time == 0) {
        text_add(text, "Nobody may ask for time: no `allow` line says so.\n");
    }
    if (about == 0) {
        text_add(text, "Nobody may ask about noond from elsewhere: no `cmdallow` line says so.\n");
    }
    if (time + about > 0) {
        text_add(text,
                 "The most specific prefix decides, of two rules for one prefix the later.\n");
    }
}
