/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config_target.h - any configuration in a dialect: reading it ends, every message says where, and
 * what is understood is printed as native text that is understood as the same.  What is behind a
 * zero octet is the content of all other files, so that a file can include itself.
 */
#ifndef FUZZ_CONFIG_TARGET_H
#define FUZZ_CONFIG_TARGET_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/print.h"
#include "fuzz/fuzz.h"

/* A file that includes itself is read hundreds of times: a long one would take all of the time. */
enum { PRINTED_SIZE = 1 << 20, EXPLAINED_SIZE = 16384, OTHER_MAX = 256 };

struct other_file {
    const char *text;
    size_t size;
};

static enum err read_other(void *context, const char *path, char *buffer, size_t capacity,
                           size_t *size)
{
    const struct other_file *file = context;

    assert(path[0] != '\0');
    if (file->size > capacity) {
        return ERR_FULL;
    }
    memcpy(buffer, file->text, file->size);
    *size = file->size;
    return ERR_NONE;
}

static enum err list_two(void *context, const char *path, char *buffer, size_t capacity,
                         size_t *size)
{
    static const char names[] = "b.conf\0a.sources";

    (void)context;
    if (path[0] != '/' || sizeof names > capacity) {
        return ERR_NOT_FOUND;
    }
    memcpy(buffer, names, sizeof names);
    *size = sizeof names;
    return ERR_NONE;
}

static void explain(void *context, const struct config_explained *line)
{
    static char explained[EXPLAINED_SIZE];
    struct text text = text_begin(explained, sizeof explained);

    (void)context;
    assert(line->line > 0 && line->text[0] != '\0');
    config_explain_line(&text, line);
    assert(text.length > 0 && explained[text.length - 1] == '\n');
}

static void check_report(const struct config_report *report, bool ok)
{
    assert(ok == (report->errors == 0));
    assert(ok || report->count > 0);
    for (size_t i = 0; i < report->count; i++) {
        const struct config_message *message = &report->messages[i];

        assert(message->text[0] != '\0');
        assert(message->file != NULL);
        assert(message->level != CONFIG_ERROR || message->line > 0 || message->text[0] == 'd' ||
               message->text[0] == 't');
    }
}

static void append_line(void *context, const char *line)
{
    struct text *text = context;

    text_add(text, line);
    text_char(text, '\n');
}

static inline void no_difference(void *context, const char *line)
{
    (void)context;
    (void)line;
    abort(); /* print and parse again changed the configuration */
}

/* What was printed is the same configuration, and prints as the same text. */
static void check_round_trip(const struct config *config, const struct config_input *input)
{
    static struct config_space space;
    static struct config_report report;
    static char first[PRINTED_SIZE];
    static char second[PRINTED_SIZE];
    struct text text = text_begin(first, sizeof first);
    struct config_input again = *input;
    struct config other;

    config_print(config, append_line, &text);
    assert(!text.overrun);
    again.dialect = DIALECT_CHRONY;
    again.text = first;
    again.size = text.length;
    config_report_init(&report);
    config_init(&other, &space);
    assert(config_parse(&other, &again, &report));
    assert(config_diff(config, &other, no_difference, NULL) == 0);
    text = text_begin(second, sizeof second);
    config_print(&other, append_line, &text);
    assert(strcmp(first, second) == 0);
}

/* Reads the input; what can be used stays in *config. */
static inline void config_target(const uint8_t *data, size_t size, enum config_dialect dialect,
                                 struct config *config)
{
    static struct config_space space;
    static struct config_report report;
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    size_t main_size = zero ? (size_t)(zero - data) : size;
    struct other_file other = {"", 0};
    struct config_input input = {
        .file = "main",
        .text = size > 0 ? (const char *)data : "",
        .size = main_size,
        .dialect = dialect,
        .context = &other,
        .read_file = read_other,
        .list_dir = list_two,
    };
    bool ok;

    if (zero) {
        other = (struct other_file){(const char *)zero + 1, size - main_size - 1};
        other.size = other.size < OTHER_MAX ? other.size : OTHER_MAX;
    }
    config_report_init(&report);
    report.explain = explain;
    config_init(config, &space);
    ok = config_parse(config, &input, &report);
    check_report(&report, ok);
    if (ok) {
        check_round_trip(config, &input);
    }
}

#endif
