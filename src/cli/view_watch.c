/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_watch.h"

#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "cli/view_sentence.h"
#include "cli/view_sources.h"

enum { DECADES = 7, CHART_ROWS = DECADES + 1, AXIS_WIDTH = 8, PICTURE_SIZE = 16384 };

void watch_history_add(struct watch_history *history, const struct node_status *node)
{
    bool known = node->state == NODE_SYNCHRONISED || node->state == NODE_HOLDOVER;

    if (history->count == WATCH_POINTS) {
        memmove(history->points, history->points + 1, (WATCH_POINTS - 1) * sizeof *history->points);
        history->count--;
    }
    history->points[history->count++] = (struct watch_point){
        .error_s = known ? node->clock_error_s : (double)NAN,
        .bound_s = known && node->bound_s >= 0 ? node->bound_s : (double)NAN,
    };
}

/* 0 for 1 s and more, 6 for around 1 us, 7 below; -1 for what is not known. */
static int decade_of(double value_s)
{
    double limit_s = 0.316; /* half a decade below 1 s, on the logarithmic scale */
    int decade = 0;

    if (value_s != value_s) {
        return -1;
    }
    while (decade < DECADES && fabs(value_s) < limit_s) {
        limit_s /= 10;
        decade++;
    }
    return decade;
}

void view_watch_chart(struct text *text, const struct watch_history *history, unsigned columns)
{
    static const char *const labels[CHART_ROWS] = {"1 s",    "100 ms", "10 ms", "1 ms",
                                                   "100 us", "10 us",  "1 us",  "less"};
    size_t room = columns > AXIS_WIDTH + 2 ? columns - AXIS_WIDTH - 2 : 0;
    size_t first = history->count > room ? history->count - room : 0;

    for (int row = 0; row < CHART_ROWS; row++) {
        size_t from = text->length;

        text_add(text, labels[row]);
        text_align_right(text, from, AXIS_WIDTH - 1);
        text_add(text, " |");
        for (size_t i = first; i < history->count; i++) {
            int error = decade_of(history->points[i].error_s);
            int bound = decade_of(history->points[i].bound_s);

            text_char(text, error == row ? '*' : bound == row ? '-' : ' ');
        }
        while (text->start[text->length - 1] == ' ') {
            text->start[--text->length] = '\0';
        }
        text_char(text, '\n');
    }
}

/* Text broken at spaces into lines of at most `columns`. */
static void add_wrapped(struct text *text, const char *string, unsigned columns)
{
    size_t length = strlen(string);

    while (length > columns) {
        size_t at = columns;

        while (at > 0 && string[at] != ' ') {
            at--;
        }
        at = at > 0 ? at : columns;
        text_add_n(text, string, at);
        text_char(text, '\n');
        string += at + (string[at] == ' ');
        length = strlen(string);
    }
    text_add(text, string);
    text_char(text, '\n');
}

static void add_heading(struct text *text, const struct view *view,
                        const struct watch_screen *screen)
{
    char buffer[80];
    struct text title = text_begin(buffer, sizeof buffer);
    struct civil civil = civil_from_utc((struct utc_time){view->now.ns + view->zone_s * NS_PER_S});

    text_add(&title, "noon  ");
    text_padded(&title, (uint64_t)civil.hour, 2);
    text_char(&title, ':');
    text_padded(&title, (uint64_t)civil.minute, 2);
    text_char(&title, ':');
    text_padded(&title, (uint64_t)civil.second, 2);
    text_add(&title, "  every ");
    text_duration(&title, screen->interval_s);
    text_add(&title, ", q ends");
    view_colored(text, view, VIEW_BOLD, buffer);
    text_char(text, '\n');
}

/* Counts what a terminal shows of a line: colours take no room. */
static size_t visible_until(const char *line, size_t length, size_t columns)
{
    size_t shown = 0;
    size_t i = 0;

    while (i < length && shown < columns) {
        if (line[i] == '\033') {
            while (i < length && line[i] != 'm') {
                i++;
            }
        } else {
            shown++;
        }
        i++;
    }
    return i;
}

/* Copies lines, cut to the screen's width and height. */
static void add_clipped(struct text *text, const struct view *view, const char *picture,
                        const struct watch_screen *screen)
{
    for (unsigned row = 0; *picture != '\0' && row < screen->rows; row++) {
        const char *end = strchr(picture, '\n');
        size_t length = end != NULL ? (size_t)(end - picture) : strlen(picture);
        size_t kept = visible_until(picture, length, screen->columns);

        text_add_n(text, picture, kept);
        if (kept < length && view->color) {
            text_add(text, "\033[0m");
        }
        text_char(text, '\n');
        picture += length + (end != NULL);
    }
}

void view_watch(struct text *text, const struct view *view, const struct status_record *record,
                const struct watch_history *history, const struct watch_screen *screen)
{
    char buffer[PICTURE_SIZE];
    struct text picture = text_begin(buffer, sizeof buffer);
    char sentence[600];
    struct text words = text_begin(sentence, sizeof sentence);

    add_heading(&picture, view, screen);
    text_char(&picture, '\n');
    if (screen->problem != NULL) {
        add_wrapped(&picture, screen->problem, screen->columns);
    } else {
        view_sentence(&words, view, record);
        add_wrapped(&picture, sentence, screen->columns);
    }
    if (record->count + CHART_ROWS + 7 <= screen->rows) {
        text_add(&picture, "\n* error of the clock   - bound\n");
        view_watch_chart(&picture, history, screen->columns);
    }
    text_char(&picture, '\n');
    view_sources(&picture, view, record, screen->columns);
    add_clipped(text, view, buffer, screen);
}
