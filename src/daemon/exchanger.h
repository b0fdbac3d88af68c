/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchanger.h - keys of NTS for the node: by noon-helper at the end of a socket, which does the
 * TLS, or from files of an earlier run; and the dates of HTTPS servers by the same helper.
 */
#ifndef DAEMON_EXCHANGER_H
#define DAEMON_EXCHANGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/node/action.h"
#include "wire/date.h"
#include "wire/keys.h"

enum { EXCHANGER_QUEUE = 32, EXCHANGER_DATES = 64, EXCHANGER_PATH_SIZE = 4096 };

struct exchanger_question {
    bool kept_will_do;
    struct keys_question question;
};

struct exchanger {
    int fd;                              /* of the helper; -1: none runs */
    bool alone;                          /* there can't be a helper (--single) */
    bool asked;                          /* the parent has been asked to start one */
    char directory[EXCHANGER_PATH_SIZE]; /* of the files; "": none are kept */
    unsigned first, count;               /* questions that wait */
    struct exchanger_question queue[EXCHANGER_QUEUE];
    unsigned date_count; /* questions that wait */
    struct date_question date_queue[EXCHANGER_QUEUE];
    unsigned dated; /* answers that came, and wait to be taken */
    struct date_answer date_answers[EXCHANGER_DATES];
};

/* `directory` may be "". */
void exchanger_init(struct exchanger *exchanger, bool alone, const char *directory);
/* Queues a question; a full queue forgets it (the node asks again after a time-out). */
void exchanger_ask(struct exchanger *exchanger, const struct action_get_keys *get);
/* The same for a date. */
void exchanger_ask_date(struct exchanger *exchanger, const struct date_question *question);
/* Does it need a helper that is not there? */
bool exchanger_needs_helper(const struct exchanger *exchanger);
/* Is there something to do that no descriptor will tell? */
bool exchanger_busy(const struct exchanger *exchanger);
/* Takes the socket to a new helper. */
void exchanger_attach(struct exchanger *exchanger, int fd);
/* Sends what waits.  Call before each wait. */
void exchanger_flush(struct exchanger *exchanger);
/*
 * The next answer, if there is one: wipe it when it has been used.  A helper that talks nonsense
 * or hangs up is let go.
 */
bool exchanger_answer(struct exchanger *exchanger, struct keys_answer *answer);
/* The next date, after exchanger_answer() has said that there are no more keys. */
bool exchanger_date(struct exchanger *exchanger, struct date_answer *answer);
/* Keeps keys in a file that only this user can read.  False: it could not be written. */
bool exchanger_keep(const struct exchanger *exchanger, const struct keys_answer *keys);

#endif
