/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * environment.h - configuration by environment variables, as containers are given it.
 *
 * NTP_CONF_FILE names the configuration file where -f does not.  NOON_SERVERS takes the place of
 * the file's sources, NOON_ALLOW adds networks that may ask.
 */
#ifndef DAEMON_ENVIRONMENT_H
#define DAEMON_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/order.h"

enum { ENVIRONMENT_LINES_SIZE = 8192, ENVIRONMENT_WHY_SIZE = 400 };

/* The lines that the variables stand for; `order` borrows them. */
struct environment {
    char servers[ENVIRONMENT_LINES_SIZE], allow[ENVIRONMENT_LINES_SIZE];
};

/*
 * One line for each entry of NOON_SERVERS: entries are separated by commas or line ends, and each
 * is what stands behind `server`: a name or address with options.  One without options is asked
 * quickly at the start (`iburst`); one that begins with `server` or `pool` is taken as it is.
 * False: why[] says what is wrong with it.  "": an empty value, as if it were not set.
 */
bool environment_servers(const char *value, char *lines, size_t size,
                         char why[static ENVIRONMENT_WHY_SIZE]);
/* One `allow` line for each network of NOON_ALLOW, separated by commas or blanks. */
bool environment_allow(const char *value, char *lines, size_t size,
                       char why[static ENVIRONMENT_WHY_SIZE]);

/*
 * Reads both variables into *order (NULL: not set, or empty).  False: why[] says which one is no
 * good, and what to write instead.
 */
bool environment_read(struct environment *environment, struct config_order *order,
                      char why[static ENVIRONMENT_WHY_SIZE]);

/* NTP_CONF_FILE; NULL: not set, or empty. */
const char *environment_file(void);

#endif
