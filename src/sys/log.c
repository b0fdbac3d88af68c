/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static int priority_of(enum log_severity severity)
{
    switch (severity) {
    case LOG_SEVERITY_DEBUG:
        return LOG_DEBUG;
    case LOG_SEVERITY_INFO:
        return LOG_INFO;
    case LOG_SEVERITY_WARNING:
        return LOG_WARNING;
    case LOG_SEVERITY_ERROR:
        return LOG_ERR;
    }
    return LOG_INFO;
}

/* JOURNAL_STREAM names the device and inode of the journal's end of a stream. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0) {
        return false;
    }
    (void)snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino);
    return strcmp(stream, own) == 0;
}

void log_open(struct log_sink *sink, const char *name, bool to_syslog, enum log_severity least)
{
    *sink = (struct log_sink){.to_syslog = to_syslog, .least = least};
    (void)snprintf(sink->name, sizeof sink->name, "%s", name);
    if (to_syslog) {
        openlog(NULL, LOG_PID | LOG_NDELAY, LOG_DAEMON); /* the program's own name */
    } else {
        sink->journal_prefix = stderr_is_journal();
    }
}

void log_inherit(struct log_sink *sink)
{
    sink->to_syslog = false;
    sink->journal_prefix = false;
}

bool log_to_file(struct log_sink *sink, const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
        int os_error = errno;

        if (fd >= 0) {
            (void)close(fd);
        }
        errno = os_error;
        return false;
    }
    if (fd != STDERR_FILENO) {
        (void)close(fd);
    }
    log_inherit(sink);
    return true;
}

static void to_stderr(const struct log_sink *sink, enum log_severity severity, const char *line)
{
    char head[96];
    struct timespec now;
    struct tm utc;
    int length = 0;

    if (sink->journal_prefix) {
        length = snprintf(head, sizeof head, "<%d>", priority_of(severity));
    } else {
        static const char *const words[] = {"debug ", "", "warning ", "error "};

        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)gmtime_r(&now.tv_sec, &utc);
        length = snprintf(head, sizeof head, "%04d-%02d-%02dT%02d:%02d:%02dZ %s: %s",
                          utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                          utc.tm_sec, sink->name, words[severity]);
    }
    if (length < 0 || length >= (int)sizeof head) {
        length = 0;
    }
    /* One call, so that the lines of several processes do not mix. */
    char end[] = "\n";
    struct iovec parts[] = {{.iov_base = head, .iov_len = (size_t)length},
                            {.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)},
                            {.iov_base = end, .iov_len = 1}};
    ssize_t written = writev(STDERR_FILENO, parts, 3);
    (void)written;
}

static void to_starter(const struct log_sink *sink, enum log_severity severity, const char *line)
{
    char text[1100];

    if (sink->starter != NULL && *sink->starter >= 0 && severity >= LOG_SEVERITY_WARNING) {
        int length = snprintf(text, sizeof text, "%s: %s\n", sink->name, line);
        size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
        ssize_t written = write(*sink->starter, text, size);

        (void)written;
    }
}

void log_line(const struct log_sink *sink, enum log_severity severity, const char *line)
{
    int saved = errno;

    if (severity >= sink->least) {
        if (sink->to_syslog) {
            syslog(priority_of(severity), "%s", line);
        } else {
            to_stderr(sink, severity, line);
        }
        to_starter(sink, severity, line);
    }
    errno = saved;
}

void log_format(const struct log_sink *sink, enum log_severity severity, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    if (severity < sink->least) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_line(sink, severity, line);
}
