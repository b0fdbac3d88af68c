/* SPDX-License-Identifier: BSD-2-Clause */
/* view.h - pieces that all pictures of a record share.  Pure: record in, text out. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "wire/status.h"

/* For whom a picture is made. */
struct view {
    struct utc_time now; /* by the daemon's own clock */
    int32_t zone_s;      /* local time - UTC */
    bool color;
};

enum view_color { VIEW_PLAIN, VIEW_GOOD, VIEW_WARN, VIEW_BAD, VIEW_DIM, VIEW_BOLD };

/* The word in a colour, where colours are wanted. */
void view_colored(struct text *text, const struct view *view, enum view_color color,
                  const char *word);
enum view_color view_source_color(uint8_t state);
enum view_color view_node_color(uint8_t state);

/* Local time of day, with the date unless it is today's: "14:02", "2026-11-21 14:02"; "never". */
void view_when(struct text *text, const struct view *view, struct utc_time t);
/* How long ago, "12 s"; "never". */
void view_ago(struct text *text, const struct view *view, struct utc_time t);
/* "14:02 (1 h 5 min ago)" */
void view_when_ago(struct text *text, const struct view *view, struct utc_time t);

/* Address, and port if it is not 123: "10.0.0.4", "[::1]:11123". */
void view_address(struct text *text, const struct address *address);
/* Name as configured, address in brackets if it says more: "ntp.example (10.0.0.4)". */
void view_source(struct text *text, const struct source_status *source);
/* Who named its address: "DHCP lease on eth0 (dhclient)", "SRV record, priority 10, weight 5". */
/* Is there more to say than that it, or its name, was written down? */
bool view_was_found(const struct source_status *source);
void view_found(struct text *text, const struct source_status *source);

/* Answered of the last requests, at most 16. */
unsigned view_reach_answered(const struct source_status *source);
unsigned view_reach_asked(const struct source_status *source);

/* "1 source", "3 sources" */
void view_plural(struct text *text, uint64_t count, const char *noun);

#endif
