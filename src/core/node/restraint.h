/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restraint.h - the text in which kiss codes survive a restart: which servers asked for restraint.
 *
 * A line a server, "ADDRESS UNTIL POLL DENIALS": not to be asked at all before UNTIL (s since
 * 1970), never more often than every 2^POLL s (-128: no such limit), refused so often in a row.
 */
#ifndef CORE_NODE_RESTRAINT_H
#define CORE_NODE_RESTRAINT_H

#include <stddef.h>

#include "core/node/node.h"

enum { RESTRAINT_TEXT_SIZE = 4096 };

/*
 * Reads any octets into saved->kod.  A line that is nonsense is skipped: at worst a server is asked
 * once more than it likes.  Returns how many lines were skipped.
 */
unsigned restraint_parse(struct node_saved *saved, const char *bytes, size_t size);

/* Writes the lines, ended by a zero; returns the length without it. */
size_t restraint_format(const struct node_saved *saved, char text[static RESTRAINT_TEXT_SIZE]);

#endif
