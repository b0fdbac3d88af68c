/* SPDX-License-Identifier: BSD-2-Clause */
/* logtext.h - what the node says, put into sentences. */
#ifndef DAEMON_LOGTEXT_H
#define DAEMON_LOGTEXT_H

#include <stddef.h>

#include "core/node/log_event.h"

enum { LOGTEXT_SIZE = 512 };

/* The sentence of `event`, {source} being replaced by `source`; always ended, cut when too long. */
void logtext_render(const struct log_event *event, const char *source,
                    char text[static LOGTEXT_SIZE]);
enum log_level logtext_level(enum log_event_id id);
/* The event's name, "source-selected"-like constants in lower case: for tests and for counting. */
const char *logtext_name(enum log_event_id id);

#endif
