/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.h - what the configuration asks of the parent, said so that the parent need not know NTP. */
#ifndef DAEMON_PLAN_H
#define DAEMON_PLAN_H

#include <stdbool.h>

#include "config/config.h"
#include "daemon/args.h"
#include "daemon/supervisor.h"
#include "sys/log.h"
#include "sys/privilege.h"

/* Where state and sockets are, by flags or by default. */
const char *plan_state_directory(const struct args *args);
const char *plan_run_directory(const struct args *args);

/*
 * The user that noond's processes become, as -u or `user` say: else the package's where root
 * starts it and there is one, else whoever does.  False: there is no such user, which was said.
 */
bool plan_user(const struct args *args, const struct config *config, const struct log_sink *log,
               struct user_ids *user);

/* Directories, sockets and pid file; `user` NULL: they stay whose they are. */
void plan_premises(const struct args *args, const struct config *config,
                   const struct user_ids *user, struct premises_plan *premises);

/*
 * Everything but the endpoints (endpoints.h); `arguments` are noond's own, ended by NULL.  False:
 * they are too many or too long to be passed on.
 */
bool plan_make(const struct args *args, const struct config *config, const struct user_ids *user,
               char *const arguments[], struct supervisor_plan *plan);

#endif
