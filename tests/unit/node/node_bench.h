/* SPDX-License-Identifier: BSD-2-Clause */
/* node_bench.h - a node on the bench: a perfect clock, servers that answer at once. */
#ifndef TESTS_NODE_BENCH_H
#define TESTS_NODE_BENCH_H

#include "core/node/node.h"

enum { BENCH_SOURCES = 64, BENCH_CAPACITY = 64 };

struct bench {
    void *memory;
    struct node *node;
    struct node_options options;
    struct source_options sources[BENCH_SOURCES];
    int64_t raw_ns;   /* the free-running clock */
    int64_t real_ns;  /* the disciplined clock - raw, apart from its rate */
    int64_t truth_ns; /* UTC - raw */
    uint64_t random;
    struct actions out; /* of the last event */
    unsigned sends, steers, steps, closes, resolves, answers, ready, dates, logs[LOG_EVENT_COUNT];
    struct action_send last_send;
    struct action_resolve last_resolve;
    struct action_answer last_answer;
    struct date_question last_date;
    const struct saved_name *names; /* of an earlier run */
    size_t name_count;
    double last_step_s;
    bool silent;                                                        /* servers do not answer */
    bool (*deaf)(const struct address *to);                             /* some do not */
    void (*bend)(struct ntp_packet *reply, const struct address *from); /* changes replies */
};

/* A bench with that many literal sources 10.0.0.1 ..., UTC being `wrong_s` ahead of the clock. */
void bench_open(struct bench *bench, unsigned sources, double wrong_s);
/* Makes the node; options may be changed between the two. */
void bench_start(struct bench *bench);
void bench_close(struct bench *bench);
struct clock_reading bench_reading(const struct bench *bench);
/* One event, and everything that it asks for. */
void bench_deliver(struct bench *bench, struct event *event);
/* Lets that much time pass, with a timer event whenever one is due. */
void bench_run(struct bench *bench, double s);
void bench_command(struct bench *bench, enum control_command command, const char *argument);
/* The record, in memory of its own. */
const struct status_record *bench_status(struct bench *bench);

#endif
