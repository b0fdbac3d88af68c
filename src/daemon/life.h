/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life.h - the page on which the time process tells its parent that it lives: when it will have
 * woken again, the rate to leave the clock at if it dies, a sentence for people.
 */
#ifndef DAEMON_LIFE_H
#define DAEMON_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/units.h"
#include "sys/log.h"
#include "sys/page.h"

enum { LIFE_TEXT_SIZE = 160, LIFE_LOOK_S = 20, LIFE_LOOKS = 3, LIFE_PROMISE_MAX_S = 3600 };

/* The time process's side. */

/* Promises to write again by then. */
void life_promise(struct page *page, struct steady_time until);
/* The rate to leave the clock at; only if this process steers the kernel's clock. */
void life_rate(struct page *page, struct freq rate);
/* What the service manager shows, in words. */
void life_tell(struct page *page, const char *text);

/* The parent's side. */

MUST_USE enum err life_create(struct page *page);
/* A new process begins: nothing that the one before has left counts. */
void life_begin(struct page *page, struct steady_time until);
/* The sentence.  False: there is none yet. */
bool life_text(const struct page *page, char text[static LIFE_TEXT_SIZE]);
/* The rate that a dead process has left, once.  False: it did not steer. */
bool life_take_rate(struct page *page, struct freq *rate);
/* Sets the clock to it: it must not run on with the last slew of the dead, which nobody would end.
 */
void life_settle_clock(struct page *page, const struct log_sink *log);

/*
 * How the promise is watched.  A sleeping machine wakes its processes in any order: only who lets
 * LIFE_LOOKS looks pass, each so long after the other, is lost.
 */
struct life_watch {
    struct duration look; /* between looks, when there was no sign of life; 0: LIFE_LOOK_S */
    uint64_t seen;        /* the promise that was looked at */
    unsigned looks;       /* since it was broken */
    struct steady_time next;
};

/* Looks when it is due.  Returns whether the process is lost: says so once, and then watches anew.
 */
bool life_look(struct life_watch *watch, const struct page *page, struct steady_time now);

#endif
