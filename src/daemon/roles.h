/* SPDX-License-Identifier: BSD-2-Clause */
/* roles.h - what this process becomes: alone, the parent, the time process or the server. */
#ifndef DAEMON_ROLES_H
#define DAEMON_ROLES_H

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"

/* Runs the role; takes over `config`.  Returns the exit status. */
int role_run(const struct args *args, char *const argv[], struct config *config, const char *file,
             const struct log_sink *log);

/* Does a noond answer in the runtime directory already? */
bool role_is_taken(const struct args *args);

#endif
