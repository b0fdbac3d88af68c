/* SPDX-License-Identifier: BSD-2-Clause */
/* made.h - records made for tests: nodes in every state that people meet. */
#ifndef UNIT_CLI_MADE_H
#define UNIT_CLI_MADE_H

#include "cli/view.h"
#include "wire/status.h"

enum { MADE_SOURCES = 8 };

struct made {
    struct status_record record;
    struct source_status sources[MADE_SOURCES];
    struct view view; /* UTC, no colours */
};

/* 2026-11-22, a time of that day. */
struct utc_time made_time(int hour, int minute, int second);

/* A node at 15:07:00 without sources: starting since 15:06. */
void made_init(struct made *made);

/* Adds a source that answers well: 10.0.0.<last octet>. */
struct source_status *made_source(struct made *made, const char *name, uint8_t octet,
                                  enum source_state state);
/* Adds a source that was never heard of, without an address. */
struct source_status *made_silent(struct made *made, const char *name, enum source_state state);

/* Four sources: 10.0.0.4 followed with .5 and .6, ntp.example (10.0.0.7) lies by 200 ms. */
void made_synchronised(struct made *made);

#endif
