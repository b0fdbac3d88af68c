/* SPDX-License-Identifier: BSD-2-Clause */
/* fetch.h - the status record, from noond. */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "base/text.h"
#include "cli/command.h"
#include "wire/status.h"

/*
 * Asks noond.  On EXIT_CODE_OK *record is the caller's, for fetch_done(); else there is none, and
 * *problem is the sentence that says why.
 */
enum exit_code fetch_quietly(const struct cli *cli, struct status_record *record,
                             struct text *problem);
/* The same, saying it on standard error. */
enum exit_code fetch_record(const struct cli *cli, struct status_record *record);
void fetch_done(struct status_record *record);

#endif
