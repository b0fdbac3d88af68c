/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/roles.h"

#include <stdio.h>
#include <string.h>

#include "daemon/config_load.h"
#include "daemon/endpoints.h"
#include "daemon/orders.h"
#include "daemon/supervisor.h"
#include "daemon/supervisor_gear.h"
#include "daemon/time_process.h"
#include "daemon/worker.h"
#include "sys/netlink.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/storage.h"
#include "sys/unix_socket.h"

#define STATE_DIR "/var/lib/noon"
#define RUN_DIR "/run/noon"

static const char *state_dir(const struct args *args)
{
    return args->state_dir ? args->state_dir : STATE_DIR;
}

static const char *run_dir(const struct args *args)
{
    return args->run_dir ? args->run_dir : RUN_DIR;
}

bool role_is_taken(const struct args *args)
{
    char path[PATH_SIZE];
    int fd;

    snprintf(path, sizeof path, "%s/status.sock", run_dir(args));
    if (unix_connect(&fd, path, (struct duration){NS_PER_S}) != ERR_NONE) {
        return false;
    }
    unix_close(&fd);
    return true;
}

/* --- alone ---------------------------------------------------------------------------------- */

static void listen_alone(struct time_setup *setup, const struct log_sink *log)
{
    struct unix_owner readers = {.mode = 0666, .uid = -1, .gid = -1};
    struct unix_owner writers = {.mode = 0660, .uid = -1, .gid = -1};
    char path[PATH_SIZE];

    setup->status_socket = setup->control_socket = -1;
    if (storage_make_directory(setup->run_dir, 0755, -1, -1) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be made: `noon` will find nobody here",
                   setup->run_dir);
        return;
    }
    snprintf(path, sizeof path, "%s/status.sock", setup->run_dir);
    if (unix_listen(&setup->status_socket, path, &readers) != ERR_NONE) {
        setup->status_socket = -1;
        log_format(log, LOG_SEVERITY_WARNING, "%s can't be opened: `noon` will find nobody here",
                   path);
    }
    snprintf(path, sizeof path, "%s/control.sock", setup->run_dir);
    if (unix_listen(&setup->control_socket, path, &writers) != ERR_NONE) {
        setup->control_socket = -1;
    }
}

static void remove_sockets(const struct time_setup *setup)
{
    char path[PATH_SIZE];

    if (setup->status_socket >= 0) {
        snprintf(path, sizeof path, "%s/status.sock", setup->run_dir);
        storage_remove(path);
    }
    if (setup->control_socket >= 0) {
        snprintf(path, sizeof path, "%s/control.sock", setup->run_dir);
        storage_remove(path);
    }
}

/* Alone, noond serves time; questions by UDP are the server process's.  False: somebody else does.
 */
static bool open_alone(struct time_setup *setup, struct udp_socket sockets[static ENDPOINTS_MAX],
                       const struct log_sink *log)
{
    struct endpoint endpoints[ENDPOINTS_MAX];
    size_t wanted = endpoints_plan(setup->args, setup->config, false, endpoints);

    for (size_t i = 0; i < wanted; i++) {
        char text[ADDRESS_TEXT_SIZE];

        if (endpoints[i].optional) {
            continue;
        }
        enum err error =
            udp_server_open(&sockets[setup->server_socket_count], &endpoints[i].options);
        address_print_port(&endpoints[i].options.local, text);
        if (error == ERR_NONE) {
            setup->server_socket_count++;
        } else if (error == ERR_IN_USE) {
            log_format(log, LOG_SEVERITY_ERROR, "%s is taken: another time server runs", text);
            return false;
        } else if (error != ERR_UNSUPPORTED) {
            log_format(log, LOG_SEVERITY_WARNING, "%s can't be bound: no service there", text);
        }
    }
    return true;
}

/* As `pidfile` says; "": none. */
static void pidfile_path(const struct args *args, const struct config *config,
                         char path[static SUPERVISOR_PATH_SIZE])
{
    path[0] = '\0';
    if (!config->daemon.pid_file) {
        snprintf(path, SUPERVISOR_PATH_SIZE, "%s/noond.pid", run_dir(args));
    } else if (strcmp(config->daemon.pid_file, "/") != 0) {
        snprintf(path, SUPERVISOR_PATH_SIZE, "%s", config->daemon.pid_file);
    }
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

static int run_alone(const struct args *args, struct config *config, const char *file,
                     const struct log_sink *log)
{
    struct time_setup setup = {
        .args = args,
        .config = config,
        .config_file = file,
        .state_dir = state_dir(args),
        .run_dir = run_dir(args),
        .log = *log,
        .status_socket = -1,
        .control_socket = -1,
        .ntpctl_socket = -1,
        .order_socket = -1,
        .network_socket = -1,
    };
    struct udp_socket sockets[ENDPOINTS_MAX];
    struct page page;
    char path[PATH_SIZE], pidfile[SUPERVISOR_PATH_SIZE];
    bool ours = false;

    config_load_keys(config, -1, log);
    config_load_leaps(config, log);
    if (args->once == ONCE_NO) {
        listen_alone(&setup, log);
        setup.order_socket = orders_open(args, config, NULL, log);
        setup.ntpctl_socket = listen_for_ntpctl(config, NULL, log);
        snprintf(path, sizeof path, "%s/time", setup.run_dir);
        if (page_create(&page, path, TIME_LINE_LAYOUT, sizeof(struct time_line)) == ERR_NONE) {
            setup.time_page = &page;
        }
    }
    if (args->once == ONCE_NO) {
        pidfile_path(args, config, pidfile);
        if (!gear_take_pidfile(pidfile, log, &ours) || !open_alone(&setup, sockets, log)) {
            return 1;
        }
    }
    setup.server_sockets = sockets;
    int status = time_process_run(&setup);
    remove_sockets(&setup);
    if (ours) {
        storage_remove(pidfile);
    }
    return status;
}

/* --- the parent ----------------------------------------------------------------------------- */

struct parent {
    const struct args *args;
    const char *file;
    const struct log_sink *log;
};

static bool find_user(const struct parent *parent, const struct config *config,
                      struct user_ids *user)
{
    const char *name = parent->args->user ? parent->args->user : config->daemon.user;

    if (!name) {
        /* The package's user where there is one; else whoever started the daemon. */
        if (privilege_self().uid != 0 || privilege_find_user("noon", user) != ERR_NONE) {
            *user = privilege_self();
        }
        return true;
    }
    if (privilege_find_user(name, user) != ERR_NONE) {
        log_format(parent->log, LOG_SEVERITY_ERROR,
                   "there is no user `%s`; expected a name, or UID:GID in numbers", name);
        return false;
    }
    return true;
}

/* Sockets of requests, which the time process has opened where it may not bind itself. */
static void plan_acquisition(const struct daemon_options *daemon,
                             struct udp_options options[static 2])
{
    for (size_t i = 0; i < 2; i++) {
        options[i].local = daemon->bind_acquisition[i];
        options[i].local.port =
            (uint16_t)(daemon->acquisition_port > 0 ? daemon->acquisition_port : 0);
        options[i].share_port = true;
        if (daemon->bind_acquisition_device) {
            snprintf(options[i].device, sizeof options[i].device, "%s",
                     daemon->bind_acquisition_device);
        }
    }
}

static void plan_certificates(const struct daemon_options *daemon, struct supervisor_plan *plan)
{
    plan->no_system_certs = daemon->no_system_certs;
    for (size_t i = 0; i < daemon->trusted_cert_count && i < SUPERVISOR_TRUSTED_MAX; i++) {
        const char *written = daemon->trusted_certs[i];
        size_t digits = strspn(written, "0123456789");
        bool numbered = digits > 0 && written[digits] == ' ';

        snprintf(plan->trusted[plan->trusted_count++], sizeof plan->trusted[0], "%.*s:%s",
                 numbered ? (int)digits : 1, numbered ? written : "0",
                 numbered ? written + digits + 1 : written);
    }
}

/* The key exchange server of NTS: only where somebody is served. */
static void plan_nts(const struct args *args, const struct config *config, bool serves,
                     struct nts_plan *plan)
{
    const struct daemon_options *daemon = &config->daemon;
    static const uint8_t families[2] = {ADDRESS_IPV4, ADDRESS_IPV6};

    serves = serves || endpoints_serve(config);
    if (!serves || daemon->port == 0 || daemon->nts_port == 0) {
        return;
    }
    for (size_t i = 0; i < daemon->nts_cert_count && i < daemon->nts_key_count; i++) {
        snprintf(plan->certificates[i], NTS_PATH_SIZE, "%s", daemon->nts_certs[i]);
        snprintf(plan->keys[i], NTS_PATH_SIZE, "%s", daemon->nts_keys[i]);
        plan->pairs++;
    }
    for (size_t i = 0; i < 2; i++) {
        if ((i == 0 && args->ipv6_only) || (i == 1 && args->ipv4_only)) {
            continue;
        }
        plan->local[plan->local_count] = daemon->bind[i];
        plan->local[plan->local_count].family = families[i];
        plan->local[plan->local_count++].port = daemon->nts_port;
    }
    snprintf(plan->directory, sizeof plan->directory, "%s",
             daemon->nts_dir ? daemon->nts_dir : state_dir(args));
    snprintf(plan->secret, sizeof plan->secret, "%s", daemon->nts_secret ? daemon->nts_secret : "");
    snprintf(plan->ntp_server, sizeof plan->ntp_server, "%s",
             daemon->nts_ntp_server ? daemon->nts_ntp_server : "");
    plan->ntp_port = daemon->port != 123 ? daemon->port : 0;
    plan->rotate_s = daemon->nts_rotate_s;
    plan->connections = daemon->nts_connections;
}

static bool make_plan(void *context, bool serve, struct supervisor_plan *plan)
{
    struct parent *parent = context;
    char text[8192];
    struct config *config = config_load(&parent->args->order, NULL, text, sizeof text);
    bool good;

    if (!config) {
        log_line(parent->log, LOG_SEVERITY_ERROR, text);
        return false;
    }
    memset(plan, 0, sizeof *plan);
    plan->server.count = endpoints_plan(parent->args, config, serve, plan->server.endpoints);
    plan->server.threads = endpoints_threads(config);
    plan_acquisition(&config->daemon, plan->acquisition);
    snprintf(plan->run_directory, sizeof plan->run_directory, "%s", run_dir(parent->args));
    snprintf(plan->state_directory, sizeof plan->state_directory, "%s", state_dir(parent->args));
    if (config->daemon.log != 0) {
        snprintf(plan->log_directory, sizeof plan->log_directory, "%s",
                 config_load_log_dir(config));
    }
    pidfile_path(parent->args, config, plan->pidfile);
    if (config->daemon.key_file) {
        snprintf(plan->key_file, sizeof plan->key_file, "%s", config->daemon.key_file);
    }
    plan_certificates(&config->daemon, plan);
    plan_nts(parent->args, config, serve, &plan->nts);
    good = find_user(parent, config, &plan->user);
    config_free(config);
    return good;
}

static int run_parent(const struct args *args, char *const argv[], const char *file,
                      const struct log_sink *log)
{
    struct parent parent = {args, file, log};
    char helper[PATH_SIZE];
    struct supervisor_setup setup = {
        .arguments = argv, .log = log, .plan = make_plan, .context = &parent};

    if (!process_beside(argv[0], "noon-helper", helper, sizeof helper)) {
        snprintf(helper, sizeof helper, "/usr/libexec/noon/noon-helper");
    }
    setup.helper = helper;
    return supervisor_run(&setup);
}

/* --- the time process ----------------------------------------------------------------------- */

/* The directory of a file, since editors and atomic writers replace the file itself. */
static const char *directory_of(const char *path, char directory[static PATH_SIZE])
{
    char *slash;

    snprintf(directory, PATH_SIZE, "%s", path);
    slash = strrchr(directory, '/');
    if (!slash) {
        return ".";
    }
    slash[slash == directory] = '\0';
    return directory;
}

static void enter_time_sandbox(const struct time_setup *setup, const struct log_sink *log)
{
    const struct daemon_options *daemon = &setup->config->daemon;
    char config_directory[PATH_SIZE], drift_directory[PATH_SIZE], leap_directory[PATH_SIZE];
    char order_path[PATH_SIZE], order_directory[PATH_SIZE];
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
    struct parent parent = {args, file, log};
    struct supervised supervised;
    struct user_ids user;
    struct time_setup setup = {
        .args = args,
        .config = config,
        .config_file = file,
        .state_dir = state_dir(args),
        .run_dir = run_dir(args),
        .supervised = &supervised,
        .log = *log,
    };

    if (!supervised_open(&supervised) || !find_user(&parent, config, &user)) {
        log_line(log, LOG_SEVERITY_ERROR, "--role is for noond itself");
        return 2;
    }
    config_load_keys(config, -1, log); /* while this process may still read everything */
    config_load_leaps(config, log);
    setup.status_socket = supervised.status_listener;
    setup.control_socket = supervised.control_listener;
    setup.time_page = &supervised.line;
    setup.order_socket = orders_open(args, config, &user, log);
    setup.ntpctl_socket = listen_for_ntpctl(config, &user, log);
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
    config_free(config);
    return run_parent(args, argv, file, log);
}
