/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - where lines for people go: standard error, or the system log. */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>

/* Same order as the daemon's levels. */
enum log_severity {
    LOG_SEVERITY_DEBUG,
    LOG_SEVERITY_INFO,
    LOG_SEVERITY_WARNING,
    LOG_SEVERITY_ERROR
};

struct log_sink {
    bool to_syslog;
    bool journal_prefix; /* stderr is the journal: "<4>" in front says how important */
    enum log_severity least;
    /* Who waits for the start (process_background()) is told warnings and errors too; NULL, or -1:
     * nobody. */
    int *starter;
    char name[32];
};

/*
 * Opens the system log at once, so that a sandbox may follow; or uses standard error, with the
 * time and the name in front unless it leads to the journal.
 */
void log_open(struct log_sink *sink, const char *name, bool to_syslog, enum log_severity least);

/*
 * Lines go to the end of this file instead, and so does what this process's children say on their
 * standard error.  False: it can't be opened for writing; errno says why.
 */
bool log_to_file(struct log_sink *sink, const char *path);
/* A process above has called log_to_file(): standard error is that file. */
void log_inherit(struct log_sink *sink);

/* One line without its end.  Lines below `least` are dropped.  Never fails, never waits long. */
void log_line(const struct log_sink *sink, enum log_severity severity, const char *line);

/* The same, formatted; cut at 1 kB. */
void log_format(const struct log_sink *sink, enum log_severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
