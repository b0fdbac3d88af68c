/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep.c - what survives a restart: the drift file, the last time that was known, and which servers
 * asked not to be asked.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock/drift.h"
#include "daemon/time_process.h"
#include "sys/storage.h"

enum { SMALL_FILE = 4096 };

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

struct node_saved keep_load(const struct time_process *process)
{
    struct node_saved saved = {0};
    enum drift_result result;
    uint8_t bytes[SMALL_FILE];
    char path[PATH_SIZE];
    size_t size;

    if (!drift_path(process, path)) {
        return saved;
    }
    if (storage_read(path, bytes, sizeof bytes, &size) != ERR_NONE) {
        return saved;
    }
    result = drift_parse(&saved, bytes, size);
    if (result != DRIFT_OK && result != DRIFT_EMPTY && result != DRIFT_UNSURE) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "the drift file %s can't be used (%s): the frequency is learnt anew", path,
                   drift_sentence(result));
    }
    return saved;
}

/* The file whose content is the last UTC, in s, that was known to be past. */
static bool last_time_path(const struct time_process *process, char path[static PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/last-time", process->setup.state_dir);
    return process->clock.kind == CLOCK_CONTROL_KERNEL && !process->setup.args->single;
}

void keep_save(struct time_process *process)
{
    struct node_saved saved = node_saved(process->node);
    char path[PATH_SIZE], text[128];
    enum err error = ERR_NONE;
    int length;

    if (saved.have_freq && drift_path(process, path)) {
        size_t size = drift_format(&saved, text);
        error = storage_replace(path, text, size, 0644);
    }
    if (process->status.node.state == NODE_SYNCHRONISED && last_time_path(process, path)) {
        enum err time_error;

        length = snprintf(text, sizeof text, "%lld\n",
                          (long long)(time_reading(process).real.ns / NS_PER_S));
        time_error = storage_replace(path, text, (size_t)length, 0644);
        error = error == ERR_NONE ? time_error : error;
    }
    if (error != ERR_NONE && !process->save_failed) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s can't be written (%s): what was learnt is lost at a restart", path,
                   error == ERR_FULL ? "no space left" : "not allowed, or read-only");
    }
    process->save_failed = error != ERR_NONE;
}

void keep_forward_clock(struct time_process *process)
{
    char path[PATH_SIZE], text[SMALL_FILE];
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
    if (sscanf(text, "%lld", &last_s) != 1 || last_s < 0 || last_s > 7258118400LL ||
        now.real.ns / NS_PER_S >= last_s) {
        return;
    }
    clock_control_step(&process->clock, (struct duration){last_s * NS_PER_S - now.real.ns},
                       &change);
    log_format(&process->setup.log, LOG_SEVERITY_WARNING,
               "the clock was %.0f s before the last time that this machine knew: set forward",
               (double)last_s - (double)now.real.ns * 1e-9);
}
