/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.h - one registration, looked after by a thread of its own: a silent server delays nobody
 * else's. */
#ifndef REGISTER_WORKER_H
#define REGISTER_WORKER_H

#include <stdbool.h>

#include "register/place.h"
#include "register/settings.h"
#include "sys/log.h"

struct worker {
    /* The owner's, the same for all workers; only read. */
    const struct settings *settings;
    const char *run_directory;   /* of noond */
    const char *state_directory; /* where what is held is kept */
    const struct log_sink *log;
    /* This one's. */
    struct access access;
    int stop;       /* hung up when the program is to end */
    bool withdraws; /* does nothing but that */
    bool clean;     /* at the end: nothing of it is left there, as far as is known */
};

/* Goes on until `stop` is hung up; then withdraws, for some seconds at most. */
void worker_run(struct worker *worker);

/* The records that this server has now. */
void worker_records(const struct worker *worker, struct records *records);

#endif
