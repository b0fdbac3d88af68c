/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_files.h - the files that a configuration names are opened and looked at, as the user who
 * runs `noon check` may: what noond would only find out later, if at all.
 */
#ifndef CLI_CHECK_FILES_H
#define CLI_CHECK_FILES_H

#include "config/config.h"

/*
 * Says in the report, with the line that names the file, what is wrong with it and what to do.
 * What this user may not read is a note.  Returns how many do not do what their lines ask for.
 */
size_t check_files(const struct config *config, struct config_report *report);

#endif
