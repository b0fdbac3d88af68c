/* SPDX-License-Identifier: BSD-2-Clause */
/* directory.h - the names in a directory. */
#ifndef SYS_DIRECTORY_H
#define SYS_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Writes the names (not `.` and `..`), each ended by a zero, one after another, in any order.
 * ERR_NOT_FOUND, ERR_DENIED; ERR_FULL: they need more room.
 */
MUST_USE enum err directory_list(const char *path, char *buffer, size_t capacity, size_t *size);

/* There is one, or a link to one, as far as this process may see. */
bool directory_exists(const char *path);

#endif
