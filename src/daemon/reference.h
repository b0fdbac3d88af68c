/* SPDX-License-Identifier: BSD-2-Clause */
/* reference.h - `noond --reference`: a test server whose truth is known. */
#ifndef DAEMON_REFERENCE_H
#define DAEMON_REFERENCE_H

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"

/*
 * Serves CLOCK_MONOTONIC_RAW + offset, each stamp with noise of its own, as stratum 1 TEST, until
 * SIGTERM or -t.  Refuses every address but loopback.  Returns the exit status.
 */
int reference_run(const struct args *args, const struct config *config, const struct log_sink *log);

#endif
