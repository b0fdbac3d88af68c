/* SPDX-License-Identifier: BSD-2-Clause */
/* config_load.h - configurations from files, for the daemon. */
#ifndef DAEMON_CONFIG_LOAD_H
#define DAEMON_CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "daemon/order.h"
#include "sys/log.h"

/*
 * Reads a configuration with everything that it includes.  Warnings go to `log` (NULL: nowhere).
 * NULL: it can't be used, and text[] says why, one line a message.  The result is the caller's,
 * for config_free().
 */
struct config *config_load(const struct config_order *order, const struct log_sink *log, char *text,
                           size_t size);
/* Defaults alone.  NULL: no memory. */
struct config *config_load_empty(void);
/* Does a line want sources that DHCP or a provider names? */
bool config_load_finds(const struct config *config);

void config_free(struct config *config);

/*
 * Reads the symmetric keys that the configuration names into it, from `fd` (its caller's) or, when
 * that is -1, by their path.  Only processes that need them call it.  Sources whose key is missing
 * are said in the log.
 */
void config_load_keys(struct config *config, int fd, const struct log_sink *log);

/*
 * Reads the leap seconds that `leapsectz` or `leapseclist` names.  What can't be read, or has
 * expired, is said in the log.
 */
#define ZONES_DIR "/usr/share/zoneinfo"
void config_load_leaps(struct config *config, const struct log_sink *log);

/* Where `log` writes its files; also when nothing is to be written. */
const char *config_load_log_dir(const struct config *config);

/* What a reload changes, in words: "added server a; access rules changed". */
void config_load_difference(const struct config *before, const struct config *after, char *text,
                            size_t size);

/* The configuration as understood, in the native dialect. */
void config_load_print(const struct config *config, char *text, size_t size);

/*
 * For a child of the parent whose file can't be used (any more): the configuration in force, which
 * the parent keeps (SUPERVISOR_FD_CONFIG).  NULL: there is none.
 */
struct config *config_load_kept(const struct config_order *order);

/* A rule as of `noon allow`; false: why[] says what is wrong. */
bool config_load_rule(const char *line, struct access_rule *rule,
                      char why[static CONFIG_TEXT_SIZE]);

/* A source line as of `noon add`; false: why[] says what is wrong. */
bool config_load_source(const struct config *config, const char *line,
                        struct source_options *source, char why[static CONFIG_TEXT_SIZE]);

#endif
