/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/roles.h"

#include <stdio.h>
#include <string.h>

#include "daemon/config_load.h"
#include "daemon/endpoints.h"
#include "daemon/orders.h"
#include "daemon/plan.h"
#include "daemon/supervisor.h"
#include "daemon/time_process.h"
#include "daemon/worker.h"
#include "sys/netlink.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

bool role_is_taken(const struct args *args)
{
    char path[PATH_SIZE];
    int fd;

    snprintf(path, sizeof path, "%s/status.sock", plan_run_directory(args));
    if (unix_connect(&fd, path, (struct duration){NS_PER_S}) != ERR_NONE) {
        return false;
    }
    unix_close(&fd);
    return true;
}

/* --- alone ---------------------------------------------------------------------------------- */

/* Alone, noond serves time; questions by UDP are the server process's.  False: somebody else does.
 */
static bool open_alone(struct time_setup *setup, struct udp_socket sockets[static ENDPOINTS_MAX],
                       const struct log_sink *log)
{
    struct endpoint endpoints[ENDPOINTS_MAX];
    size_t wanted = endpoints_plan(setup->args, setup->config, false, endpoints);

    for (size_t i = 0; i < wanted; i++) {
        if (endpoints[i].optional || endpoints[i].stream) {
            continue;
        }
        enum err error =
            udp_server_open(&sockets[setup->server_socket_count], &endpoints[i].options);
        if (error == ERR_NONE) {
            setup->server_socket_count++;
            continue;
        }
        endpoints_tell(&endpoints[i], error, log);
        if (error == ERR_IN_USE) {
            return false;
        }
    }
    return true;
}

/* For OpenNTPD's ntpctl, where the configuration wants it; -1: nowhere. */
static int listen_for_ntpctl(const struct config *config, const struct user_ids *user,
                             const struct log_sink *log)
{
    const struct unix_owner owner = {
        .mode = 0660, .uid = user ? (int64_t)user->uid : -1, .gid = user ? (int64_t)user->gid : -1};
    const char *path = config->daemon.ntpctl_socket;
    int fd = -1;

    if (path != NULL && unix_listen(&fd, path, &owner) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be opened: ntpctl is not answered", path);
        fd = -1;
    }
    return fd;
}

/* Said, since who asks for NTS would take plain answers for authenticated ones. */
static void tell_what_needs_processes(const struct config *config, const struct log_sink *log)
{
    if (config->daemon.nts_cert_count > 0) {
        log_line(log, LOG_SEVERITY_WARNING,
                 "ntsservercert: no NTS is served with --single, since TLS and its key belong into "
                 "a process of their own; leave --single away");
    }
}

/* What was asked for and can't be had is said: the clock is kept all the same. */
static void claim(const struct config *config, const struct log_sink *log)
{
    const struct daemon_options *daemon = &config->daemon;

    if (daemon->lock_memory && !process_lock_memory()) {
        log_line(log, LOG_SEVERITY_WARNING,
                 "lock_all: noond may not keep itself in memory; start it as root, or write "
                 "`LimitMEMLOCK=infinity` in its unit");
    }
    if (daemon->sched_priority > 0 && !process_realtime(daemon->sched_priority)) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "sched_priority: noond may not run under SCHED_FIFO with priority %d; start it "
                   "as root, or write `LimitRTPRIO=%d` in its unit",
                   daemon->sched_priority, daemon->sched_priority);
    }
}

static int run_alone(const struct args *args, struct config *config, const char *file,
                     const struct log_sink *log)
{
    struct time_setup setup = {
        .args = args,
        .config = config,
        .config_file = file,
        .state_dir = plan_state_directory(args),
        .run_dir = plan_run_directory(args),
        .log = *log,
        .status_socket = -1,
        .control_socket = -1,
        .ntpctl_socket = -1,
        .order_socket = -1,
        .network_socket = -1,
    };
    struct udp_socket sockets[ENDPOINTS_MAX];
    struct premises_plan plan;
    struct premises premises = {.listeners = {-1, -1}};

    config_load_keys(config, -1, log);
    if (config_load_finds(config)) {
        log_line(log, LOG_SEVERITY_WARNING,
                 "alone, noond looks up names only: `source auto`, `dhcp`, `cloud` and `srv` find "
                 "nobody");
    }
    config_load_leaps(config, log);
    sensors_find(&setup.sensors, config, log);
    if (args->once == ONCE_NO) {
        tell_what_needs_processes(config, log);
        plan_premises(args, config, NULL, &plan);
        if (!premises_open(&premises, &plan, log) || !open_alone(&setup, sockets, log)) {
            premises_close(&premises);
            return 1;
        }
        setup.status_socket = premises.listeners[PREMISES_STATUS];
        setup.control_socket = premises.listeners[PREMISES_CONTROL];
        setup.time_page = premises.line.map != NULL ? &premises.line : NULL;
        setup.order_socket = orders_open(args, config, NULL, log);
        setup.ntpctl_socket = listen_for_ntpctl(config, NULL, log);
    }
    setup.server_sockets = sockets;
    process_permit(config->daemon.lock_memory, config->daemon.sched_priority);
    claim(config, log);
    int status = time_process_run(&setup);
    premises_close(&premises);
    return status;
}

/* --- the parent ----------------------------------------------------------------------------- */

struct parent {
    const struct args *args;
    char *const *arguments;
    const struct log_sink *log;
    struct user_ids user;
    bool has_user; /* found at the start: all processes are his for as long as noond runs */
};

static bool make_plan(void *context, bool serve, struct supervisor_plan *plan)
{
    struct parent *parent = context;
    char text[8192];
    struct config *config = config_load(&parent->args->order, NULL, text, sizeof text);

    if (!config) {
        log_line(parent->log, LOG_SEVERITY_ERROR, text);
        return false;
    }
    parent->has_user =
        parent->has_user || plan_user(parent->args, config, parent->log, &parent->user);
    bool fits =
        parent->has_user && plan_make(parent->args, config, &parent->user, parent->arguments, plan);
    if (fits) {
        const bool families[2] = {!parent->args->ipv6_only, !parent->args->ipv4_only};

        xdp_plan_make(&plan->xdp, config, families);
        plan->endpoint_count = endpoints_plan(parent->args, config, serve, plan->endpoints);
        config_load_print(config, plan->configuration, sizeof plan->configuration);
        if (strlen(plan->configuration) == sizeof plan->configuration - 1) {
            plan->configuration[0] = '\0'; /* cut: it would be another one */
        }
    }
    if (parent->has_user && !fits) {
        log_line(
            parent->log, LOG_SEVERITY_ERROR,
            "arguments or paths are too long to be passed on: shorten the command line, or the "
            "paths of certificates");
    }
    config_free(config);
    return fits;
}

static int run_parent(const struct args *args, char *const argv[], const struct log_sink *log)
{
    struct parent parent = {.args = args, .arguments = argv, .log = log};
    char helper[PATH_SIZE], xdp[PATH_SIZE];
    const struct supervisor_setup setup = {
        .helper = helper, .xdp = xdp, .log = log, .plan = make_plan, .context = &parent};

    if (!process_beside(argv[0], "noon-helper", helper, sizeof helper)) {
        snprintf(helper, sizeof helper, "/usr/libexec/noon/noon-helper");
    }
    if (!process_beside(argv[0], "noon-xdp", xdp, sizeof xdp)) {
        snprintf(xdp, sizeof xdp, "/usr/sbin/noon-xdp");
    }
    return supervisor_run(&setup);
}

/* --- the time process ----------------------------------------------------------------------- */

/* The directory of a file, since editors and atomic writers replace the file itself. */
static const char *directory_of(const char *path, char directory[static PATH_SIZE])
{
    storage_directory_of(path, directory, PATH_SIZE);
    return directory;
}

static void enter_time_sandbox(const struct time_setup *setup, const struct log_sink *log)
{
    const struct daemon_options *daemon = &setup->config->daemon;
    char config_directory[PATH_SIZE], drift_directory[PATH_SIZE], leap_directory[PATH_SIZE];
    char order_path[PATH_SIZE], order_directory[PATH_SIZE], sensor_path[SENSOR_PATH_SIZE];
    const char *sensor_directory;
    size_t included_count;
    const char *const *included = config_directories(setup->config, &included_count);
    struct sandbox_paths paths = {
        .read = {directory_of(setup->config_file, config_directory), "/etc", ZONES_DIR, "/proc"},
        .read_count = 4,
        .write = {setup->state_dir, setup->run_dir},
        .write_count = 2,
    };
    struct sandbox_report report;

    for (size_t i = 0; i < included_count && paths.read_count < SANDBOX_PATHS_MAX; i++) {
        paths.read[paths.read_count++] = included[i];
    }
    if (daemon->leap_list && paths.read_count < SANDBOX_PATHS_MAX) {
        paths.read[paths.read_count++] = directory_of(daemon->leap_list, leap_directory);
    }
    sensor_directory = sensors_directory(&setup->sensors, setup->config, sensor_path);
    if (sensor_directory && paths.read_count < SANDBOX_PATHS_MAX) {
        paths.read[paths.read_count++] = sensor_directory;
    }
    if (daemon->log != 0) {
        paths.write[paths.write_count++] = config_load_log_dir(setup->config);
    }
    if (setup->order_socket >= 0) {
        snprintf(order_directory, sizeof order_directory, "%s",
                 orders_path(setup->args, setup->config, order_path, sizeof order_path));
        paths.write[paths.write_count++] = directory_of(order_directory, order_path);
    }
    if (daemon->nts_dir) {
        paths.write[paths.write_count++] = daemon->nts_dir;
    }
    if (daemon->drift_file) {
        paths.write[paths.write_count++] = directory_of(daemon->drift_file, drift_directory);
    }
    if (sandbox_enter(SANDBOX_TIME, &paths, &report) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_INFO, "this kernel's sandbox is incomplete: %s%s%s",
                   report.syscalls ? "" : "no system call filter",
                   !report.syscalls && !report.files ? ", " : "",
                   report.files ? "" : "no file rules");
    }
}

static int run_time(const struct args *args, struct config *config, const char *file,
                    const struct log_sink *log)
{
    struct supervised supervised;
    struct user_ids user;
    struct time_setup setup = {
        .args = args,
        .config = config,
        .config_file = file,
        .state_dir = plan_state_directory(args),
        .run_dir = plan_run_directory(args),
        .supervised = &supervised,
        .log = *log,
    };

    if (!supervised_open(&supervised) || !plan_user(args, config, log, &user)) {
        log_line(log, LOG_SEVERITY_ERROR, "--role is for noond itself");
        return SUPERVISOR_EXIT_RESTART; /* or memory is short */
    }
    config_load_keys(config, -1, log); /* while this process may still read everything */
    config_load_leaps(config, log);
    sensors_find(&setup.sensors, config, log);
    setup.status_socket = supervised.status_listener;
    setup.control_socket = supervised.control_listener;
    setup.time_page = &supervised.line;
    setup.order_socket = orders_open(args, config, &user, log);
    setup.ntpctl_socket = listen_for_ntpctl(config, &user, log);
    claim(config, log);
    if (privilege_drop(&user, PRIVILEGE_KEEP_TIME) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_ERROR,
                   "this process can't become user %s; start noond as "
                   "root, or leave `user` and -u away",
                   user.name);
        return 1;
    }
    setup.network_socket = netlink_open();
    enter_time_sandbox(&setup, log);
    return time_process_run(&setup);
}

int role_run(const struct args *args, char *const argv[], struct config *config, const char *file,
             const struct log_sink *log)
{
    if (args->role != ROLE_PARENT) {
        /* Executed by way of /proc, a process would be called `exe`. */
        process_name(args->role == ROLE_TIME ? "noond-time" : "noond-server");
    }
    if (args->role == ROLE_TIME) {
        return run_time(args, config, file, log);
    }
    if (args->role == ROLE_SERVER) {
        config_load_keys(config, -1, log);
        return worker_run(args, config, log);
    }
    if (args->single || args->once != ONCE_NO) {
        return run_alone(args, config, file, log);
    }
    process_permit(config->daemon.lock_memory, config->daemon.sched_priority);
    config_free(config);
    return run_parent(args, argv, log);
}
