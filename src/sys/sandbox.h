/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox.h - gives up what a role never needs: system calls by seccomp, files by Landlock.
 *
 * Where the kernel lacks either, the process goes on without and says so.  For the whole process
 * and everything it starts, for good: enter when all files and sockets of the start are open.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum sandbox_role {
    SANDBOX_TIME,       /* UDP client sockets, its directories, clock_adjtime; no exec, no fork */
    SANDBOX_SERVER,     /* the sockets that are open: receives and sends; no new socket, no file */
    SANDBOX_RESOLVE,    /* UDP and TCP client sockets, reads the resolver's files, certificates */
    SANDBOX_NTS_SERVER, /* takes connections of sockets that listen; writes its directory */
};

enum { SANDBOX_PATHS_MAX = 24 };

/* What stays open under Landlock: files or directories, borrowed.  Missing ones are skipped. */
struct sandbox_paths {
    const char *read[SANDBOX_PATHS_MAX];
    size_t read_count;
    const char *write[SANDBOX_PATHS_MAX]; /* directories: create, replace, remove files */
    size_t write_count;
};

struct sandbox_report {
    bool syscalls;    /* the filter is on */
    int landlock_abi; /* 0: this kernel has none */
    bool files;       /* the rules are on */
};

/*
 * Enters.  A forbidden system call answers EPERM; one that no correct program makes (exec, ptrace,
 * module loading) kills the process.  *report says what is in force; ERR_UNSUPPORTED when a part
 * is missing, ERR_NONE when all of it holds.
 */
MUST_USE enum err sandbox_enter(enum sandbox_role role, const struct sandbox_paths *paths,
                                struct sandbox_report *report);

#endif
