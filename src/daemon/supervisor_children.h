/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervisor_children.h - the parent's children: started, watched, replaced, ended.
 *
 * A server process is replaced without a gap: the new one begins to serve beside the old one, says
 * that it is ready, and only then the old one is told to end.
 */
#ifndef DAEMON_SUPERVISOR_CHILDREN_H
#define DAEMON_SUPERVISOR_CHILDREN_H

#include <stdbool.h>

#include "base/units.h"
#include "daemon/supervisor.h"
#include "daemon/supervisor_gear.h"
#include "sys/notify.h"

struct child {
    bool wanted;
    bool told;                /* to end: that it does is no news */
    bool ready;               /* it has said so */
    int pid;                  /* -1: does not run */
    int channel;              /* to it; -1: none */
    unsigned failures;        /* ends in short succession */
    struct steady_time start; /* when it was started, or is to be */
    struct steady_time kill;  /* when told to end: how long it may take; 0: as long as it likes */
};

struct supervisor {
    const struct supervisor_setup *setup;
    struct supervisor_plan plan;
    struct notify notify;
    struct child children[CHILD_COUNT];
    struct gear gear;
    uint64_t awake_seen; /* the promise that was looked at */
    unsigned looks;
    struct duration look; /* between looks at a time process that is late */
    struct steady_time next_look, next_watchdog;
    bool end;
    int status;
};

/* The present, `s` seconds later. */
struct steady_time children_in_s(double s);

void children_init(struct supervisor *s);

/* A message to the time process; `fd` is copied, -1: none. */
void children_tell_time(struct supervisor *s, const struct message *message, int fd);

/* A signal to a child that runs. */
void children_signal(struct supervisor *s, enum child_kind kind, int number);

/* There is to be a new server process, or none. */
void children_replace_server(struct supervisor *s);

/* There is to be a key exchange server of NTS with new certificates, or none. */
void children_replace_nts(struct supervisor *s);

/* The server process serves. */
void children_server_ready(struct supervisor *s);

/* Starts what is due, kills what hangs; returns when there will be something to do. */
struct steady_time children_do_what_is_due(struct supervisor *s, struct steady_time now);

/* Who has ended.  The last words of a time process are to be heard first: `hear`. */
void children_reap(struct supervisor *s, void (*hear)(struct supervisor *s));

/* Everybody may end by himself; who does not within 5 s is killed. */
void children_end(struct supervisor *s, void (*hear)(struct supervisor *s));

#endif
