/* SPDX-License-Identifier: BSD-2-Clause */
/* out.h - pictures made in memory and then printed at once. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stddef.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/view.h"
#include "wire/status.h"

/* Room for a picture with that many sources, from malloc; ends the program when there is none. */
struct text out_begin(size_t sources);
/* Prints and frees it.  Returns `code`. */
enum exit_code out_end(struct text *text, enum exit_code code);
void out_free(struct text *text);

/* The view of whoever sits in front of standard output: colours only on a screen, and never with
 * NO_COLOR; local time. */
struct view out_view(const struct node_status *node);

#endif
