/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp_feed.h - the time process's side of the program in the network driver: the line that it
 * serves, renewed several times in a second, and what it has counted.
 *
 * When this process hangs or dies, the line is not renewed and the program leaves everything to the
 * sockets within XDP_PROMISE_MS; when there is no time to give, at once.
 */
#ifndef DAEMON_XDP_FEED_H
#define DAEMON_XDP_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"
#include "wire/line.h"
#include "wire/status.h"
#include "wire/xdp.h"

struct xdp_feed {
    struct xdp_lines *lines;             /* NULL: there is no such program */
    const struct xdp_counters *counters; /* XDP_CPUS of them */
    const struct xdp_settings *settings; /* where the program is attached */
    struct steady_time renew;            /* the next time */
    bool served;                         /* the line that was given last */
};

/* Maps what the parent has given, if it has. */
void xdp_feed_open(struct xdp_feed *feed, int lines_fd, int counters_fd, int settings_fd);

/* The line for the program at `now`; until_ns is 0 when it is not to be served. */
struct xdp_line xdp_feed_line(const struct time_line *line, bool draining, struct steady_time now);

/* Gives the program the line, whether due or not. */
void xdp_feed_give(struct xdp_feed *feed, const struct time_line *line, bool draining,
                   struct steady_time now);

/* How long until the line is to be given again; negative: for ever. */
struct duration xdp_feed_wait(const struct xdp_feed *feed, struct steady_time now);

/* Adds what it has counted, and where it is attached. */
void xdp_feed_count(const struct xdp_feed *feed, struct server_status *status);

#endif
