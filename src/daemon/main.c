/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noond: reads its arguments and its configuration, then becomes one of its processes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/args.h"
#include "daemon/config_load.h"
#include "daemon/descriptors.h"
#include "daemon/environment.h"
#include "daemon/manners.h"
#include "daemon/reference.h"
#include "daemon/roles.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/storage.h"

enum { TEXT_SIZE = 64 << 10 };

/* Quiet levels: what a person typed is answered on the terminal, what a service says is logged. */
static void open_log(const struct args *args, struct log_sink *log)
{
    bool terminal = args->foreground || args->check || args->print || args->once != ONCE_NO ||
                    args->reference || args->single;
    enum log_severity least =
        args->log_level >= 0 ? (enum log_severity)args->log_level : LOG_SEVERITY_INFO;

    log_open(log, "noond", !terminal, least);
}

/*
 * The log goes to a file where a flag says so, or the configuration of a noond in the background.
 * The parent opens it, with its rights; the others have it as their standard error.
 */
static bool use_log_file(const struct args *args, const struct config *config, struct log_sink *log)
{
    const char *path = args->log_file   ? args->log_file
                       : log->to_syslog ? config->daemon.log_file
                                        : NULL;

    if (!path) {
        return true;
    }
    if (args->role != ROLE_PARENT) {
        log_inherit(log);
        return true;
    }
    if (!log_to_file(log, path)) {
        log_format(log, LOG_SEVERITY_ERROR,
                   "the log file %s can't be written: %s; name another one, or let its directory "
                   "exist",
                   path, strerror(errno));
        return false;
    }
    return true;
}

static int check_only(const struct args *args, const struct config *config, const char *file)
{
    char *text;

    if (!args->print) {
        printf("%s: good, %zu source line%s\n", file, config->node.source_count,
               config->node.source_count == 1 ? "" : "s");
        return 0;
    }
    text = calloc(1, TEXT_SIZE);
    if (!text) {
        return 1;
    }
    config_load_print(config, text, TEXT_SIZE);
    fputs(text, stdout);
    free(text);
    return 0;
}

/* What -q asks beyond the configuration: the first correction is a step, whatever its size. */
static void prepare_once(const struct args *args, struct config *config)
{
    if (args->once == ONCE_SET) {
        config->node.step = (struct step_options){.threshold_s = 1e-6, .limit = 1};
        config->node.change.offset_s = 0;
    }
}

static int run_reference(const struct args *args, const struct config *config,
                         const struct log_sink *log)
{
    struct user_ids self = privilege_self();

    if (privilege_drop(&self, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        log_line(log, LOG_SEVERITY_ERROR,
                 "a test reference runs without capabilities, and they "
                 "can't be given up here");
        return 1;
    }
    return reference_run(args, config, log);
}

/* A flag goes before the environment, and that before the places where files usually are. */
static const char *choose_file(const struct args *args)
{
    if (args->config_file) {
        return args->config_file;
    }
    return environment_file() ? environment_file() : manners_file(args->manner, storage_is_file);
}

/* A child's configuration, when the file can't be used any more.  NULL: there is none. */
static struct config *go_on(const struct args *args, const struct log_sink *log, const char *why)
{
    struct config *config = config_load_kept(&args->order);

    if (config) {
        log_format(log, LOG_SEVERITY_WARNING,
                   "%s can't be used now: goes on with what was read before", args->order.file);
    } else {
        log_line(log, LOG_SEVERITY_ERROR, why);
    }
    return config;
}

static int refuse(const struct args *args, const struct log_sink *log, const char *why)
{
    if (log->to_syslog) {
        fprintf(stderr, "%s\n", why); /* who typed the command is still there */
    }
    log_line(log, LOG_SEVERITY_ERROR, why);
    if (!args->config_file && args->manner == MANNER_NOON && !storage_is_file(args->order.file)) {
        fputs("noond: -f FILE reads another: chrony's, ntpd's, OpenNTPD's and timesyncd's are "
              "understood as they are\n",
              stderr);
    }
    return 1;
}

/* Into the background, and to its log; `starter` outlives the log.  False: said why. */
static bool start_parent(const struct args *args, const struct config *config, struct log_sink *log,
                         int *starter)
{
    if (log->to_syslog && role_is_taken(args)) {
        fputs("noond: another noond runs in this runtime directory (-r)\n", stderr);
        return false;
    }
    if (log->to_syslog && !args->no_fork && process_background(starter) != ERR_NONE) {
        fputs("noond: no process for the background; -d stays in the foreground\n", stderr);
        return false;
    }
    log->starter = starter;
    return use_log_file(args, config, log);
}

int main(int argc, char *argv[])
{
    static struct environment environment;
    struct args args;
    struct log_sink log;
    struct config *config;
    const char *file;
    static char text[TEXT_SIZE];
    int starter = -1;
    enum args_result parsed;

    process_give_back_memory();
    parsed = args_parse(&args, argc, argv, getenv("NOOND_FLAGS"));
    if (parsed != ARGS_RUN) {
        return parsed == ARGS_EXIT ? 0 : 2;
    }
    open_log(&args, &log);
    file = choose_file(&args);
    args.order.file = file;
    if (!environment_read(&environment, &args.order, text)) {
        config = NULL;
    } else if (args.reference && !args.config_file) {
        config = config_load_empty();
    } else {
        config =
            config_load(&args.order, args.role == ROLE_PARENT ? &log : NULL, text, sizeof text);
    }
    if (!config && args.role != ROLE_PARENT) {
        config = go_on(&args, &log, text);
        if (!config) {
            return SUPERVISOR_EXIT_RESTART; /* the file may be mended */
        }
    }
    if (!config) {
        return refuse(&args, &log, text);
    }
    if (args.check || args.print) {
        return check_only(&args, config, file);
    }
    prepare_once(&args, config);
    if (args.reference) {
        return run_reference(&args, config, &log);
    }
    if (args.role != ROLE_PARENT) {
        (void)use_log_file(&args, config, &log);
    } else if (!start_parent(&args, config, &log, &starter)) {
        return 1;
    } else {
        log_format(&log, LOG_SEVERITY_INFO, "noond %s reads %s", NOON_VERSION, file);
        if (args.remark) {
            log_line(&log, LOG_SEVERITY_INFO, args.remark);
        }
    }
    return role_run(&args, argv, config, file, &log);
}
