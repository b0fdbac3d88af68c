/* SPDX-License-Identifier: BSD-2-Clause */
/* status_reader.h - noond's status record over its status socket. */
#ifndef TIMESYNC1_STATUS_READER_H
#define TIMESYNC1_STATUS_READER_H

#include <stdbool.h>

#include "wire/status.h"

/* Asks noond at RUNDIR/status.sock; false when nobody answers as noond does.  On true the record's
 * sources are the caller's, for free(). */
bool status_reader_ask(const char *run_directory, struct status_record *record);

#endif
