/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervisor_gear.h - what the parent holds for its children: sockets, shared pages, directories.
 * It keeps them while children come and go.
 */
#ifndef DAEMON_SUPERVISOR_GEAR_H
#define DAEMON_SUPERVISOR_GEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/supervisor.h"
#include "sys/process.h"

/* CHILD_LEAVING: a server process whose successor is about to serve, or does. */
enum child_kind {
    CHILD_TIME,
    CHILD_SERVER,
    CHILD_LEAVING,
    CHILD_HELPER,
    CHILD_KEYS,
    CHILD_NTS,
    CHILD_COUNT
};

struct gear {
    int nothing;      /* /dev/null */
    int listeners[2]; /* status, control; -1: none */
    struct server_sockets server;
    struct page life, line, record;
    struct page counters; /* of the newest server process */
    struct page rules;    /* stays while time processes come and go: they restore from it */
    int line_reader, record_reader, counters_reader, rules_reader;
    struct nts_service nts;
    bool pidfile; /* written by us */
};

/*
 * Opens everything that the plan asks for; what can be done without is a warning.  False: not
 * started, and why has been said.
 */
bool gear_open(struct gear *gear, const struct supervisor_plan *plan, const struct log_sink *log);

/*
 * Writes our process id; *ours says whether the file is to be removed at the end.  path "": nothing
 * is written.  False: another noond runs, which has been said.
 */
bool gear_take_pidfile(const char *path, const struct log_sink *log, bool *ours);

/* A fresh page of counters, for a server process that is about to be started. */
bool gear_renew_counters(struct gear *gear);

/*
 * A child's descriptors in the order of enum supervisor_fd; returns how many.  `channel` is the
 * child's end of what connects it to its user; a helper has nothing else.
 */
size_t gear_fds(const struct gear *gear, enum child_kind kind, int channel,
                int fds[static PROCESS_FDS_MAX]);

enum { GEAR_ARGUMENTS_MAX = 64 };

/* A child's arguments, ended by NULL. */
struct gear_arguments {
    char helper[16], role[32], no_system[20], flag[4], user[48];
    char trusted[SUPERVISOR_TRUSTED_MAX][sizeof(supervisor_trusted) + 16];
    struct nts_arguments nts;
    char *at[GEAR_ARGUMENTS_MAX];
};

void gear_arguments(const struct supervisor_setup *setup, const struct supervisor_plan *plan,
                    enum child_kind kind, struct gear_arguments *out);

/*
 * For a time process that has died: the clock must not run on with its last slew, which nobody
 * would end.  Only once for each rate that was given.
 */
void gear_settle_clock(struct gear *gear, const struct log_sink *log);

/* Removes the files that others would take for a running daemon. */
void gear_remove(const struct gear *gear, const struct supervisor_plan *plan);

#endif
