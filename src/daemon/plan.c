/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/plan.h"

#include <stdio.h>
#include <string.h>

#include "daemon/config_load.h"

#define STATE_DIR "/var/lib/noon"
#define RUN_DIR "/run/noon"

const char *plan_state_directory(const struct args *args)
{
    return args->state_dir ? args->state_dir : STATE_DIR;
}

const char *plan_run_directory(const struct args *args)
{
    return args->run_dir ? args->run_dir : RUN_DIR;
}

bool plan_user(const struct args *args, const struct config *config, const struct log_sink *log,
               struct user_ids *user)
{
    const char *name = args->user ? args->user : config->daemon.user;

    if (!name) {
        if (privilege_self().uid != 0 || privilege_find_user("noon", user) != ERR_NONE) {
            *user = privilege_self();
        }
        return true;
    }
    if (privilege_find_user(name, user) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_ERROR,
                   "there is no user `%s`; expected a name, or UID:GID in numbers", name);
        return false;
    }
    return true;
}

static void copy_path(char path[static PREMISES_PATH_SIZE], const char *text)
{
    (void)snprintf(path, PREMISES_PATH_SIZE, "%s", text ? text : "");
}

void plan_premises(const struct args *args, const struct config *config,
                   const struct user_ids *user, struct premises_plan *premises)
{
    const char *pid_file = config->daemon.pid_file;

    memset(premises, 0, sizeof *premises);
    copy_path(premises->run_directory, plan_run_directory(args));
    if (!pid_file) {
        (void)snprintf(premises->pidfile, sizeof premises->pidfile, "%s/noond.pid",
                       plan_run_directory(args));
    } else if (strcmp(pid_file, "/") != 0) {
        copy_path(premises->pidfile, pid_file);
    }
    if (user == NULL) {
        return;
    }
    copy_path(premises->state_directory, plan_state_directory(args));
    copy_path(premises->log_directory,
              config->daemon.log != 0 ? config_load_log_dir(config) : NULL);
    premises->user = *user;
    premises->give = true;
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
        options[i].priority = daemon->dscp;
        if (daemon->bind_acquisition_device) {
            (void)snprintf(options[i].device, sizeof options[i].device, "%s",
                           daemon->bind_acquisition_device);
        }
    }
}

/* "SET PATH" of the configuration is SET:PATH for the helper; without a number it is set 0. */
static void trust_certificates(const struct daemon_options *daemon, struct words *words)
{
    for (size_t i = 0; i < daemon->trusted_cert_count; i++) {
        const char *written = daemon->trusted_certs[i];
        size_t digits = strspn(written, "0123456789");
        bool numbered = digits > 0 && written[digits] == ' ';

        words_add(words, "--trust=%.*s:%s", numbered ? (int)digits : 1, numbered ? written : "0",
                  numbered ? written + digits + 1 : written);
    }
    if (daemon->no_system_certs) {
        words_add(words, "--no-system-certs");
    }
    if (daemon->nts_suites) {
        words_add(words, "--suites=%s", daemon->nts_suites);
    }
}

/* The key exchange server of NTS, whose sockets are among the endpoints. */
static void serve_keys(const struct args *args, const struct config *config, struct words *words)
{
    const struct daemon_options *daemon = &config->daemon;
    const struct limit_options *limit = &daemon->nts_limit;

    for (size_t i = 0; i < daemon->nts_cert_count && i < daemon->nts_key_count; i++) {
        words_add(words, "--cert=%s", daemon->nts_certs[i]);
        words_add(words, "--key=%s", daemon->nts_keys[i]);
    }
    words_add(words, "--dir=%s", daemon->nts_dir ? daemon->nts_dir : plan_state_directory(args));
    if (daemon->nts_secret) {
        words_add(words, "--secret=%s", daemon->nts_secret);
    }
    if (daemon->nts_ntp_server) {
        words_add(words, "--server=%s", daemon->nts_ntp_server);
    }
    if (daemon->port != 123) {
        words_add(words, "--port=%u", daemon->port);
    }
    words_add(words, "--rotate=%d", daemon->nts_rotate_s);
    words_add(words, "--sessions=%d", daemon->nts_connections);
    words_add(words, "--threads=%d", daemon->nts_threads);
    if (limit->enabled) {
        words_add(words, "--limit=%d,%u,%u", limit->interval_log2, limit->burst, limit->leak);
    }
    if (daemon->nts_suites) {
        words_add(words, "--suites=%s", daemon->nts_suites);
    }
    for (unsigned i = 0; i < config->node.nts_aead_count; i++) {
        words_add(words, "--algorithm=%u", config->node.nts_aeads[i]);
    }
}

bool plan_make(const struct args *args, const struct config *config, const struct user_ids *user,
               char *const arguments[], struct supervisor_plan *plan)
{
    static const char *const roles[CHILD_ROLES] = {
        [CHILD_TIME] = "time", [CHILD_SERVER] = "server",  [CHILD_RESOLVE] = "resolve",
        [CHILD_KEYS] = "keys", [CHILD_NTS] = "nts-server",
    };
    bool fits = true;

    memset(plan, 0, sizeof *plan);
    plan_premises(args, config, user, &plan->premises);
    plan_acquisition(&config->daemon, plan->acquisition);
    copy_path(plan->key_file, config->daemon.key_file);
    for (int role = 0; role < CHILD_ROLES; role++) {
        const bool helper = role != CHILD_TIME && role != CHILD_SERVER;
        struct words *words = &plan->arguments[role];

        if (helper) {
            words_add(words, "noon-helper");
        }
        for (size_t i = 0; !helper && arguments[i] != NULL; i++) {
            words_add(words, "%s", arguments[i]);
        }
        /* Last, so that they count; the user as a number, which needs no database. */
        words_add(words, "--role=%s", roles[role]);
        words_add(words, "-u");
        words_add(words, "%u:%u", user->uid, user->gid);
        fits = fits && !words->full;
    }
    trust_certificates(&config->daemon, &plan->arguments[CHILD_KEYS]);
    if (config_load_finds(config)) {
        words_add(&plan->arguments[CHILD_RESOLVE], "--find");
    }
    serve_keys(args, config, &plan->arguments[CHILD_NTS]);
    return fits && !plan->arguments[CHILD_KEYS].full && !plan->arguments[CHILD_NTS].full;
}
