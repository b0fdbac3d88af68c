/* SPDX-License-Identifier: BSD-2-Clause */
/* readiness.h - is the time good enough for whoever asks? */
#ifndef CLI_READINESS_H
#define CLI_READINESS_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/command.h"
#include "wire/status.h"

/*
 * True when the node has time, and its bound and the number of agreeing sources are what the
 * options ask for.  Appends the sentence that says so, or what is missing.
 */
bool readiness(const struct node_status *node, const struct cli_options *options,
               struct text *text);

/* Prints how it stands, as text or JSON; returns EXIT_CODE_OK or EXIT_CODE_NO. */
enum exit_code readiness_print(const struct node_status *node, const struct cli_options *options);

#endif
