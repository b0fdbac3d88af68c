/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/premises.h"

#include <stdio.h>
#include <string.h>

#include "sys/storage.h"
#include "sys/unix_socket.h"
#include "wire/line.h"

enum { PATH_SIZE = PREMISES_PATH_SIZE + 16 };

static const char *const socket_names[PREMISES_SOCKETS] = {"status.sock", "control.sock"};
static const unsigned socket_modes[PREMISES_SOCKETS] = {0666, 0660};

static struct unix_owner owner_of(const struct premises_plan *plan, unsigned mode)
{
    bool give = plan->give && privilege_self().uid == 0;

    return (struct unix_owner){.mode = mode,
                               .uid = give ? (int64_t)plan->user.uid : -1,
                               .gid = give ? (int64_t)plan->user.gid : -1};
}

static void path_of(const struct premises *premises, const char *name, char path[static PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", premises->plan.run_directory, name);
}

static void make_directories(const struct premises_plan *plan, const struct log_sink *log)
{
    /* An existing log directory may be everybody's: it stays whose it is. */
    const char *log_directory =
        storage_is_directory(plan->log_directory) ? "" : plan->log_directory;
    const char *const paths[] = {plan->run_directory, plan->state_directory, log_directory};
    const struct unix_owner owner = owner_of(plan, 0755);

    for (int i = 0; i < 3; i++) {
        if (paths[i][0] != '\0' &&
            storage_make_directory(paths[i], owner.mode, owner.uid, owner.gid) != ERR_NONE) {
            log_format(log, LOG_SEVERITY_WARNING, "%s can't be made or given to %s", paths[i],
                       plan->user.name);
        }
    }
}

/* On no disk, often: chronyd makes the directory of its pid file for itself as well. */
static void make_pid_directory(const char *path)
{
    char directory[PATH_SIZE];
    char *slash;

    (void)snprintf(directory, sizeof directory, "%s", path);
    slash = strrchr(directory, '/');
    if (slash && slash != directory) {
        *slash = '\0';
        /* What can't be made is said when the file can't be written. */
        enum err ignored = storage_make_directory(directory, 0755, -1, -1);
        (void)ignored;
    }
}

/* False: another noond runs. */
static bool take_pidfile(struct premises *premises, const struct log_sink *log)
{
    const char *path = premises->plan.pidfile;
    int other = 0;

    if (path[0] == '\0') {
        return true;
    }
    make_pid_directory(path);
    enum err err = storage_pidfile(path, &other);
    premises->pidfile = err == ERR_NONE;
    if (err == ERR_IN_USE) {
        log_format(log, LOG_SEVERITY_ERROR, "noond runs already, as process %d (%s)", other, path);
        return false;
    }
    if (err != ERR_NONE) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be written", path);
    }
    return true;
}

static void open_listeners(struct premises *premises, const struct log_sink *log)
{
    char path[PATH_SIZE];
    bool said = false;

    for (int i = 0; i < PREMISES_SOCKETS; i++) {
        const struct unix_owner owner = owner_of(&premises->plan, socket_modes[i]);

        path_of(premises, socket_names[i], path);
        if (unix_listen(&premises->listeners[i], path, &owner) != ERR_NONE) {
            premises->listeners[i] = -1;
            if (!said) {
                log_format(log, LOG_SEVERITY_WARNING,
                           "%s can't be opened: `noon` will find nobody here", path);
            }
            said = true;
        }
    }
}

bool premises_open(struct premises *premises, const struct premises_plan *plan,
                   const struct log_sink *log)
{
    char path[PATH_SIZE];

    *premises = (struct premises){.plan = *plan, .listeners = {-1, -1}};
    make_directories(plan, log);
    if (!take_pidfile(premises, log)) {
        return false;
    }
    if (plan->run_directory[0] != '\0') {
        open_listeners(premises, log);
        path_of(premises, "time", path);
        if (page_create(&premises->line, path, TIME_LINE_LAYOUT, sizeof(struct time_line)) !=
            ERR_NONE) {
            premises->line.map = NULL;
        }
    }
    return true;
}

void premises_close(const struct premises *premises)
{
    char path[PATH_SIZE];

    for (int i = 0; i < PREMISES_SOCKETS; i++) {
        path_of(premises, socket_names[i], path);
        if (premises->listeners[i] >= 0) {
            storage_remove(path);
        }
    }
    if (premises->pidfile) {
        storage_remove(premises->plan.pidfile);
    }
}
