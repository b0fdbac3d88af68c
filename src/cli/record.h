/* SPDX-License-Identifier: BSD-2-Clause */
/* record.h - small questions about a status record.  Pure. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/status.h"

/* The source at or after index `from` whose configured name, address, or address and port this is;
 * NULL: none. */
const struct source_status *record_find(const struct status_record *record, const char *name,
                                        size_t from);

/* The source that is followed; NULL: none. */
const struct source_status *record_selected(const struct status_record *record);
/* How many sources are in that state. */
size_t record_count_state(const struct status_record *record, enum source_state state);

#endif
