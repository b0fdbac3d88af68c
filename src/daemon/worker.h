/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - the server process: answers the world from the published line, without any right.
 *
 * It reads line and status from pages that it can't write, and writes its counters and its client
 * table to a page that the time process only reads (worker_report.h).  Taken over, it can lie to
 * its clients and no more.  Its threads (worker_thread.h) answer; the main one sums up what they
 * have counted.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"

/* Takes over what the parent has given (supervisor.h) and serves until SIGTERM: the exit status. */
int worker_run(const struct args *args, const struct config *config, const struct log_sink *log);

#endif
