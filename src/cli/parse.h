/* SPDX-License-Identifier: BSD-2-Clause */
/* parse.h - numbers and lengths of time as people write them on a command line. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"

/*
 * "5ms", "312 us", "0.25", "2min", "1h": a length of time, in s when nothing else is said.  Units:
 * ns, us, ms, s, min, h, d.  False for anything else; the value is then untouched.
 */
bool parse_length(const char *text, double *s);

/* Seconds with up to nine decimals, exactly: a double would round dates to 0.2 us. */
bool parse_seconds(const char *text, struct duration *value);

/*
 * "HOST:PORT" or "[ADDRESS]:PORT" into its parts, as noond shows sources.  False: `text` has no
 * port, or its host is too long; nothing is touched.
 */
bool parse_host_port(const char *text, char *host, size_t size, long *port);

/* A whole number from `least` to `most`. */
bool parse_count(const char *text, long least, long most, long *value);

#endif
