/* SPDX-License-Identifier: BSD-2-Clause */
/* process.h - starting programs, seeing them end. */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PROCESS_FDS_FIRST = 3, PROCESS_FDS_MAX = 96 };

/*
 * Executes `path` with `arguments` (ended by NULL) in a child, in which fds[0..] are 3, 4, ... and
 * nothing else but the standard three is open; signals are at their defaults, and the child is
 * killed when its parent dies.  ERR_NOT_FOUND and ERR_DENIED: it could not be executed.
 */
MUST_USE enum err process_start(int *pid, const char *path, char *const arguments[], const int *fds,
                                size_t fd_count);

struct process_end {
    int pid;
    int status; /* exit status; 128 + signal when killed */
    bool killed;
};

/* A child that has ended.  False: none. */
bool process_ended(struct process_end *end);

/*
 * Goes on in the background: a new session without a terminal, standard streams at /dev/null.  The
 * process that was started waits, shows on its standard error what is written to *starter, and
 * exits: with 0 after process_started(), with 1 when this one ends before.  ERR_FULL: no process to
 * be had; then nothing has changed.
 */
MUST_USE enum err process_background(int *starter);

/* Lets the waiting process go, and closes *starter.  NULL, or -1: nobody waits. */
void process_started(int *starter);

/* SIGTERM, SIGHUP, SIGKILL ... to a process of ours. */
void process_signal(int pid, int signal);

/* How many descriptors from 3 on this process was given. */
size_t process_given_fds(void);

/* The directory of the running program, "/usr/sbin"; false when unknown. */
bool process_directory(char *text, size_t size);

/*
 * A program that lies beside ours: in the directory by which ours was called (`called`, argv[0]),
 * or where its file really is.  False: in neither.
 */
bool process_beside(const char *called, const char *name, char *path, size_t size);

int process_id(void);

/*
 * Lets this process, and those that it starts, ask for what follows whoever they become: as far as
 * this one may.
 */
void process_permit(bool lock_memory, int priority);
/* No page of this process is paged out from now on.  False: it may not. */
bool process_lock_memory(void);
/* This process, and the threads that it starts, go before all others under SCHED_FIFO. */
bool process_realtime(int priority);

/* Short sleeps of this thread, and of those that it starts, last no longer than asked for. */
void process_exact_timers(void);

/*
 * Large blocks are given back to the system whenever they are freed.  Otherwise the C library would
 * keep the room of the first large one, and fill it with zeros for the next: a configuration has
 * room for everything and is nearly empty.
 */
void process_give_back_memory(void);

/* The name that lists of processes show; at most 15 octets. */
void process_name(const char *name);

#endif
