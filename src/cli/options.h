/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the command line of `noon`, from the tables of commands and options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

struct option_row {
    char letter;          /* also its short form, unless it is a capital */
    const char *name;     /* long form */
    const char *argument; /* NULL: none */
    const char *help;
};

/* All options; ended by letter 0. */
extern const struct option_row option_rows[];

/* Does the command take it? */
bool option_accepted(const struct command *command, char letter);

enum { OPTIONS_PROBLEM_SIZE = 300 };

/*
 * Reads the command line into *cli, which borrows argv (its order may change).  `rundir` is used
 * unless -r is given.  False: *problem is a sentence that says what is wrong.
 */
bool options_parse(struct cli *cli, int argc, char **argv, const char *rundir,
                   char problem[static OPTIONS_PROBLEM_SIZE]);

/* The command of that name; NULL: there is none. */
const struct command *command_find(const char *name);

#endif
