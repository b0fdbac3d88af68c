/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_sources.h"

#include "base/fmath.h"
#include "cli/view_auth.h"

const char view_sources_help[] =
    "The first column is a mark:\n"
    "  *  followed; names this node's reference     +  followed, together with it\n"
    "  -  agrees, but others are preferred          x  disagrees with the majority\n"
    "  ?  not usable: the last column says why      .  not asked, or measured only\n"
    "The others:\n"
    "  SOURCE   name as configured, and the address in use\n"
    "  ST       its stratum: how many steps it is from a reference clock\n"
    "  POLL     how often it is asked\n"
    "  REACH    how many of the last 16 requests were answered\n"
    "  LAST     how long ago it was last measured\n"
    "  OFFSET   its time minus ours, as estimated now\n"
    "  +-       standard deviation of the offset\n"
    "  DELAY    round trip of the last measurement\n"
    "  ERROR    how far it may be wrong at most: its root distance\n"
    "  STATE    what becomes of it, and how it is authenticated; `noon why NAME` says more\n"
    "On a narrow screen +- and ERROR are left out.  When sources were found by DHCP, SRV records "
    "or\n"
    "a provider, or by what an earlier run knew, the reasons are listed below the table.\n";

enum {
    SOURCE_WIDTH = 18,
    SOURCE_WIDTH_MAX = 44,
    REST_WIDTH = 75,   /* of the other columns, and the longest state */
    NARROW_WIDTH = 59, /* without +- and ERROR */
};

char view_source_mark(uint8_t state)
{
    switch (state) {
    case SOURCE_SELECTED:
        return '*';
    case SOURCE_COMBINED:
        return '+';
    case SOURCE_TRUECHIMER:
        return '-';
    case SOURCE_FALSETICKER:
        return 'x';
    case SOURCE_NOSELECT:
    case SOURCE_OFFLINE:
        return '.';
    default:
        return '?';
    }
}

/* Finishes the cell begun at `from`, to the right end of its column, and a space. */
static void cell(struct text *text, size_t from, size_t width)
{
    text_align_right(text, from, width);
    text_char(text, ' ');
}

/* Length of time in a table: seconds below two minutes, then whole larger units. */
static void short_span(struct text *text, double s)
{
    static const struct {
        double limit, unit;
        char letter;
    } rows[] = {{120, 1, 's'}, {7200, 60, 'm'}, {172800, 3600, 'h'}, {1e12, 86400, 'd'}};

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s < rows[i].limit) {
            text_u64(text, (uint64_t)(s > 0 ? s / rows[i].unit : 0));
            text_char(text, rows[i].letter);
            return;
        }
    }
    text_char(text, '-');
}

static size_t name_width(const struct status_record *record, unsigned columns, bool narrow)
{
    size_t rest = narrow ? NARROW_WIDTH : REST_WIDTH;
    size_t width = SOURCE_WIDTH;

    for (size_t i = 0; i < record->count; i++) {
        char buffer[SOURCE_WIDTH_MAX + 1];
        struct text text = text_begin(buffer, sizeof buffer);

        view_source(&text, &record->sources[i]);
        width = text.length > width ? text.length : width;
    }
    if (columns > 0 && columns < width + rest) {
        width = columns > SOURCE_WIDTH + rest ? columns - rest : SOURCE_WIDTH;
    }
    return width;
}

static void name_cell(struct text *text, const struct source_status *source, size_t width)
{
    char buffer[STATUS_NAME_SIZE + ADDRESS_TEXT_SIZE + 4];
    struct text name = text_begin(buffer, sizeof buffer);
    size_t from = text->length;

    view_source(&name, source);
    if (name.length > width) {
        text_add_n(text, buffer, width - 2);
        text_add(text, "..");
    } else {
        text_add(text, buffer);
    }
    text_to_column(text, from, width + 1);
}

static void reach_cells(struct text *text, const struct view *view,
                        const struct source_status *source)
{
    size_t from = text->length;

    if (source->stratum > 0) {
        text_u64(text, source->stratum);
    } else {
        text_char(text, '-');
    }
    cell(text, from, 2);
    from = text->length;
    short_span(text, fmath_exp2i(source->poll_log2));
    cell(text, from, 5);
    from = text->length;
    text_u64(text, view_reach_answered(source));
    text_char(text, '/');
    text_u64(text, view_reach_asked(source));
    cell(text, from, 5);
    from = text->length;
    if (source->last_sample.ns != 0) {
        short_span(text, utc_diff_s(view->now, source->last_sample));
    } else {
        text_add(text, "never");
    }
    cell(text, from, 5);
}

static void length_cell(struct text *text, bool known, double s)
{
    size_t from = text->length;

    if (known) {
        text_duration(text, s);
    } else {
        text_char(text, '-');
    }
    cell(text, from, 7);
}

static void time_cells(struct text *text, const struct source_status *source, bool narrow)
{
    bool known = source->last_sample.ns != 0;
    size_t from = text->length;

    if (known) {
        text_offset(text, source->offset_s);
    } else {
        text_char(text, '-');
    }
    cell(text, from, 9);
    if (!narrow) {
        length_cell(text, known, source->sd_s);
    }
    length_cell(text, known, source->last_delay_s);
    if (!narrow) {
        length_cell(text, known, source->distance_s);
    }
}

void view_sources(struct text *text, const struct view *view, const struct status_record *record,
                  unsigned columns)
{
    bool narrow = columns > 0 && columns < SOURCE_WIDTH + REST_WIDTH;
    size_t width = name_width(record, columns, narrow);
    size_t from = text->length;

    text_add(text, "  SOURCE");
    text_to_column(text, from, width + 3);
    text_add(text, narrow ? "ST  POLL REACH  LAST    OFFSET   DELAY STATE\n"
                          : "ST  POLL REACH  LAST    OFFSET      +-   DELAY   ERROR STATE\n");
    for (size_t i = 0; i < record->count; i++) {
        const struct source_status *source = &record->sources[i];

        text_char(text, view_source_mark(source->state));
        text_char(text, ' ');
        name_cell(text, source, width);
        reach_cells(text, view, source);
        time_cells(text, source, narrow);
        view_colored(text, view, view_source_color(source->state),
                     source_state_word(source->state));
        text_add(text, view_auth_mark(source));
        text_char(text, '\n');
    }
    if (record->count == 0) {
        text_add(text, "  no source is configured\n");
    }
}

void view_sources_reasons(struct text *text, const struct status_record *record)
{
    bool some = false;

    for (size_t i = 0; i < record->count; i++) {
        some = some || view_was_found(&record->sources[i]);
    }
    for (size_t i = 0; some && i < record->count; i++) {
        const struct source_status *source = &record->sources[i];

        if (source->address.family == ADDRESS_NONE) {
            continue;
        }
        text_add(text, "  ");
        view_source(text, source);
        text_add(text, " is used because: ");
        view_found(text, source);
        text_char(text, '\n');
    }
}
