/* SPDX-License-Identifier: BSD-2-Clause */
/* tempcomp_line.c - `tempcomp`: a sensor, and how temperatures become corrections. */
#include <string.h>

#include "config/number.h"
#include "config/parser.h"

enum { POINTS_FILE_MAX = 4096, NUMBER_SIZE = 64 };

/* Between readings of `auto`. */
static const double auto_interval_s = 30;
static const double interval_least_s = 1;
static const double interval_most_s = 86400;

static const char expected[] = "expected for example \"tempcomp auto\" or \"tempcomp "
                               "/sys/class/hwmon/hwmon0/temp1_input 30 26000 0.0 0.000183 0.0\"";

/* A word of a table's file, and where the next one begins; false: the end, or too long. */
static bool next_number(const char **at, const char *end, char word[static NUMBER_SIZE])
{
    size_t length = 0;

    while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r')) {
        ++*at;
    }
    while (*at < end && !strchr(" \t\r\n", **at) && length + 1 < NUMBER_SIZE) {
        word[length++] = *(*at)++;
    }
    word[length] = '\0';
    return length > 0;
}

/* One line of the file: nothing, or a point more. */
static bool read_point(struct parser *parser, struct tempcomp_options *options, const char *line,
                       const char *end)
{
    struct tempcomp_point point;
    char first[NUMBER_SIZE], second[NUMBER_SIZE], rest[NUMBER_SIZE];
    const char *file = parser->words.at[3];

    if (!next_number(&line, end, first) || first[0] == '#') {
        return true;
    }
    if (!next_number(&line, end, second) || next_number(&line, end, rest) ||
        !number_decimal(first, 0, &point.temperature) ||
        !number_decimal(second, -6, &point.comp_s_per_s)) {
        return parser_error(parser, "the line of \"", file, "\" that begins with \"", first,
                            "\" is no point; expected a temperature and a correction in ppm", NULL);
    }
    if (options->point_count == TEMPCOMP_POINTS_MAX) {
        return parser_error(parser, "\"", file, "\" has too many points; expected at most 32",
                            NULL);
    }
    if (options->point_count > 0 &&
        point.temperature <= options->points[options->point_count - 1].temperature) {
        return parser_error(parser, "the point at ", first, " in \"", file,
                            "\" is out of order; expected rising temperatures", NULL);
    }
    options->points[options->point_count++] = point;
    return true;
}

static bool read_points(struct parser *parser, struct tempcomp_options *options)
{
    const struct config_input *input = parser->input;
    const char *file = parser->words.at[3];
    char text[POINTS_FILE_MAX];
    size_t size = 0, at = 0;

    if (!input->read_file ||
        input->read_file(input->context, file, text, sizeof text, &size) != ERR_NONE) {
        return parser_error(parser, "\"", file,
                            "\" can't be read; expected a file of at most 4096 octets with a "
                            "temperature and a correction in ppm on each line",
                            NULL);
    }
    while (at < size) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t end = newline ? (size_t)(newline - text) : size;

        if (!read_point(parser, options, text + at, text + end)) {
            return false;
        }
        at = end + 1;
    }
    if (options->point_count < 2) {
        return parser_error(parser, "\"", file,
                            "\" has fewer than two points; expected at least two", NULL);
    }
    options->kind = TEMPCOMP_POINTS;
    return true;
}

static bool read_formula(struct parser *parser, struct tempcomp_options *options)
{
    const struct words *words = &parser->words;
    double *const fields[] = {&options->reference, &options->k0, &options->k1, &options->k2};

    for (unsigned i = 0; i < 4; i++) {
        if (!number_decimal(words->at[3 + i], i == 0 ? 0 : -6, fields[i])) {
            return parser_error(parser, "\"", words->at[3 + i], "\" is no number; ", expected,
                                NULL);
        }
    }
    options->kind = TEMPCOMP_FORMULA;
    return true;
}

static bool read_interval(struct parser *parser, struct tempcomp_options *options)
{
    const char *word = parser->words.at[2];

    if (!number_decimal(word, 0, &options->interval_s) || options->interval_s > interval_most_s) {
        return parser_error(parser, "\"", word, "\" is no interval; expected seconds, 1 to 86400",
                            NULL);
    }
    if (options->interval_s < interval_least_s) {
        parser_warning(parser, "the sensor is read once a second, not more often", NULL);
        options->interval_s = interval_least_s;
    }
    return true;
}

static bool read_kind(struct parser *parser, struct tempcomp_options *options)
{
    const struct words *words = &parser->words;

    if (words->count == 2 && strcmp(words->at[1], "auto") == 0) {
        options->kind = TEMPCOMP_AUTO;
        options->interval_s = auto_interval_s;
        return true;
    }
    if (words->count != 4 && words->count != 7) {
        return parser_error(parser,
                            "tempcomp takes auto, or the sensor's file, an interval, and then a "
                            "table's file, four coefficients or auto; ",
                            expected, NULL);
    }
    if (!read_interval(parser, options)) {
        return false;
    }
    if (words->count == 7) {
        return read_formula(parser, options);
    }
    if (strcmp(words->at[3], "auto") == 0) {
        options->kind = TEMPCOMP_AUTO;
        return true;
    }
    return read_points(parser, options);
}

bool parser_tempcomp(struct parser *parser)
{
    struct config *config = parser->config;
    struct tempcomp_options options = {.kind = TEMPCOMP_OFF};
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    if (!read_kind(parser, &options)) {
        return false;
    }
    words_join(&parser->words, 1, &text);
    config->node.tempcomp = options;
    config->daemon.tempcomp = parser_keep(parser, joined);
    config->daemon.temperature_file = NULL;
    if (config->daemon.tempcomp && parser->words.count > 2) {
        config->daemon.temperature_file = parser_keep(parser, parser->words.at[1]);
        return config->daemon.temperature_file != NULL;
    }
    return config->daemon.tempcomp != NULL;
}
