/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mistakes.h - lines that people write often and that are wrong, told with what to write instead.
 *
 * Each function says what is wrong and returns true, or returns false when it knows nothing better
 * than the general message.
 */
#ifndef CONFIG_MISTAKES_H
#define CONFIG_MISTAKES_H

#include "config/parser.h"

/* A word that can't be the name of a source. */
bool mistake_in_name(struct parser *parser, const char *word);
/* A word that is no option of a source. */
bool mistake_in_source(struct parser *parser, enum option_scope scope, const char *word);
/* A word too many behind `allow` and its like, or no flag of `restrict`. */
bool mistake_in_rule(struct parser *parser, const char *word);
/* A word that can't be a prefix. */
bool mistake_in_prefix(struct parser *parser, const char *word);
/* A directive that its own daemon has given up: a warning, the line does nothing. */
bool mistake_obsolete(struct parser *parser, enum option_scope scope, const char *word);

#endif
