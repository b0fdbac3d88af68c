/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dialect.h - whose language a configuration is written in.
 *
 * The native one is chrony's, extended.  The others are read into the same struct config, and mean
 * there what they mean to their own daemon; what these do unless told otherwise is set first.
 */
#ifndef CONFIG_DIALECT_H
#define CONFIG_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

enum config_dialect {
    DIALECT_UNKNOWN, /* to be recognised */
    DIALECT_CHRONY,  /* and noon's own */
    DIALECT_NTP,     /* ntp.conf of ntp.org and NTPsec */
    DIALECT_OPENNTPD,
    DIALECT_TIMESYNCD,
    DIALECT_COUNT
};

/* The word of --dialect. */
const char *dialect_name(enum config_dialect dialect);
/* DIALECT_UNKNOWN: no dialect is called so. */
enum config_dialect dialect_named(const char *name);

/*
 * The dialect of a text: by the directives that only one of them has; of a text that could be
 * several, by the name of its file; else `likely`, or chrony's.
 */
enum config_dialect dialect_recognise(const char *file, const char *text, size_t size,
                                      enum config_dialect likely);

#endif
