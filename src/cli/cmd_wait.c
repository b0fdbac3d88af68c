/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_wait.c - `noon wait`: until the time is good enough. */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/fetch.h"
#include "cli/readiness.h"
#include "sys/clock.h"
#include "sys/signals.h"

/* Asked often at first, when every moment of a boot counts, then less so. */
static const struct duration pause_first = {100000000};
static const struct duration pause_longest = {1000000000};

/* How it stands at the end, for one who has waited in vain. */
static enum exit_code give_up(const struct cli *cli, enum exit_code asked,
                              const struct status_record *record, const char *problem)
{
    if (asked != EXIT_CODE_OK) {
        fprintf(stderr, "noon: %s\n", problem);
        return asked;
    }
    return readiness_print(&record->node, &cli->options);
}

enum exit_code command_wait(const struct cli *cli)
{
    struct steady_time start = clock_steady();
    struct duration timeout = duration_from_s(cli->options.timeout_s);
    struct duration pause = pause_first;

    signals_open(SIGNALS_NORMAL);
    for (;;) {
        char buffer[ASK_PROBLEM_SIZE];
        struct text problem = text_begin(buffer, sizeof buffer);
        struct status_record record = {.sources = NULL};
        /* A daemon that does not answer may be about to start: that is worth waiting for too. */
        enum exit_code code = fetch_quietly(cli, &record, &problem);
        int64_t left_ns = timeout.ns - (clock_steady().ns - start.ns);
        bool over = timeout.ns > 0 && left_ns <= 0;

        if (code == EXIT_CODE_OK && readiness(&record.node, &cli->options, &problem)) {
            over = true;
        }
        if (over || signals_take().terminate) {
            code = give_up(cli, code, &record, buffer);
            fetch_done(&record);
            return code;
        }
        fetch_done(&record);
        if (timeout.ns > 0 && left_ns < pause.ns) {
            pause.ns = left_ns;
        }
        (void)signals_wait(NULL, 0, pause);
        pause.ns = 2 * pause.ns < pause_longest.ns ? 2 * pause.ns : pause_longest.ns;
    }
}
