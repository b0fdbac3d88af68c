/* SPDX-License-Identifier: BSD-2-Clause */
/* role_resolve.h - answers noond's questions for addresses, one socket, until it is closed. */
#ifndef HELPER_ROLE_RESOLVE_H
#define HELPER_ROLE_RESOLVE_H

#include "helper/finder.h"

/*
 * Serves the local socket `fd` (messages of wire/resolve.h).  What is no question is left
 * unanswered.  Returns the exit status: 0 when the other end has closed or SIGTERM came.
 */
int role_resolve(struct finder *finder, int fd);

#endif
