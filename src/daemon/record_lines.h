/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_lines.h - the lines of the log files, in the columns of chrony's and of ntpd's, so that
 * what reads those reads these.
 *
 * Each returns the length without the final zero; the line ends with a line feed.  Times are UTC.
 * Columns that noon has no value for are 0, and named in the functions' comments.
 */
#ifndef DAEMON_RECORD_LINES_H
#define DAEMON_RECORD_LINES_H

#include <stddef.h>

#include "core/node/action.h"
#include "wire/status.h"

enum { RECORD_LINE_SIZE = 512 };

/* Of one answer: who sent it, to which of our addresses, and when it was taken. */
struct record_answer {
    const struct action_measured *measured;
    const struct source_status *source;
    struct utc_time now;
};

/* chrony's measurements.log.  0: Score. */
int record_measurement(const struct record_answer *answer, char line[static RECORD_LINE_SIZE]);
/* chrony's statistics.log.  0: Stress, Bs. */
int record_statistics(const struct source_status *source, struct utc_time now,
                      char line[static RECORD_LINE_SIZE]);
/* chrony's tracking.log. */
int record_tracking(const struct status_record *status, char line[static RECORD_LINE_SIZE]);
/* chrony's tempcomp.log: the temperature that was used last, and the correction, ppm. */
int record_tempcomp(const struct node_status *node, char line[static RECORD_LINE_SIZE]);
/* chrony's selection.log. */
int record_selection(const struct source_status *source, struct utc_time now,
                     char line[static RECORD_LINE_SIZE]);

/* ntpd's loopstats, peerstats, rawstats and sysstats. */
int record_loop(const struct status_record *status, char line[static RECORD_LINE_SIZE]);
int record_peer(const struct source_status *source, struct utc_time now,
                char line[static RECORD_LINE_SIZE]);
/* The four times are put together from the answer's two, the offset and the delay.  0: what stands
 * behind the refid. */
int record_raw(const struct record_answer *answer, char line[static RECORD_LINE_SIZE]);
int record_system(const struct node_status *node, char line[static RECORD_LINE_SIZE]);

#endif
