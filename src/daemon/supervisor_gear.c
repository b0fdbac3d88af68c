/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/supervisor_gear.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/server/rules.h"
#include "daemon/worker_report.h"
#include "sys/clock.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"
#include "wire/line.h"
#include "wire/status.h"

enum { RECORD_SOURCES = 1024, PATH_SIZE = SUPERVISOR_PATH_SIZE + 32 };

static const char *const socket_names[] = {"status.sock", "control.sock"};
static const unsigned socket_modes[] = {0666, 0660};

/* Only root has somebody else to give things to. */
static int64_t owner_of(uint32_t id)
{
    return privilege_self().uid == 0 ? (int64_t)id : -1;
}

bool gear_renew_counters(struct gear *gear)
{
    struct page fresh;

    if (page_create(&fresh, NULL, PAGE_LAYOUT_COUNTERS, worker_page_size()) != ERR_NONE) {
        return false;
    }
    int reader = page_reader_fd(&fresh);
    if (reader < 0) {
        page_close(&fresh);
        return false;
    }
    /* Those who use the old one have it open themselves. */
    page_close(&gear->counters);
    unix_close(&gear->counters_reader);
    gear->counters = fresh;
    gear->counters_reader = reader;
    return true;
}

static void open_listeners(struct gear *gear, const struct supervisor_plan *plan,
                           const struct log_sink *log)
{
    char path[PATH_SIZE];

    for (int i = 0; i < 2; i++) {
        struct unix_owner owner = {.mode = socket_modes[i],
                                   .uid = owner_of(plan->user.uid),
                                   .gid = owner_of(plan->user.gid)};

        (void)snprintf(path, sizeof path, "%s/%s", plan->run_directory, socket_names[i]);
        if (unix_listen(&gear->listeners[i], path, &owner) != ERR_NONE) {
            gear->listeners[i] = -1;
            log_format(log, LOG_SEVERITY_WARNING, "%s can't be opened: `noon` can't use it", path);
        }
    }
}

static bool open_pages(struct gear *gear, const struct supervisor_plan *plan)
{
    const size_t line_size = sizeof(struct time_line);
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/time", plan->run_directory);
    bool in_file = plan->run_directory[0] != '\0' &&
                   page_create(&gear->line, path, TIME_LINE_LAYOUT, line_size) == ERR_NONE;
    if (!in_file && page_create(&gear->line, NULL, TIME_LINE_LAYOUT, line_size) != ERR_NONE) {
        return false;
    }
    if (page_create(&gear->life, NULL, PAGE_LAYOUT_LIFE, SUPERVISED_STATUS_SIZE) != ERR_NONE ||
        page_create(&gear->record, NULL, PAGE_LAYOUT_RECORD, status_size_max(RECORD_SOURCES)) !=
            ERR_NONE ||
        page_create(&gear->rules, NULL, PAGE_LAYOUT_RULES, sizeof(struct runtime_rules)) !=
            ERR_NONE ||
        !gear_renew_counters(gear)) {
        return false;
    }
    gear->line_reader = page_reader_fd(&gear->line);
    gear->record_reader = page_reader_fd(&gear->record);
    gear->rules_reader = page_reader_fd(&gear->rules);
    return gear->line_reader >= 0 && gear->record_reader >= 0 && gear->rules_reader >= 0;
}

static void make_directories(const struct supervisor_plan *plan, const struct log_sink *log)
{
    /* An existing log directory may be everybody's: it stays whose it is. */
    const char *log_directory =
        storage_is_directory(plan->log_directory) ? "" : plan->log_directory;
    const char *const paths[] = {plan->run_directory, plan->state_directory, log_directory};

    for (int i = 0; i < 3; i++) {
        if (paths[i][0] != '\0' && storage_make_directory(paths[i], 0755, owner_of(plan->user.uid),
                                                          owner_of(plan->user.gid)) != ERR_NONE) {
            log_format(log, LOG_SEVERITY_WARNING, "%s can't be made or given to %s", paths[i],
                       plan->user.name);
        }
    }
}

/* The directory of the pid file, which is on no disk, and which chronyd makes for itself as well.
 */
static void make_pid_directory(const char *path)
{
    char directory[PATH_SIZE];
    char *slash;

    snprintf(directory, sizeof directory, "%s", path);
    slash = strrchr(directory, '/');
    if (slash && slash != directory) {
        *slash = '\0';
        /* What can't be made is said when the file can't be written. */
        enum err ignored = storage_make_directory(directory, 0755, -1, -1);
        (void)ignored;
    }
}

bool gear_take_pidfile(const char *path, const struct log_sink *log, bool *ours)
{
    int other = 0;

    *ours = false;
    if (path[0] == '\0') {
        return true;
    }
    make_pid_directory(path);
    enum err err = storage_pidfile(path, &other);
    *ours = err == ERR_NONE;
    if (err == ERR_IN_USE) {
        log_format(log, LOG_SEVERITY_ERROR, "noond runs already, as process %d (%s)", other, path);
        return false;
    }
    if (err != ERR_NONE) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be written", path);
    }
    return true;
}

bool gear_open(struct gear *gear, const struct supervisor_plan *plan, const struct log_sink *log)
{
    bool ignored = false;

    *gear = (struct gear){.listeners = {-1, -1}, .counters = {.fd = -1}, .counters_reader = -1};
    server_sockets_init(&gear->server);
    gear->nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    make_directories(plan, log);
    if (!gear_take_pidfile(plan->pidfile, log, &gear->pidfile) ||
        server_sockets_apply(&gear->server, &plan->server, log, &ignored) == ERR_IN_USE) {
        return false;
    }
    if (plan->run_directory[0] != '\0') {
        open_listeners(gear, plan, log);
    }
    if (gear->nothing < 0 || !open_pages(gear, plan) || !nts_service_open(&gear->nts)) {
        log_line(log, LOG_SEVERITY_ERROR, "shared memory can't be had: not started");
        return false;
    }
    nts_service_apply(&gear->nts, &plan->nts, log);
    return true;
}

static bool is_helper(enum child_kind kind)
{
    return kind == CHILD_HELPER || kind == CHILD_KEYS;
}

size_t gear_fds(const struct gear *gear, enum child_kind kind, int channel,
                int fds[static PROCESS_FDS_MAX])
{
    const bool of_server = kind == CHILD_SERVER;
    const int none = gear->nothing;
    size_t count = 0;

    if (kind == CHILD_NTS) {
        return nts_service_fds(&gear->nts, channel, fds);
    }
    if (is_helper(kind)) {
        fds[0] = channel;
        return 1;
    }
    fds[count++] = channel;
    fds[count++] = of_server ? none : gear->life.fd;
    fds[count++] = of_server ? gear->line_reader : gear->line.fd;
    fds[count++] = of_server ? gear->record_reader : gear->record.fd;
    fds[count++] = of_server ? gear->counters.fd : gear->counters_reader;
    for (int i = 0; i < 2; i++) {
        fds[count++] = of_server || gear->listeners[i] < 0 ? none : gear->listeners[i];
    }
    fds[count++] = of_server && gear->nts.plan.pairs > 0 ? gear->nts.ring_reader : none;
    fds[count++] = of_server ? none : gear->nts.totals_reader;
    fds[count++] = of_server ? gear->rules_reader : gear->rules.fd;
    if (of_server) {
        count += server_sockets_fds(&gear->server, fds + count, PROCESS_FDS_MAX - count);
    }
    return count;
}

void gear_arguments(const struct supervisor_setup *setup, const struct supervisor_plan *plan,
                    enum child_kind kind, struct gear_arguments *out)
{
    static const char *const roles[CHILD_COUNT] = {"time",    "server", "server",
                                                   "resolve", "keys",   "nts-server"};
    size_t count = 0;

    (void)snprintf(out->helper, sizeof out->helper, "noon-helper");
    (void)snprintf(out->no_system, sizeof out->no_system, "--no-system-certs");
    (void)snprintf(out->flag, sizeof out->flag, "-u");
    (void)snprintf(out->role, sizeof out->role, "--role=%s", roles[kind]);
    (void)snprintf(out->user, sizeof out->user, "%u:%u", plan->user.uid, plan->user.gid);
    if (kind == CHILD_NTS) {
        nts_service_arguments(&plan->nts, out->user, &out->nts);
        memcpy(out->at, out->nts.at, (out->nts.count + 1) * sizeof out->at[0]);
        return;
    }
    out->at[count++] = is_helper(kind) ? out->helper : setup->arguments[0];
    for (size_t i = 1;
         !is_helper(kind) && setup->arguments[i] != NULL && count < GEAR_ARGUMENTS_MAX - 4; i++) {
        out->at[count++] = setup->arguments[i];
    }
    /* Last, so that they count; the user as a number, which needs no database. */
    out->at[count++] = out->role;
    out->at[count++] = out->flag;
    out->at[count++] = out->user;
    for (size_t i = 0; kind == CHILD_KEYS && i < plan->trusted_count; i++) {
        (void)snprintf(out->trusted[i], sizeof out->trusted[i], "--trust=%s", plan->trusted[i]);
        out->at[count++] = out->trusted[i];
    }
    if (kind == CHILD_KEYS && plan->no_system_certs) {
        out->at[count++] = out->no_system;
    }
    out->at[count] = NULL;
}

void gear_settle_clock(struct gear *gear, const struct log_sink *log)
{
    uint64_t bits = page_mark(&gear->life, PAGE_MARK_RATE);
    struct freq rate;

    if (page_mark(&gear->life, PAGE_MARK_RATE_KNOWN) != 1) {
        return;
    }
    page_mark_set(&gear->life, PAGE_MARK_RATE_KNOWN, 0);
    memcpy(&rate.s_per_s, &bits, sizeof bits);
    if (clock_kernel_set_rate(rate) != ERR_NONE) {
        log_line(log, LOG_SEVERITY_WARNING, "the clock keeps the rate it had");
    }
}

void gear_remove(const struct gear *gear, const struct supervisor_plan *plan)
{
    char path[PATH_SIZE];

    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", plan->run_directory, socket_names[i]);
        if (gear->listeners[i] >= 0) {
            storage_remove(path);
        }
    }
    if (gear->pidfile) {
        storage_remove(plan->pidfile);
    }
}
