/* SPDX-License-Identifier: BSD-2-Clause */
/* service.h - the server process beside a simulated node: answers clients from what it published.
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdbool.h>

#include "core/server/reply.h"
#include "sim/check.h"
#include "sim/computer.h"

enum { SERVICE_ACCESS_NODES = 8, SERVICE_MEMORY = 8192 };

struct service {
    struct access_tree access;
    struct access_node nodes[SERVICE_ACCESS_NODES];
    struct server_tables tables;
    _Alignas(64) uint8_t memory[SERVICE_MEMORY];
    struct limits limits;
};

/* Everybody may ask, as often as the options let them. */
void service_init(struct service *service, const struct node_options *options);

/*
 * `count` requests come at once in the names of addresses that nobody has; their answers go
 * nowhere.
 */
void service_flood(struct service *service, struct computer *computer, const struct time_line *line,
                   unsigned count);

/* A request as it meets the machine. */
struct service_request {
    const uint8_t *bytes;
    size_t size;
    struct address from;
    const struct time_line *line; /* as published; NULL: nothing yet */
};

/*
 * Answer at the computer's `now`, which moves on by the work done; the promise of the answer is
 * checked.  False when the request is dropped.
 */
bool service_answer(struct service *service, struct computer *computer,
                    const struct service_request *request, struct reply *reply);
/* What it promised: check the answer that leaves at `at`. */
void service_check(const struct reply *reply, const struct check_instant *at, struct check *check);

#endif
