/* SPDX-License-Identifier: BSD-2-Clause */
/* parser.h - what the parts of the parser share while they read one configuration. */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config/config.h"
#include "config/message.h"
#include "config/option.h"
#include "config/words.h"

struct parser {
    struct config *config;
    const struct config_input *input;
    struct config_report *report;
    struct config standard;  /* defaults; its arrays are not looked at */
    unsigned depth;          /* of files that include each other */
    unsigned files;          /* read so far */
    bool sourcedir;          /* in a file of a sourcedir: errors there are warnings */
    unsigned unread_sources; /* refclock and peer lines: sources that noon can't use */
    const char *unread_file; /* of the first of them */
    uint32_t unread_line;
    /* The line being read. */
    const char *file;
    uint32_t line;
    const struct option *directive;
    enum verdict verdict; /* the worst of its options */
    bool failed;
    unsigned words_at; /* the next word to be read */
    struct words words;
};

/*
 * A message about the line being read: the strings up to NULL, put together.  Returns false, so
 * that a refusal is one statement.
 */
bool parser_error(struct parser *parser, ...) __attribute__((sentinel));
void parser_warning(struct parser *parser, ...) __attribute__((sentinel));
void parser_note(struct parser *parser, ...) __attribute__((sentinel));
/* The option is not WORKS: says so at the level of its verdict.  False: refused. */
bool parser_verdict(struct parser *parser, const struct option *option);

/* Keep a string for as long as the configuration; NULL, and an error, when there is no room. */
const char *parser_keep(struct parser *parser, const char *string);

/* `server`, `pool` and `peer` lines: a source more. */
bool parser_source(struct parser *parser, enum source_kind kind);
/* The line from parser->words_at on is a source's name and options: read them. */
bool parser_source_options(struct parser *parser, struct source_options *source);

/* `allow` and its like: a rule more. */
bool parser_rule(struct parser *parser, bool allow, struct config_rule *rules, size_t *count);

/* The line in parser->words, a directive. */
bool parser_directive(struct parser *parser);

/* The files behind `include`, `confdir` and `sourcedir`. */
bool parser_include(struct parser *parser, const char *pattern);
bool parser_directories(struct parser *parser, const struct words *words, const char *suffix);

#endif
