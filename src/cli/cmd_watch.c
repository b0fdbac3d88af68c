/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_watch.c - `noon watch`: the live screen. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_watch.h"
#include "sys/clock.h"
#include "sys/signals.h"
#include "sys/terminal.h"

/* The screen is a place of its own, so that what was there before comes back at the end. */
static const char screen_on[] = "\033[?1049h\033[?25l\033[2J";
static const char screen_off[] = "\033[?25h\033[?1049l";

enum { KEY_ESCAPE = 27, STANDARD_INPUT = 0 };

struct watch {
    const struct cli *cli;
    bool screen; /* a terminal, to be drawn upon; else plain text, one picture after another */
    struct status_record record; /* the last that came */
    struct watch_history history;
    char problem[ASK_PROBLEM_SIZE];
};

/* Asks noond; keeps the old record when it does not answer. */
static enum exit_code renew(struct watch *watch)
{
    struct text problem = text_begin(watch->problem, sizeof watch->problem);
    struct status_record record = {.sources = NULL};
    enum exit_code code = fetch_quietly(watch->cli, &record, &problem);

    if (code == EXIT_CODE_OK) {
        fetch_done(&watch->record);
        watch->record = record;
        watch_history_add(&watch->history, &record.node);
    }
    return code;
}

/* Each line erases what stood behind it; what is below the last goes too: no flicker. */
static bool draw_on_screen(const struct text *picture)
{
    struct text out = out_begin(2 * (size_t)WATCH_POINTS);
    const char *at = picture->start;
    bool drawn;

    text_add(&out, "\033[H");
    while (*at != '\0') {
        const char *end = strchr(at, '\n');

        text_add_n(&out, at, (size_t)(end - at));
        /* No newline after the screen's last line: it would scroll. */
        text_add(&out, end[1] != '\0' ? "\033[K\n" : "\033[K");
        at = end + 1;
    }
    text_add(&out, "\033[J");
    drawn = terminal_write(out.start, out.length);
    out_free(&out);
    return drawn;
}

static bool draw(struct watch *watch, enum exit_code code)
{
    struct watch_screen screen = {
        .columns = 100,
        .rows = 1000,
        .interval_s = watch->cli->options.interval_s,
        .problem = code != EXIT_CODE_OK ? watch->problem : NULL,
    };
    struct view view = out_view(&watch->record.node);
    struct text text;
    bool drawn;

    if (watch->cli->options.json) {
        return json_print(json_pack("{s:o,s:o}", "node", json_of_node(&watch->record.node),
                                    "sources", json_of_sources(&watch->record)),
                          true, EXIT_CODE_OK) == EXIT_CODE_OK &&
               ferror(stdout) == 0;
    }
    if (watch->screen) {
        terminal_size(&screen.columns, &screen.rows);
        /* Erasing the rest of a line that is full takes its last character on some terminals. */
        screen.columns -= screen.columns > 1;
    }
    text = out_begin(watch->record.count);
    view_watch(&text, &view, &watch->record, &watch->history, &screen);
    if (watch->screen) {
        drawn = draw_on_screen(&text);
    } else {
        text_char(&text, '\n');
        drawn = terminal_write(text.start, text.length);
    }
    out_free(&text);
    return drawn;
}

/* True when it is time to end: a signal, or a key. */
static bool pause_or_end(const struct watch *watch, bool keys)
{
    struct steady_time end = {clock_steady().ns +
                              duration_from_s(watch->cli->options.interval_s).ns};
    int key = 0;

    while (key != -2) {
        struct pollfd input = {.fd = STANDARD_INPUT, .events = POLLIN};
        int64_t left_ns = end.ns - clock_steady().ns;

        if (signals_take().terminate) {
            return true;
        }
        if (left_ns <= 0) {
            return false;
        }
        (void)signals_wait(&input, keys ? 1 : 0, (struct duration){left_ns});
        key = keys ? terminal_key() : 0;
        if (key == 'q' || key == 'Q' || key == KEY_ESCAPE) {
            return true;
        }
    }
    return true; /* the terminal has gone */
}

static enum exit_code loop(struct watch *watch, bool keys)
{
    long count = watch->cli->options.count;
    enum exit_code code = EXIT_CODE_OK;

    for (long n = 1;; n++) {
        if (n > 1) {
            code = renew(watch);
        }
        /* On a screen a daemon that restarts is waited for; a pipe is told at once. */
        if (code != EXIT_CODE_OK && !watch->screen) {
            fprintf(stderr, "noon: %s\n", watch->problem);
            return code;
        }
        if (!draw(watch, code) || n == count || pause_or_end(watch, keys)) {
            return code;
        }
    }
}

enum exit_code command_watch(const struct cli *cli)
{
    struct watch watch = {.cli = cli, .screen = terminal_is_screen() && !cli->options.json};
    struct terminal terminal = {.raw = false};
    enum exit_code code = renew(&watch);

    if (code != EXIT_CODE_OK) {
        fprintf(stderr, "noon: %s\n", watch.problem);
        return code;
    }
    signals_open(SIGNALS_NORMAL);
    if (watch.screen) {
        terminal_open(&terminal);
        (void)terminal_write(screen_on, sizeof screen_on - 1);
    }
    code = loop(&watch, terminal.raw);
    if (watch.screen) {
        (void)terminal_write(screen_off, sizeof screen_off - 1);
        terminal_close(&terminal);
    }
    fetch_done(&watch.record);
    return code;
}
