/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - the server process: answers the world from the published line, without any right.
 *
 * It reads the line from a page that it can't write, and writes its counters and its client table
 * to a page that the time process only reads.  Taken over, it can lie to its clients and no more.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/args.h"
#include "sys/log.h"
#include "sys/page.h"
#include "wire/status.h"

/* Takes over what the parent has given (supervisor.h) and serves until SIGTERM: the exit status. */
int worker_run(const struct args *args, const struct config *config, const struct log_sink *log);

/* For the page's maker: how much the server writes at most. */
size_t worker_page_size(void);

/* For the time process: the newest counters; zeros when nothing was written yet. */
void worker_status_read(const struct page *page, struct server_status *status);

/* The client table as the answer to CONTROL_CLIENTS, checked; 0 octets: there is none. */
size_t worker_clients_read(const struct page *page, uint8_t *bytes, size_t capacity);

#endif
