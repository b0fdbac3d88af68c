/* SPDX-License-Identifier: BSD-2-Clause */
/* value.h - an option's arguments: from words into fields, and back, as the table says. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/parser.h"

/*
 * The option's flag, field and arguments, from the word parser->words_at on, into the struct at
 * `base`; words_at moves behind them.  False: an error was reported.
 */
bool value_parse(struct parser *parser, const struct option *option, void *base);

/* Keywords of `scope` and their arguments, up to the end of the line. */
bool value_keywords(struct parser *parser, enum option_scope scope, void *base);

/* Are the words from `from` up to parser->words_at such that nothing missing is asked for? */
bool value_is_neutral(const struct parser *parser, const struct option *option, unsigned from);

/* A word that is none of the scope: an error, with the most likely cure.  False, always. */
bool value_unknown(struct parser *parser, enum option_scope scope, const char *word);

/* Are all fields that the option sets the same in both structs? */
bool value_equal(const struct option *option, const void *a, const void *b);
/* Copy all fields that the option sets. */
void value_copy(const struct option *option, void *to, const void *from);

/* " argument argument" as they would be written; nothing for a flag or addresses. */
void value_print(struct text *text, const struct option *option, const void *base);

/* "a number from 0 to 3", or what else the argument takes. */
void value_expected(struct text *text, const struct option_argument *argument);

#endif
