/* SPDX-License-Identifier: BSD-2-Clause */
/* parser.h - what the parts of the parser share while they read one configuration. */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config/config.h"
#include "config/message.h"
#include "config/option.h"
#include "config/words.h"

/* What lines of ntp.conf leave to be settled at its end; index 0: IPv4, 1: IPv6. */
struct ntp_notes {
    bool have_default[2]; /* `restrict default` was written for the family */
    bool source_flags;    /* `restrict source` was written, and lets sources ask */
    bool own_clock;       /* 127.127.1.0 is a source */
    uint8_t stratum;      /* of it, by `fudge` */
    bool orphan, wait;    /* `tos orphan`, `tos orphanwait` */
    bool closed;          /* `interface ignore all` */
    bool listens;         /* `interface listen` with an address or a name */
    bool family_closed[2], family_open[2];
    uint32_t cert_line, key_line; /* of `nts` */
};

/* The same of timesyncd.conf. */
struct timesyncd_notes {
    const char *fallback; /* names, by spaces; NULL: not written */
    const char *fallback_file;
    const char *built_in; /* as a comment tells them */
    uint32_t fallback_line, built_in_line;
    int8_t minpoll, maxpoll;
    bool section; /* in [Time] */
};

struct parser {
    enum config_dialect dialect;
    struct ntp_notes ntp;
    struct timesyncd_notes timesyncd;
    bool listens_everywhere; /* OpenNTPD's `listen on *` */
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

/* option_suggest(), but NULL once messages are lost: nobody would read it. */
const char *parser_suggest(const struct parser *parser, enum option_scope scope, const char *word);

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

/* `server`, `pool` and `peer` lines: a source more, of that family or, ADDRESS_NONE, of any. */
bool parser_source(struct parser *parser, enum source_kind kind, uint8_t family);
/* The line from parser->words_at on is a source's name and options: read them. */
bool parser_source_options(struct parser *parser, struct source_options *source);

/* `constraint` and `constraints`: parser->words_at is at the URL. */
bool parser_constraint(struct parser *parser, bool all);

/* The whole line of `tempcomp`. */
bool parser_tempcomp(struct parser *parser);

/* `nts_suites` names suites of TLS 1.3 only, by colons; false: said. */
bool parser_suites(struct parser *parser);

/* The word for how sources are found, of a line of `source`. */
const char *source_method(const struct source_options *source);

/* `allow` and its like: a rule more. */
bool parser_rule(struct parser *parser, bool allow, struct config_rule *rules, size_t *count);

/* The words behind a rule that stand for its flags. */
void rule_print_flags(struct text *text, uint8_t flags);
/* A prefix, an address or a name: what a rule is about. */
bool parser_rule_target(struct parser *parser, const char *word, struct config_rule *rule);
/* The bits of a mask; -1: its ones are not all in front. */
int mask_bits(const struct address *mask);
/* A rule of `allow` or `deny` more; false: there is no room. */
bool parser_add_rule(struct parser *parser, const struct config_rule *rule);
/* The line is a source of a kind that is not read. */
void parser_unread(struct parser *parser);

/* The line names a file or directory that the daemon will open. */
void parser_use(struct parser *parser, enum config_use_kind kind, const char *path);
/* The same of a line that was good and names one in its first words, if it does. */
void parser_note_use(struct parser *parser);

/* A directive that the table describes fully; `reset`: keywords that are not written fall back. */
bool parser_plain(struct parser *parser, bool reset);

/* A directive that is more than fields to set. */
struct special {
    const char *name;
    bool (*parse)(struct parser *parser);
};

/* The line in parser->words: by one of `special`, or else by the table of the scope alone. */
bool parser_special(struct parser *parser, enum option_scope scope, const struct special *special,
                    size_t count);
/* The same in the native dialect. */
bool parser_directive(struct parser *parser);

/* The files behind `include`, `confdir` and `sourcedir`. */
bool parser_include(struct parser *parser, const char *pattern);
/* Lines of ours, as if they stood in a file of that name. */
bool parser_preset(struct parser *parser, const char *name, const char *lines);
bool parser_directories(struct parser *parser, const struct words *words, const char *suffix);

#endif
