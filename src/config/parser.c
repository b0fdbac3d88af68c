/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/parser.h"

#include <stdarg.h>
#include <string.h>

enum { PART_SIZE = 200 };

static void complain(struct parser *parser, enum config_level level, enum verdict verdict,
                     va_list parts)
{
    struct config_message head = {
        .level = level, .verdict = verdict, .file = parser->file, .line = parser->line};
    struct text text = config_report_add(parser->report, &head);
    const char *part;

    while ((part = va_arg(parts, const char *))) {
        size_t length = strlen(part);

        text_add_n(&text, part, length < PART_SIZE ? length : PART_SIZE);
        text_add(&text, length < PART_SIZE ? "" : "...");
    }
}

const char *parser_suggest(const struct parser *parser, enum option_scope scope, const char *word)
{
    return parser->report->lost > 0 ? NULL : option_suggest(scope, word);
}

bool parser_error(struct parser *parser, ...)
{
    va_list parts;

    va_start(parts, parser);
    complain(parser, parser->sourcedir ? CONFIG_WARNING : CONFIG_ERROR, VERDICT_WORKS, parts);
    va_end(parts);
    parser->failed = true;
    return false;
}

void parser_warning(struct parser *parser, ...)
{
    va_list parts;

    va_start(parts, parser);
    complain(parser, CONFIG_WARNING, VERDICT_WORKS, parts);
    va_end(parts);
}

void parser_note(struct parser *parser, ...)
{
    va_list parts;

    va_start(parts, parser);
    complain(parser, CONFIG_NOTE, VERDICT_WORKS, parts);
    va_end(parts);
}

static void complain_verdict(struct parser *parser, enum config_level level,
                             const struct option *option, ...)
{
    va_list parts;

    va_start(parts, option);
    complain(parser, level, option->verdict, parts);
    va_end(parts);
}

bool parser_verdict(struct parser *parser, const struct option *option)
{
    const struct option *directive = parser->directive;
    bool refused = option->verdict == VERDICT_REFUSED;
    bool is_directive = option == directive;

    if (option->verdict > parser->verdict) {
        parser->verdict = option->verdict;
    }
    /* One message a line is enough when the whole directive does nothing. */
    if (option->verdict == VERDICT_WORKS ||
        (!is_directive && !refused && directive->verdict != VERDICT_WORKS)) {
        return true;
    }
    complain_verdict(parser, refused && !parser->sourcedir ? CONFIG_ERROR : CONFIG_WARNING, option,
                     directive->name, is_directive ? "" : " ", is_directive ? "" : option->name,
                     refused                              ? " is refused: "
                     : option->verdict == VERDICT_NOT_YET ? " does not work yet: "
                                                          : " means nothing here: ",
                     option->reason, (const char *)NULL);
    parser->failed = parser->failed || refused;
    return !refused;
}

const char *parser_keep(struct parser *parser, const char *string)
{
    struct config_space *space = parser->config->space;
    size_t size = strlen(string) + 1;
    char *kept = &space->strings[space->strings_used];

    /* Each string is kept once, so that sourcedirs can be read again for ever. */
    for (const char *at = space->strings; at < kept; at += strlen(at) + 1) {
        if (strcmp(at, string) == 0) {
            return at;
        }
    }
    if (size > sizeof space->strings - space->strings_used) {
        (void)parser_error(parser,
                           "the configuration has too many names; expected at most 256 KiB "
                           "of them",
                           NULL);
        return NULL;
    }
    memcpy(kept, string, size);
    space->strings_used += size;
    return kept;
}
