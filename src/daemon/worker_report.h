/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker_report.h - what a server process tells the time process: its counters and its clients, in
 * a page that only it writes.
 */
#ifndef DAEMON_WORKER_REPORT_H
#define DAEMON_WORKER_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "sys/page.h"
#include "wire/clients.h"
#include "wire/status.h"

/* More than `clientloglimit` remembers by default. */
enum { WORKER_CLIENTS_TOLD = 32768 };

/* For the page's maker: how much a server process writes at most. */
size_t worker_page_size(void);

/* Memory for writing; NULL: there is none. */
struct worker_record;
struct worker_record *worker_record_open(void);

/* Writes both; clients NULL: as they were written last. */
void worker_report_write(struct page *page, struct worker_record *record,
                         const struct server_status *counters,
                         const struct clients_record *clients);

/* For the time process, which does not trust what the server process has written. */

/* The newest counters; zeros when nothing was written yet. */
void worker_status_read(const struct page *page, struct server_status *status);

/* The client table as the answer to CONTROL_CLIENTS, checked; 0 octets: there is none. */
size_t worker_clients_read(const struct page *page, uint8_t *bytes, size_t capacity);

#endif
