/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals.h - signals as flags, and waiting for descriptors without losing one.
 *
 * Two ways.  Normally signals are blocked but while ppoll() waits, so none can slip in between
 * looking at the flags and waiting.  In single mode there is only poll(): there each handler asks
 * for SIGALRM a second later, again and again until the flags have been taken, so that a signal
 * that came at the wrong moment costs a second and is not lost.
 */
#ifndef SYS_SIGNALS_H
#define SYS_SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/units.h"

struct signal_flags {
    bool terminate; /* SIGTERM, SIGINT */
    bool reload;    /* SIGHUP */
    bool child;     /* SIGCHLD */
};

enum signals_mode { SIGNALS_NORMAL, SIGNALS_SINGLE };

/* Installs the handlers for this process; SIGPIPE is ignored.  Once, before anything waits. */
void signals_open(enum signals_mode mode);

/* What has arrived since the last call. */
struct signal_flags signals_take(void);

/*
 * poll() until a descriptor is ready, a signal arrives or the time is over (negative: for ever;
 * rounded up to whole ms in single mode).  Returns the number of ready descriptors; 0: time over
 * or a signal.  Never fails: bad descriptors are reported in revents.
 */
int signals_wait(struct pollfd *fds, size_t count, struct duration timeout);

/* Undoes what a child inherits over exec: unblocks signals and sets all to default. */
void signals_reset(void);

#endif
