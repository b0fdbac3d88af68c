/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep.c - what survives a restart: the drift file, the last time that was known, which servers
 * asked not to be asked, and what temperatures do to the frequency.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock/drift.h"
#include "core/clock/learnt.h"
#include "core/node/restraint.h"
#include "daemon/time_process.h"
#include "sys/storage.h"

enum { SMALL_FILE = 4096 };

/* The year 2200: what says more is nonsense. */
static const long long latest_s = 7258118400LL;

/* Takes a whole number within limits, and the white space after it, off the front of *text. */
static bool next_number(char **text, long long least, long long most, long long *value)
{
    char *end;

    if (!*text) {
        return false;
    }
    errno = 0;
    *value = strtoll(*text, &end, 10);
    if (end == *text || errno != 0 || *value < least || *value > most) {
        return false;
    }
    *text = end + strspn(end, " \t\n");
    return true;
}

/* The drift file's path: as configured, else in the state directory; false: none. */
static bool drift_path(const struct time_process *process, char path[static PATH_SIZE])
{
    if (process->config->daemon.drift_file) {
        snprintf(path, PATH_SIZE, "%s", process->config->daemon.drift_file);
        return true;
    }
    snprintf(path, PATH_SIZE, "%s/drift", process->setup.state_dir);
    /* Alone, and in tests, nothing is written that nobody asked for. */
    return !process->setup.args->single && !process->setup.args->virtual_clock;
}

static void load_drift(const struct time_process *process, struct node_saved *saved)
{
    enum drift_result result;
    uint8_t bytes[SMALL_FILE];
    char path[PATH_SIZE];
    size_t size;

    if (!drift_path(process, path) || storage_read(path, bytes, sizeof bytes, &size) != ERR_NONE) {
        return;
    }
    result = drift_parse(saved, bytes, size);
    if (result != DRIFT_OK && result != DRIFT_EMPTY && result != DRIFT_UNSURE) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "the drift file %s can't be used (%s): the frequency is learnt anew", path,
                   drift_sentence(result));
    }
}

/* Servers that asked for restraint: one a line, "ADDRESS UNTIL POLL DENIALS". */
static bool kod_path(const struct time_process *process, char path[static PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/restraint", process->setup.state_dir);
    return !process->setup.args->single && !process->setup.args->virtual_clock;
}

static void load_kod(const struct time_process *process, struct node_saved *saved)
{
    char path[PATH_SIZE], text[RESTRAINT_TEXT_SIZE];
    size_t size;

    if (kod_path(process, path) && storage_read(path, text, sizeof text, &size) == ERR_NONE &&
        restraint_parse(saved, text, size) > 0) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s has lines that say nothing: skipped", path);
    }
}

/* What `tempcomp auto` has learnt. */
static bool tempcomp_path(const struct time_process *process, char path[static PATH_SIZE])
{
    const struct args *args = process->setup.args;

    snprintf(path, PATH_SIZE, "%s/tempcomp", process->setup.state_dir);
    return process->config->node.tempcomp.kind == TEMPCOMP_AUTO && !args->single &&
           (!args->virtual_clock || args->state_dir);
}

static void load_tempcomp(const struct time_process *process, struct node_saved *saved)
{
    char path[PATH_SIZE], text[LEARNT_TEXT_SIZE];
    size_t size;

    if (tempcomp_path(process, path) && storage_read(path, text, sizeof text, &size) == ERR_NONE &&
        !learnt_parse(&saved->tempcomp, &process->sensors.names, text, size)) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s says nothing that could be true: what temperatures do is learnt anew", path);
    }
}

struct node_saved keep_load(const struct time_process *process)
{
    struct node_saved saved = {0};

    load_drift(process, &saved);
    load_kod(process, &saved);
    load_tempcomp(process, &saved);
    return saved;
}

/* The file whose content is the last UTC, in s, that was known to be past. */
static bool last_time_path(const struct time_process *process, char path[static PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/last-time", process->setup.state_dir);
    return process->clock.kind == CLOCK_CONTROL_KERNEL && !process->setup.args->single;
}

static enum err save_drift(const struct time_process *process, const struct node_saved *saved,
                           char path[static PATH_SIZE])
{
    char text[DRIFT_TEXT_SIZE];
    size_t size;

    if (!saved->have_freq || !drift_path(process, path)) {
        return ERR_NONE;
    }
    size = drift_format(saved, text);
    return storage_replace(path, text, size, 0644);
}

static enum err save_last_time(const struct time_process *process, const struct node_saved *saved,
                               char path[static PATH_SIZE])
{
    char text[32];
    int length;

    (void)saved;
    if (process->status.node.state != NODE_SYNCHRONISED || !last_time_path(process, path)) {
        return ERR_NONE;
    }
    length = snprintf(text, sizeof text, "%lld\n",
                      (long long)(time_reading(process).real.ns / NS_PER_S));
    return storage_replace(path, text, (size_t)length, 0644);
}

static enum err save_kod(const struct time_process *process, const struct node_saved *saved,
                         char path[static PATH_SIZE])
{
    char text[RESTRAINT_TEXT_SIZE];

    if (!kod_path(process, path)) {
        return ERR_NONE;
    }
    if (saved->kod_count == 0) {
        storage_remove(path);
        return ERR_NONE;
    }
    return storage_replace(path, text, restraint_format(saved, text), 0644);
}

static enum err save_tempcomp(const struct time_process *process, const struct node_saved *saved,
                              char path[static PATH_SIZE])
{
    char text[LEARNT_TEXT_SIZE];

    if (saved->tempcomp.weight < 1 || !tempcomp_path(process, path)) {
        return ERR_NONE;
    }
    return storage_replace(path, text,
                           learnt_format(&saved->tempcomp, &process->sensors.names, text), 0644);
}

void keep_save(struct time_process *process)
{
    struct node_saved saved = node_saved(process->node);
    enum err (*const savers[])(const struct time_process *, const struct node_saved *,
                               char *) = {save_drift, save_last_time, save_kod, save_tempcomp};
    struct steady_time now = clock_steady();
    char path[PATH_SIZE];
    bool failed = false;

    if (process->setup.args->once != ONCE_NO) {
        return; /* two answers teach no frequency, and who only asks leaves no traces */
    }
    if (process->saved_at.ns != 0 && !process->stop &&
        (double)(now.ns - process->saved_at.ns) * 1e-9 < process->config->daemon.drift_interval_s) {
        return;
    }
    process->saved_at = now;
    for (size_t i = 0; i < sizeof savers / sizeof savers[0]; i++) {
        enum err error = savers[i](process, &saved, path);

        if (error != ERR_NONE && !process->save_failed && !failed) {
            log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                       "%s can't be written (%s): what was learnt is lost at a restart", path,
                       error == ERR_FULL ? "no space left" : "not allowed, or read-only");
        }
        failed |= error != ERR_NONE;
    }
    process->save_failed = failed;
}

void keep_keys(struct time_process *process)
{
    const struct keys_answer *keys;
    bool failed = false;

    if (process->setup.args->once != ONCE_NO) {
        return;
    }
    for (size_t i = 0; (i = node_saved_keys(process->node, i, &keys)) < process->capacity; i++) {
        failed |= !exchanger_keep(&process->exchanger, keys);
    }
    if (failed && !process->keys_failed) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "keys of NTS can't be written into %s: they are exchanged anew after a restart",
                   process->exchanger.directory);
    }
    process->keys_failed = failed;
}

/* What the file says, in s; false: nothing that could be true. */
static bool read_last_time(const char *path, long long *last_s)
{
    char text[SMALL_FILE];
    char *number = text;
    size_t size;

    if (storage_read(path, text, sizeof text - 1, &size) != ERR_NONE) {
        return false;
    }
    text[size] = '\0';
    return next_number(&number, 0, latest_s, last_s);
}

struct utc_time keep_not_before(const struct time_process *process)
{
    char path[PATH_SIZE];
    long long last_s;

    snprintf(path, PATH_SIZE, "%s/last-time", process->setup.state_dir);
    if (process->setup.args->single || !read_last_time(path, &last_s) || last_s < NOON_BUILT_S) {
        last_s = NOON_BUILT_S;
    }
    return (struct utc_time){last_s * NS_PER_S};
}

void keep_forward_clock(struct time_process *process)
{
    char path[PATH_SIZE], text[SMALL_FILE];
    char *number = text;
    struct clock_change change;
    long long last_s;
    size_t size;
    struct clock_reading now = time_reading(process);

    if (!process->privileged || !last_time_path(process, path) ||
        storage_read(path, text, sizeof text - 1, &size) != ERR_NONE) {
        return;
    }
    text[size] = '\0';
    /* A file that is nonsense, or from beyond 2200, is no reason to step. */
    if (!next_number(&number, 0, latest_s, &last_s) || now.real.ns / NS_PER_S >= last_s) {
        return;
    }
    clock_control_step(&process->clock, (struct duration){last_s * NS_PER_S - now.real.ns},
                       &change);
    log_format(&process->setup.log, LOG_SEVERITY_WARNING,
               "the clock was %.0f s before the last time that this machine knew: set forward",
               (double)last_s - (double)now.real.ns * 1e-9);
}
