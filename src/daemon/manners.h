/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manners.h - the flags of other daemons, for when noond is called by their name: unit files,
 * entrypoints and wrappers keep working.
 *
 * ntp.org's, NTPsec's and OpenNTPD's daemons are all called ntpd: flags that only one of them has
 * decide, else the configuration file that is there.
 */
#ifndef DAEMON_MANNERS_H
#define DAEMON_MANNERS_H

#include "daemon/order.h"

/* Whose flags argv[] has; by its name (the part behind the last slash) and its words. */
enum args_manner manners_of(int argc, char *const argv[]);

/* Reads the flags of that daemon; not for MANNER_NOON.  As args_parse(). */
enum args_result manners_parse(struct args *args, int argc, char *const argv[]);

/*
 * The configuration file when no flag names one: the first that `exists` of those where this daemon
 * has it, or the first of them.
 */
const char *manners_file(enum args_manner manner, bool (*exists)(const char *path));

/* A flag of another daemon and what becomes of it, for the documentation. */
struct manners_flag {
    char letter;
    const char *name; /* its long form; NULL: none */
    bool takes_value;
    bool refused, means_nothing; /* neither: it works */
    const char *text;
};

/* Flag `index` of that daemon, from 0; false: there are no more.  Not for MANNER_NOON. */
bool manners_flag(enum args_manner manner, size_t index, struct manners_flag *out);
/* All letters that are taken, as getopt() wants them. */
const char *manners_letters(enum args_manner manner);

#endif
