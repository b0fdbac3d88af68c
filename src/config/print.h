/* SPDX-License-Identifier: BSD-2-Clause */
/* print.h - a configuration as text of the native dialect, and what changes between two. */
#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include "config/config.h"

/* Takes one line, without its end; borrowed for the call. */
typedef void config_line_function(void *context, const char *line);

/*
 * The lines that config_parse() understands as this very configuration: what differs from the
 * defaults.  Sources of a sourcedir are not written, its line is.
 */
void config_print(const struct config *config, config_line_function *line, void *context);

/* Of these, the lines with the NTS server's files and with the ciphers. */
void config_print_nts(const struct config *config, config_line_function *line, void *context);

/* A source as it would be written: "server 192.0.2.1 iburst". */
void config_print_source(struct text *text, const struct config *config,
                         const struct source_options *source);

/* A rule as it would be written: "allow 10.0.0.0/8"; `command`: "cmdallow". */
void config_print_rule(struct text *text, const struct config_rule *rule, bool command);

/*
 * A directive whose arguments are fields, with its values: "makestep 1 3".  One with several
 * addresses has them all on one line.
 */
void config_print_directive(struct text *text, const struct option *option,
                            const struct config *config);

/* Is a directive with fields other than by default, so that it has to be written? */
bool config_is_written(const struct option *option, const struct config *config);

/*
 * What changes from `before` to `after`, a sentence each: "added: server 192.0.2.1 iburst",
 * "changed: makestep 1 3, now makestep 0.1 3".  Returns how many; 0: nothing.
 */
size_t config_diff(const struct config *before, const struct config *after,
                   config_line_function *line, void *context);

#endif
