/* SPDX-License-Identifier: BSD-2-Clause */
/* keep_names.c - the addresses of names, in the file `names` of the state directory. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/time_process.h"
#include "sys/storage.h"

enum { FILE_MAX = 1 << 20 };

/* Nothing has changed, but the file's dates grow old. */
static const int64_t again_ns = 3600 * NS_PER_S;

/* False: nothing is kept.  Alone, and in trials, nothing is written that nobody asked for. */
static bool path_of(const struct time_process *process, char path[static PATH_SIZE])
{
    const struct args *args = process->setup.args;

    snprintf(path, PATH_SIZE, "%s/names", process->setup.state_dir);
    return !args->single && args->once == ONCE_NO && (!args->virtual_clock || args->state_dir);
}

static size_t load(struct time_process *process, const char *path, char *bytes)
{
    size_t capacity = process->capacity;
    size_t size, count;
    unsigned skipped = 0;

    if (storage_read(path, bytes, FILE_MAX, &size) != ERR_NONE) {
        return 0;
    }
    process->names = calloc(capacity, sizeof *process->names);
    if (process->names == NULL) {
        return 0;
    }
    count = names_parse(process->names, capacity, bytes, size, &skipped);
    if (skipped > 0) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s has %u lines that say nothing: skipped", path, skipped);
    }
    return count;
}

size_t keep_load_names(struct time_process *process)
{
    char path[PATH_SIZE];
    char *bytes;
    size_t count = 0;

    if (path_of(process, path) && (bytes = malloc(FILE_MAX)) != NULL) {
        count = load(process, path, bytes);
        free(bytes);
    }
    return count;
}

static void write_names(struct time_process *process, const char *path, char *bytes)
{
    struct saved_name name;
    size_t size = 0;

    for (size_t i = 0; (i = node_saved_name(process->node, i, &name)) < process->capacity; i++) {
        if (size + SAVED_NAME_LINE_SIZE > FILE_MAX) {
            break; /* a thousand names with 16 long addresses each: the first of them will do */
        }
        size += names_format(&name, bytes + size);
    }
    bool failed = storage_replace(path, bytes, size, 0644) != ERR_NONE;
    if (failed && !process->names_failed) {
        log_format(&process->setup.log, LOG_SEVERITY_WARNING,
                   "%s can't be written: without a resolver the next start finds no servers", path);
    }
    process->names_failed = failed;
}

void keep_names(struct time_process *process)
{
    uint32_t version = node_names_version(process->node);
    struct steady_time now = clock_steady();
    char path[PATH_SIZE];
    char *bytes;

    /* Without an answer in this run there is nothing to tell: the file stays as it is. */
    if (version == 0 || !path_of(process, path) ||
        (version == process->names_version && now.ns - process->names_at.ns < again_ns)) {
        return;
    }
    process->names_version = version;
    process->names_at = now;
    bytes = malloc(FILE_MAX);
    if (bytes != NULL) {
        write_names(process, path, bytes);
        free(bytes);
    }
}
