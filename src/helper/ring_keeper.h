/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring_keeper.h - the keys that seal cookies: found again after a restart, changed in time, shown
 * to the server process.
 */
#ifndef HELPER_RING_KEEPER_H
#define HELPER_RING_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "sys/log.h"
#include "sys/page.h"
#include "wire/cookie.h"

enum { RING_PATH_SIZE = 200, RING_SECRET_MAX = 256 };

struct ring_keeper {
    const struct log_sink *log;
    struct page *page;         /* borrowed; written */
    char file[RING_PATH_SIZE]; /* "": not kept */
    int64_t every_s;           /* between changes; 0: never by itself */
    uint8_t secret[RING_SECRET_MAX];
    size_t secret_size; /* 0: the keys are random */
    struct cookie_ring ring;
};

/* Reads a file with a secret that several servers share; false: it can't be used, which was said.
 * While the process may still read it. */
bool ring_keeper_secret(struct ring_keeper *keeper, const char *path);

/* Finds or makes the first ring; the members before `ring` have been set. */
void ring_keeper_begin(struct ring_keeper *keeper, struct utc_time now);

/* Changes the keys when it is time, or, where they never change, takes those of a file that was
 * copied there; returns when to call again. */
struct utc_time ring_keeper_turn(struct ring_keeper *keeper, struct utc_time now);

#endif
