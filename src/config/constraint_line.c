/* SPDX-License-Identifier: BSD-2-Clause */
/* constraint_line.c - "constraint URL [ADDRESS]..." and "constraints URL". */
#include <string.h>

#include "config/parser.h"

/* The addresses that are asked instead of those of the name. */
static bool take_addresses(struct parser *parser, struct constraint_options *constraint)
{
    const struct words *words = &parser->words;

    for (; parser->words_at < words->count; parser->words_at++) {
        const char *word = words->at[parser->words_at];

        if (constraint->address_count == CONSTRAINT_ADDRESSES_MAX) {
            return parser_error(parser, "too many addresses; expected at most 4 behind the URL",
                                NULL);
        }
        if (!address_parse(&constraint->addresses[constraint->address_count++], word)) {
            return parser_error(parser, "\"", word,
                                "\" is no address; expected addresses of the server behind the URL",
                                NULL);
        }
    }
    return true;
}

bool parser_constraint(struct parser *parser, bool all)
{
    struct config *config = parser->config;
    struct config_space *space = config->space;
    struct constraint_options constraint = {.address_count = 0};
    const struct words *words = &parser->words;
    unsigned from = parser->words_at;
    char line[CONFIG_LINE_SIZE];
    struct text text = text_begin(line, sizeof line);

    if (from >= words->count || !date_url_parse(&constraint.question, words->at[from])) {
        return parser_error(parser, from < words->count ? "\"" : "",
                            from < words->count ? words->at[from] : parser->directive->name,
                            from < words->count ? "\" is no HTTPS URL" : " lacks its URL",
                            "; expected for example \"https://www.example.com/\"", NULL);
    }
    constraint.question.all = all;
    parser->words_at++;
    if (!take_addresses(parser, &constraint)) {
        return false;
    }
    if (all && constraint.address_count > 0) {
        return parser_error(parser,
                            "constraints asks all addresses of the name and takes none; write "
                            "instead \"constraint\" to name them",
                            NULL);
    }
    if (config->node.constraint_count == CONSTRAINTS_MAX) {
        return parser_error(parser, "too many constraints; expected at most 16 lines", NULL);
    }
    text_add(&text, all ? "constraints " : "constraint ");
    words_join(words, from, &text);
    space->constraint_lines[config->node.constraint_count] = parser_keep(parser, line);
    space->constraints[config->node.constraint_count++] = constraint;
    return space->constraint_lines[config->node.constraint_count - 1] != NULL;
}
