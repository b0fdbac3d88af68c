/* SPDX-License-Identifier: BSD-2-Clause */
/* help.h - explanations of the commands, from the tables of commands and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

#include "base/text.h"

/* All commands, a line each, and the exit codes. */
void help_overview(struct text *text);
/* One command with its options; "" is `noon` alone.  False: there is no such command. */
bool help_command(struct text *text, const char *name);

#endif
