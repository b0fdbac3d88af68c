/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - the log files that `log` and ntp.conf's `statistics` ask for: when a line is written,
 * and how large and how many the files become.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config_load.h"
#include "daemon/record_lines.h"
#include "daemon/time_process.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

/* How often ntpd writes its sysstats. */
static const int64_t system_every_ns = 3600 * NS_PER_S;

struct file_kind {
    uint32_t wanted; /* enum config_log */
    const char *name;
    const char *heading; /* chrony's own, which its readers know; NULL: none */
};

static const struct file_kind kinds[RECORD_COUNT] = {
    [RECORD_MEASUREMENTS] = {CONFIG_LOG_MEASUREMENTS | CONFIG_LOG_RAW_MEASUREMENTS,
                             "measurements.log",
                             "   Date (UTC) Time     IP Address   L St 123 567 ABCD  LP RP Score"
                             "    Offset  Peer del. Peer disp.  Root del. Root disp. Refid     "
                             "MTxRx"},
    [RECORD_STATISTICS] = {CONFIG_LOG_STATISTICS, "statistics.log",
                           "   Date (UTC) Time     IP Address    Std dev'n Est offset  Offset sd"
                           "  Diff freq   Est skew  Stress  Ns  Bs  Nr  Asym"},
    [RECORD_TRACKING] = {CONFIG_LOG_TRACKING, "tracking.log",
                         "   Date (UTC) Time     IP Address   St   Freq ppm   Skew ppm     Offset "
                         "L Co  Offset sd Rem. corr. Root delay Root disp. Max. error"},
    [RECORD_SELECTION] = {CONFIG_LOG_SELECTION, "selection.log",
                          "   Date (UTC) Time     IP Address   S EOpts Reach Score Last sample  "
                          "Low end   High end"},
    [RECORD_LOOP] = {CONFIG_LOG_LOOPSTATS, "loopstats", NULL},
    [RECORD_PEER] = {CONFIG_LOG_PEERSTATS, "peerstats", NULL},
    [RECORD_RAW] = {CONFIG_LOG_RAWSTATS, "rawstats", NULL},
    [RECORD_TEMPCOMP] = {CONFIG_LOG_TEMPCOMP, "tempcomp.log",
                         "   Date (UTC) Time        Temp.       Comp."},
    [RECORD_SYSTEM] = {CONFIG_LOG_SYSSTATS, "sysstats", NULL},
};

static void make_path(const struct time_process *process, enum record_kind kind,
                      char path[static PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", config_load_log_dir(process->config), kinds[kind].name);
}

static int open_one(struct time_process *process, enum record_kind kind)
{
    char path[PATH_SIZE];
    int fd;

    make_path(process, kind, path);
    fd = storage_append_open(path, 0644);
    if (fd < 0) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s can't be opened (%s): not written", path, strerror(errno));
        return -1;
    }
    process->records.entries[kind] = 0;
    return fd;
}

void records_open(struct time_process *process)
{
    const struct daemon_options *daemon = &process->config->daemon;
    const char *directory = config_load_log_dir(process->config);
    bool usable = true;

    if (daemon->log != 0 && storage_make_directory(directory, 0755, -1, -1) != ERR_NONE) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "the log directory %s can't be made: its files are not written", directory);
        usable = false;
    }
    for (unsigned i = 0; i < RECORD_COUNT; i++) {
        bool wanted = usable && (daemon->log & kinds[i].wanted);

        process->records.fd[i] = wanted ? open_one(process, (enum record_kind)i) : -1;
    }
}

void records_close(struct time_process *process)
{
    for (unsigned i = 0; i < RECORD_COUNT; i++) {
        if (process->records.fd[i] >= 0) {
            unix_close(&process->records.fd[i]);
        }
        process->records.fd[i] = -1;
    }
}

/* A file that has become as large as it may makes room for a new one. */
static void keep_small(struct time_process *process, enum record_kind kind)
{
    const struct daemon_options *daemon = &process->config->daemon;
    char path[PATH_SIZE];

    if (daemon->log_size <= 0 ||
        storage_append_size(process->records.fd[kind]) < (uint64_t)daemon->log_size) {
        return;
    }
    make_path(process, kind, path);
    unix_close(&process->records.fd[kind]);
    storage_shift(path, (unsigned)daemon->log_keep);
    process->records.fd[kind] = open_one(process, kind);
}

/* The heading between two lines of its length. */
static void write_heading(int fd, const char *heading)
{
    size_t length = strlen(heading);
    char text[3 * RECORD_LINE_SIZE];

    memset(text, '=', length);
    text[length] = '\n';
    memcpy(text + length + 1, heading, length);
    text[2 * length + 1] = '\n';
    memset(text + 2 * length + 2, '=', length);
    text[3 * length + 2] = '\n';
    enum err ignored = storage_append(fd, text, 3 * length + 3);
    (void)ignored;
}

static bool heading_is_due(const struct time_process *process, enum record_kind kind)
{
    int every = process->config->daemon.log_banner;

    return kinds[kind].heading != NULL && every > 0 &&
           process->records.entries[kind] % (unsigned)every == 0;
}

static void append(struct time_process *process, enum record_kind kind, const char *line,
                   int length)
{
    if (process->records.fd[kind] < 0 || length <= 0 || length >= RECORD_LINE_SIZE) {
        return;
    }
    keep_small(process, kind);
    if (process->records.fd[kind] >= 0) {
        if (heading_is_due(process, kind)) {
            write_heading(process->records.fd[kind], kinds[kind].heading);
        }
        process->records.entries[kind]++;
        /* A full disk must not disturb the clock: the line is lost, the daemon's log says more. */
        enum err ignored = storage_append(process->records.fd[kind], line, (size_t)length);
        (void)ignored;
    }
}

static bool is_open(const struct time_process *process, enum record_kind kind)
{
    return process->records.fd[kind] >= 0;
}

static const struct source_status *source_of(const struct time_process *process,
                                             uint16_t association)
{
    for (size_t i = 0; i < process->status.count; i++) {
        if (process->status.sources[i].association == association) {
            return &process->status.sources[i];
        }
    }
    return NULL;
}

void records_measured(struct time_process *process, const struct action_measured *measured)
{
    const uint32_t of_answers = CONFIG_LOG_MEASUREMENTS | CONFIG_LOG_RAW_MEASUREMENTS |
                                CONFIG_LOG_STATISTICS | CONFIG_LOG_PEERSTATS | CONFIG_LOG_RAWSTATS;
    uint32_t wanted = process->config->daemon.log;
    bool accepted = measured->reason == DROP_NONE;
    char line[RECORD_LINE_SIZE];

    if (!(wanted & of_answers)) {
        return;
    }
    publish_refresh(process);
    const struct source_status *source = source_of(process, measured->association);
    if (!source) {
        return;
    }
    struct record_answer answer = {measured, source, time_reading(process).real};
    if (is_open(process, RECORD_MEASUREMENTS) &&
        (accepted || (wanted & CONFIG_LOG_RAW_MEASUREMENTS))) {
        append(process, RECORD_MEASUREMENTS, line, record_measurement(&answer, line));
    }
    if (is_open(process, RECORD_STATISTICS) && accepted && source->samples > 1) {
        append(process, RECORD_STATISTICS, line, record_statistics(source, answer.now, line));
    }
    if (is_open(process, RECORD_PEER) && accepted) {
        append(process, RECORD_PEER, line, record_peer(source, answer.now, line));
    }
    if (is_open(process, RECORD_RAW) && accepted) {
        append(process, RECORD_RAW, line, record_raw(&answer, line));
    }
}

static void record_sources(struct time_process *process)
{
    char line[RECORD_LINE_SIZE];

    for (size_t i = 0; i < process->status.count; i++) {
        const struct source_status *source = &process->status.sources[i];

        if (source->address.family != ADDRESS_NONE) {
            append(process, RECORD_SELECTION, line,
                   record_selection(source, process->status.node.now, line));
        }
    }
}

void records_published(struct time_process *process)
{
    const struct node_status *node = &process->status.node;
    char line[RECORD_LINE_SIZE];

    if (is_open(process, RECORD_SYSTEM) &&
        node->now.ns - process->last_system.ns >= system_every_ns) {
        process->last_system = node->now;
        append(process, RECORD_SYSTEM, line, record_system(node, line));
    }
    if (node->reference_time.ns == process->last_tracking.ns) {
        return;
    }
    process->last_tracking = node->reference_time;
    if (is_open(process, RECORD_TRACKING)) {
        append(process, RECORD_TRACKING, line, record_tracking(&process->status, line));
    }
    if (is_open(process, RECORD_LOOP)) {
        append(process, RECORD_LOOP, line, record_loop(&process->status, line));
    }
    if (is_open(process, RECORD_SELECTION)) {
        record_sources(process);
    }
}

void records_temperature(struct time_process *process)
{
    char line[RECORD_LINE_SIZE];

    if (is_open(process, RECORD_TEMPCOMP)) {
        publish_refresh(process);
        append(process, RECORD_TEMPCOMP, line, record_tempcomp(&process->status.node, line));
    }
}
