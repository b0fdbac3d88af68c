/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver.h - names to addresses for the node: by noon-helper at the end of a socket, or, under
 * --single, by the C library in this very process.
 */
#ifndef DAEMON_RESOLVER_H
#define DAEMON_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/node/action.h"
#include "core/node/event.h"

enum { RESOLVER_QUEUE = 32 };

struct resolver {
    int fd; /* of the helper; -1: none runs */
    bool in_process;
    unsigned first, count; /* questions that wait */
    struct action_resolve queue[RESOLVER_QUEUE];
};

void resolver_init(struct resolver *resolver, bool in_process);
/* Queues a question; a full queue forgets it (the node asks again after a time-out). */
void resolver_ask(struct resolver *resolver, const struct action_resolve *question);
/* Does it need a helper that is not there? */
bool resolver_needs_helper(const struct resolver *resolver);
/* Takes the socket to a new helper. */
void resolver_attach(struct resolver *resolver, int fd);
/* Sends what waits.  Call before each wait. */
void resolver_flush(struct resolver *resolver);
/*
 * The next answer, if there is one; true: *event is an EVENT_RESOLVED.  A helper that talks
 * nonsense or hangs up is let go.
 */
bool resolver_answer(struct resolver *resolver, struct event *event);

#endif
