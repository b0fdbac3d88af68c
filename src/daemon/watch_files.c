/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch_files.c - a configuration that is exchanged by moving a symbolic link, as a ConfigMap is,
 * is reloaded by itself.  One that is written in place waits for `noon reload`.
 */
#include "config/config.h"
#include "daemon/time_process.h"

void time_watch_files(struct time_process *process)
{
    size_t count = 0;
    const char *const *directories = config_directories(process->config, &count);

    for (size_t i = 0; i < count && process->links.fd >= 0; i++) {
        if (!links_watch(&process->links, directories[i])) {
            log_format(&process->setup.log, LOG_SEVERITY_DEBUG, "%s is not watched",
                       directories[i]);
        }
    }
}

void time_open_files(struct time_process *process)
{
    process->links.fd = -1;
    /* Alone, noond keeps to what a simulator knows. */
    if (process->setup.supervised) {
        links_open(&process->links);
        time_watch_files(process);
    }
}

void time_look_at_files(struct time_process *process)
{
    if (links_moved(&process->links)) {
        log_line(&process->setup.log, LOG_SEVERITY_INFO, "the configuration was exchanged on disk");
        process->want_reload = true;
    }
}
