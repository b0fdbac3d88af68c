/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/check.h"

#include <string.h>

#include "config/words.h"

static void explain(struct text *text, const char *indent, const struct option *option)
{
    text_add(text, indent);
    text_add(text, option->name);
    text_add(text, " (");
    text_add(text, verdict_name(option->verdict));
    text_add(text, "): ");
    text_add(text, option->help);
    if (option->verdict != VERDICT_WORKS) {
        text_add(text, " Here: ");
        text_add(text, option->reason);
        text_char(text, '.');
    }
    text_char(text, '\n');
}

/* The keywords of the line, wherever they stand behind the arguments. */
static void explain_keywords(struct text *text, const struct option *option,
                             const struct words *words)
{
    enum option_scope values = option->argument[0].scope;
    unsigned at = 1 + option_argument_count(option);

    /* A source's name and a reference clock's driver and parameter are in no list. */
    at += option->scope == SCOPE_SOURCE ? 1U : option->scope == SCOPE_REFCLOCK ? 2U : 0U;
    for (unsigned i = 1; values != SCOPE_NONE && i < words->count; i++) {
        const struct option *value = option_find(values, words->at[i]);

        if (value) {
            explain(text, "      ", value);
        }
    }
    while (option->scope != SCOPE_NONE && at < words->count) {
        const struct option *keyword = option_find(option->scope, words->at[at++]);

        if (keyword) {
            explain(text, "      ", keyword);
            at += option_argument_count(keyword);
        }
    }
}

void config_explain_line(struct text *text, const struct config_explained *line)
{
    struct words words;

    text_add(text, line->file);
    text_char(text, ':');
    text_u64(text, line->line);
    text_add(text, ": ");
    text_add(text, line->text);
    text_char(text, '\n');
    if (!line->option) {
        text_add(text, "    unknown\n");
        return;
    }
    explain(text, "    ", line->option);
    if (words_split(&words, line->text, strlen(line->text)) == WORDS_OK) {
        explain_keywords(text, line->option, &words);
    }
    if (line->error) {
        text_add(text, "    wrong: see the error below\n");
    }
}

bool config_check_passes(const struct config_report *report)
{
    return report->errors == 0 && report->not_yet == 0;
}
