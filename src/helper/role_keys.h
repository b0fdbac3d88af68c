/* SPDX-License-Identifier: BSD-2-Clause */
/* role_keys.h - exchanges keys of NTS, and asks for dates, for noond, until its socket closes. */
#ifndef HELPER_ROLE_KEYS_H
#define HELPER_ROLE_KEYS_H

#include "helper/dns.h"
#include "helper/trust.h"

/*
 * Serves the local socket `fd` (messages of wire/keys.h and wire/date.h).  `dns` looks up the names
 * to which servers send their clients.  Returns the exit status: 0 when the other end has closed,
 * nobody has asked for ROLE_KEYS_IDLE_S, or SIGTERM came.
 */
int role_keys(const struct trust *trust, struct dns *dns, int fd);

enum { ROLE_KEYS_AT_ONCE = 8, ROLE_KEYS_IDLE_S = 60 };

#endif
