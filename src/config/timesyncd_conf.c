/* SPDX-License-Identifier: BSD-2-Clause */
/* timesyncd_conf.c - timesyncd.conf of systemd: KEY=VALUE in the section [Time]. */
#include <string.h>

#include "config/dialects.h"
#include "config/number.h"

/* What timesyncd does unless told otherwise. */
static const double step_s = 0.4;
static const double max_distance_s = 5;
enum { MINPOLL = 5, MAXPOLL = 11, LIST_SIZE = 1000, POLL_LEAST = 4, POLL_MOST = 17 };

void timesyncd_begin(struct parser *parser)
{
    struct node_options *node = &parser->config->node;

    node->step = (struct step_options){.threshold_s = step_s, .limit = -1};
    node->max_distance_s = max_distance_s;
    parser->timesyncd = (struct timesyncd_notes){.minpoll = MINPOLL, .maxpoll = MAXPOLL};
}

struct span_unit {
    const char *name;
    double s;
};

/* "90", "1min 30s", "infinity": systemd's spans of time, in seconds. */
static bool parse_span(const char *value, double *seconds)
{
    static const struct span_unit units[] = {
        {"", 1},         {"s", 1},       {"sec", 1},       {"second", 1},     {"seconds", 1},
        {"m", 60},       {"min", 60},    {"minute", 60},   {"minutes", 60},   {"h", 3600},
        {"hr", 3600},    {"hour", 3600}, {"hours", 3600},  {"d", 86400},      {"day", 86400},
        {"days", 86400}, {"w", 604800},  {"week", 604800}, {"weeks", 604800}, {"ms", 1e-3},
        {"msec", 1e-3},  {"us", 1e-6},   {"usec", 1e-6},
    };

    *seconds = 0;
    if (strcmp(value, "infinity") == 0) {
        *seconds = 1e9;
        return true;
    }
    while (*value) {
        size_t digits = strspn(value, "0123456789.");
        size_t spaces = strspn(value + digits, " ");
        size_t letters = strcspn(value + digits + spaces, " 0123456789.");
        char number[32];
        double amount;
        bool known = false;

        if (digits == 0 || digits >= sizeof number) {
            return false;
        }
        memcpy(number, value, digits);
        number[digits] = '\0';
        for (size_t i = 0; i < sizeof units / sizeof units[0] && !known; i++) {
            known = strlen(units[i].name) == letters &&
                    memcmp(units[i].name, value + digits + spaces, letters) == 0;
            if (known && number_decimal(number, 0, &amount)) {
                *seconds += amount * units[i].s;
            } else {
                known = false;
            }
        }
        if (!known) {
            return false;
        }
        value += digits + spaces + letters;
        value += strspn(value, " ");
    }
    return true;
}

static bool set_poll(struct parser *parser, double seconds, int8_t *poll)
{
    double interval_s = 1 << POLL_LEAST;

    *poll = POLL_LEAST;
    while (*poll < POLL_MOST && interval_s * 1.5 <= seconds) {
        interval_s *= 2;
        (*poll)++;
    }
    if (interval_s != seconds) {
        char written[32];
        struct text text = text_begin(written, sizeof written);

        text_u64(&text, (uint64_t)interval_s);
        parser_note(parser, parser->directive->name,
                    ": intervals are powers of two here: ", written, " s", NULL);
    }
    return true;
}

static bool parse_number_key(struct parser *parser, const char *value)
{
    const char *key = parser->directive->name;
    double seconds;

    if (!parse_span(value, &seconds) || !(seconds > 0)) {
        return parser_error(parser, key, " can't be \"", value,
                            "\"; expected a span of time, for example 5 or 34min", NULL);
    }
    if (strcmp(key, "RootDistanceMaxSec") == 0) {
        parser->config->node.max_distance_s = seconds;
        return true;
    }
    if (strcmp(key, "PollIntervalMinSec") == 0) {
        return set_poll(parser, seconds, &parser->timesyncd.minpoll);
    }
    if (strcmp(key, "PollIntervalMaxSec") == 0) {
        return set_poll(parser, seconds, &parser->timesyncd.maxpoll);
    }
    return parser_verdict(parser, parser->directive);
}

/* Each name as a line `server NAME iburst`. */
static bool add_servers(struct parser *parser, const char *names)
{
    bool good = true;

    while (*names) {
        size_t length = strcspn(names, " ");
        char line[NAME_SIZE + 32];
        struct text text = text_begin(line, sizeof line);

        text_add(&text, "server ");
        text_add_n(&text, names, length);
        text_add(&text, " iburst");
        if (text.overrun || words_split(&parser->words, line, text.length) != WORDS_OK) {
            return parser_error(parser, "a name of a server is too long", NULL);
        }
        const struct option *key = parser->directive;
        parser->directive = option_find(SCOPE_DIRECTIVE, "server");
        parser->words_at = 1;
        good = parser_source(parser, SOURCE_SERVER, ADDRESS_NONE) && good;
        parser->directive = key;
        names += length;
        names += strspn(names, " ");
    }
    return good;
}

static bool parse_names(struct parser *parser, const char *value)
{
    if (strcmp(parser->directive->name, "NTP") == 0) {
        if (*value == '\0') {
            parser->config->node.source_count = 0;
        }
        return add_servers(parser, value);
    }
    char joined[LIST_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    if (*value && parser->timesyncd.fallback) {
        text_add(&text, parser->timesyncd.fallback);
        text_char(&text, ' ');
    }
    text_add(&text, value);
    if (text.overrun) {
        return parser_error(parser, "FallbackNTP is too long; expected at most 1000 characters",
                            NULL);
    }
    parser->timesyncd.fallback = parser_keep(parser, joined);
    parser->timesyncd.fallback_file = parser->file;
    parser->timesyncd.fallback_line = parser->line;
    return parser->timesyncd.fallback;
}

/* "[Time]", or another section, whose lines are none of ours. */
static bool parse_section(struct parser *parser, const char *line)
{
    parser->timesyncd.section = strcmp(line, "[Time]") == 0;
    if (!parser->timesyncd.section) {
        parser_warning(parser, "the section ", line, " means nothing here; expected [Time]", NULL);
    }
    return true;
}

bool timesyncd_line(struct parser *parser)
{
    char line[CONFIG_LINE_SIZE];
    struct text text = text_begin(line, sizeof line);
    char *equals, *end;

    words_join(&parser->words, 0, &text);
    if (line[0] == '[') {
        return parse_section(parser, line);
    }
    equals = strchr(line, '=');
    if (!equals) {
        return parser_error(parser, "\"", line,
                            "\" is no line of timesyncd.conf; expected KEY=VALUE", NULL);
    }
    if (!parser->timesyncd.section) {
        parser_warning(parser, "the line stands in no section [Time]: timesyncd does not read it",
                       NULL);
        return true;
    }
    *equals = '\0';
    for (end = equals; end > line && end[-1] == ' '; end--) {
        end[-1] = '\0';
    }
    parser->directive = option_find(SCOPE_TIMESYNCD, line);
    if (!parser->directive) {
        const char *like = parser_suggest(parser, SCOPE_TIMESYNCD, line);

        return parser_error(parser, "unknown key \"", line, "\"; ",
                            like ? "write instead \"" : "expected one of \"",
                            like ? like : "NTP, FallbackNTP, RootDistanceMaxSec", "\"", NULL);
    }
    const char *value = equals + 1 + strspn(equals + 1, " ");
    bool names = strcmp(parser->directive->name, "NTP") == 0 ||
                 strcmp(parser->directive->name, "FallbackNTP") == 0;
    return names ? parse_names(parser, value) : parse_number_key(parser, value);
}

void timesyncd_comment(struct parser *parser, const char *line, size_t size)
{
    static const char key[] = "#FallbackNTP=";
    char names[LIST_SIZE];

    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == ' ')) {
        size--;
    }
    if (size > sizeof key - 1 && size - (sizeof key - 1) < sizeof names &&
        memcmp(line, key, sizeof key - 1) == 0) {
        memcpy(names, line + sizeof key - 1, size - (sizeof key - 1));
        names[size - (sizeof key - 1)] = '\0';
        parser->timesyncd.built_in = parser_keep(parser, names);
        parser->timesyncd.built_in_line = parser->line;
    }
}

void timesyncd_finish(struct parser *parser)
{
    struct config *config = parser->config;
    struct timesyncd_notes *notes = &parser->timesyncd;
    const char *names = notes->fallback ? notes->fallback : notes->built_in;

    parser->line = 0;
    parser->directive = option_find(SCOPE_TIMESYNCD, "FallbackNTP");
    if (config->node.source_count == 0 && names) {
        parser_note(parser, "no NTP= is written: the fallback is followed: ", names, NULL);
        parser->file = notes->fallback ? notes->fallback_file : parser->file;
        parser->line = notes->fallback ? notes->fallback_line : notes->built_in_line;
        (void)add_servers(parser, names);
        parser->line = 0;
    }
    if (notes->maxpoll < notes->minpoll) {
        parser_warning(parser,
                       "PollIntervalMaxSec is below PollIntervalMinSec, which is used for "
                       "both",
                       NULL);
        notes->maxpoll = notes->minpoll;
    }
    for (size_t i = 0; i < config->node.source_count; i++) {
        config->space->sources[i].minpoll = notes->minpoll;
        config->space->sources[i].maxpoll = notes->maxpoll;
    }
}
