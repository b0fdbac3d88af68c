/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - what each line of a configuration means here, for people.
 *
 * Set report->explain to a function that prints config_explain_line(), parse, and print the
 * messages of the report.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/message.h"

/*
 * The line with its place, its verdict, what the directive does, and each of its keywords on a line
 * of its own.  Ends with a newline.
 */
void config_explain_line(struct text *text, const struct config_explained *line);

/* Does everything hold as written, but for what means nothing here?  `noon check` exits 1 if not.
 */
bool config_check_passes(const struct config_report *report);

#endif
