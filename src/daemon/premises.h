/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * premises.h - what a running noond has in the file system: its directories, its pid file, the
 * sockets by which `noon` finds it, the page from which `noon now` reads.  The same for a noond
 * that is alone and for the parent of several processes.
 */
#ifndef DAEMON_PREMISES_H
#define DAEMON_PREMISES_H

#include <stdbool.h>

#include "sys/log.h"
#include "sys/page.h"
#include "sys/privilege.h"

enum { PREMISES_PATH_SIZE = 1024 };

struct premises_plan {
    char run_directory[PREMISES_PATH_SIZE];   /* "": no sockets, no file for `noon now` */
    char state_directory[PREMISES_PATH_SIZE]; /* made if missing; "": none */
    char log_directory[PREMISES_PATH_SIZE];   /* made if missing; "": none */
    char pidfile[PREMISES_PATH_SIZE];         /* "": none */
    struct user_ids user;
    bool give; /* root gives sockets and directories to `user` */
};

enum premises_socket { PREMISES_STATUS, PREMISES_CONTROL, PREMISES_SOCKETS };

struct premises {
    struct premises_plan plan;
    int listeners[PREMISES_SOCKETS]; /* -1: none */
    struct page line;                /* for writing; map NULL: there is no such file */
    bool pidfile;                    /* written by us */
};

/*
 * Takes possession; what can be done without is a warning.  False: another noond is there, which
 * has been said, and nothing is left behind.
 */
bool premises_open(struct premises *premises, const struct premises_plan *plan,
                   const struct log_sink *log);

/* Removes the files that others would take for a running daemon. */
void premises_close(const struct premises *premises);

#endif
