/* SPDX-License-Identifier: BSD-2-Clause */
/* command.h - what a subcommand of `noon` is: a row of one table, and a function in its own file.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "base/units.h"

/* How `noon` ends; documented in noon(1). */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_NO = 1,          /* not synchronised, not ready, not found, failed */
    EXIT_CODE_USAGE = 2,       /* the command line, or an argument in it, is wrong */
    EXIT_CODE_UNREACHABLE = 3, /* noond, or the server asked, does not answer as it should */
    EXIT_CODE_REFUSED = 4,     /* noond answers, but this user may not */
};

/* The values of all options of all commands; a command sees those that it accepts. */
struct cli_options {
    const char *rundir;
    bool json;
    bool help, version;
    double interval_s; /* watch: between two screens */
    long count;        /* watch, query, clients; 0: not given */
    long port;
    bool ipv4, ipv6;
    double bound_s; /* wait, ready; 0: any */
    long sources;
    double timeout_s; /* 0: not given */
    bool truth_given; /* now: CLOCK_MONOTONIC_RAW + truth is true time */
    struct duration truth;
    bool print, lint;    /* check */
    const char *dialect; /* check; NULL: recognised */
    const char *sort;    /* clients; NULL: not given */
};

struct command;

/* One call of the program. */
struct cli {
    const struct command *command;
    struct cli_options options;
    int argument_count; /* of what is neither an option nor the command */
    char **arguments;   /* borrowed, ended by NULL */
};

struct command {
    const char *name;
    const char *accepts;   /* letters of its options, besides those of all commands */
    const char *arguments; /* as in the usage line */
    int at_least, at_most; /* arguments */
    const char *summary;   /* one line of `noon help` */
    const char *text;      /* more of `noon help COMMAND`; "" */
    enum exit_code (*run)(const struct cli *cli);
};

/* The table; ended by a name that is NULL. */
extern const struct command commands[];

enum exit_code command_sentence(const struct cli *cli);
enum exit_code command_status(const struct cli *cli);
enum exit_code command_sources(const struct cli *cli);
enum exit_code command_source(const struct cli *cli);
enum exit_code command_why(const struct cli *cli);
enum exit_code command_watch(const struct cli *cli);
enum exit_code command_query(const struct cli *cli);
enum exit_code command_wait(const struct cli *cli);
enum exit_code command_ready(const struct cli *cli);
enum exit_code command_now(const struct cli *cli);
enum exit_code command_check(const struct cli *cli);
enum exit_code command_keygen(const struct cli *cli);
enum exit_code command_sources_from(const struct cli *cli);
enum exit_code command_clients(const struct cli *cli);
enum exit_code command_rules(const struct cli *cli);
enum exit_code command_doctor(const struct cli *cli);
/* add, delete, online, offline, burst, step, reload, refresh, shutdown */
enum exit_code command_act(const struct cli *cli);
enum exit_code command_help(const struct cli *cli);
enum exit_code command_version(const struct cli *cli);

#endif
