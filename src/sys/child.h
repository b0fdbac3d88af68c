/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child.h - a program that is kept running: started when it is due, started again when it ends,
 * at once the first time and then with pauses that grow to a minute; asked to end, and killed when
 * it does not.
 *
 * The owner starts what is due (child_is_due), hears who has ended (process_ended) and says so
 * here. Nothing here waits, and the present is an argument.
 */
#ifndef SYS_CHILD_H
#define SYS_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/units.h"
#include "sys/process.h"

enum {
    CHILD_PAUSE_MAX_S = 60, /* between two starts of a child that keeps ending */
    CHILD_STEADY_S = 60,    /* one that has run so long begins anew with short pauses */
    CHILD_END_S = 5,        /* given to end by itself */
};

struct child {
    bool wanted;                /* is to run; without it, an end is for good */
    bool ending;                /* has been told to end: that it does is no news */
    int pid;                    /* -1: does not run */
    int channel;                /* to it; the owner's to use and to close; -1: none */
    unsigned failures;          /* ends in short succession */
    struct steady_time started; /* the last time */
    struct steady_time due;     /* does not run: its next start; ending: when it is killed */
};

void child_init(struct child *child);

/* From now on it is to run: without a pause, if it does not yet. */
void child_want(struct child *child, struct steady_time now);

/* Is it to be started? */
bool child_is_due(const struct child *child, struct steady_time now);

struct child_program {
    const char *path;       /* NULL: not now, for want of something else */
    char *const *arguments; /* ended by NULL */
    const int *fds;  /* what it finds as descriptors 4, 5, ...; 3 is its end of the channel */
    size_t fd_count; /* less than PROCESS_FDS_MAX */
};

/* Starts it, with a fresh channel.  On an error it is due again after a pause; ERR_FULL: no path.
 */
MUST_USE enum err child_start(struct child *child, const struct child_program *program,
                              struct steady_time now);

/* Asks it to end (SIGTERM), once. */
void child_end(struct child *child, struct steady_time now);
/* Asks it to end; if it is wanted, it is then started anew, without a pause. */
void child_replace(struct child *child, bool wanted, struct steady_time now);
/* Ends it without asking. */
void child_kill(struct child *child);

/*
 * Kills it when it was asked to end and is late.  Returns when something is to be done for it: to
 * start it or to kill it; INT64_MAX: nothing.
 */
struct steady_time child_look(struct child *child, struct steady_time now);

/* It has ended: due again, if it is wanted, after a pause that depends on how long it has run. */
void child_ended(struct child *child, struct steady_time now);

#endif
