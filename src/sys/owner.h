/* SPDX-License-Identifier: BSD-2-Clause */
/* owner.h - who owns a file, for messages that say who may do what. */
#ifndef SYS_OWNER_H
#define SYS_OWNER_H

#include <stdbool.h>

enum { OWNER_NAME_SIZE = 64 };

/* Name of the group that owns `path`, its number if it has no name; false: there is no file. */
bool owner_group(const char *path, char name[static OWNER_NAME_SIZE]);

#endif
