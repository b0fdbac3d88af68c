/* SPDX-License-Identifier: BSD-2-Clause */
/* fixture.h - a configuration over files that exist in memory only. */
#ifndef UNIT_CONFIG_FIXTURE_H
#define UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/config.h"

struct memory_file {
    const char *path;
    const char *text;
};

/* Files, ended by one without a path. */
struct memory {
    const struct memory_file *files;
    const char *closed;       /* a directory that may not be read */
    const char *unknown_name; /* lookup() finds every name but this one */
};

struct fixture {
    struct config config;
    struct config_report report;
    struct config_space space;
};

static inline enum err memory_read(void *context, const char *path, char *buffer, size_t capacity,
                                   size_t *size)
{
    const struct memory *memory = context;

    for (const struct memory_file *file = memory->files; file && file->path; file++) {
        if (strcmp(file->path, path) == 0) {
            *size = strlen(file->text);
            if (*size > capacity) {
                return ERR_RANGE;
            }
            memcpy(buffer, file->text, *size);
            return ERR_NONE;
        }
    }
    return ERR_NOT_FOUND;
}

static inline enum err memory_list(void *context, const char *path, char *buffer, size_t capacity,
                                   size_t *size)
{
    const struct memory *memory = context;
    size_t length = strlen(path);

    length -= path[length - 1] == '/';
    if (memory->closed && strcmp(memory->closed, path) == 0) {
        return ERR_DENIED;
    }
    *size = 0;
    for (const struct memory_file *file = memory->files; file && file->path; file++) {
        const char *name = file->path + length + 1;

        if (strncmp(file->path, path, length) == 0 && file->path[length] == '/' &&
            !strchr(name, '/')) {
            assert_true(*size + strlen(name) + 1 <= capacity);
            memcpy(buffer + *size, name, strlen(name) + 1);
            *size += strlen(name) + 1;
        }
    }
    return *size > 0 ? ERR_NONE : ERR_NOT_FOUND;
}

/* Every name is 192.0.2.1 and 2001:db8::1. */
static inline size_t memory_lookup(void *context, const char *name, struct address *addresses,
                                   size_t max)
{
    const struct memory *memory = context;

    if (memory->unknown_name && strcmp(memory->unknown_name, name) == 0) {
        return 0;
    }
    assert_true(max >= 2);
    assert_true(address_parse(&addresses[0], "192.0.2.1"));
    assert_true(address_parse(&addresses[1], "2001:db8::1"));
    return 2;
}

static inline struct config_input memory_input(struct memory *memory, const char *text)
{
    return (struct config_input){
        .file = "noon.conf",
        .text = text,
        .size = text ? strlen(text) : 0,
        .context = memory,
        .read_file = memory_read,
        .list_dir = memory_list,
        .lookup = memory_lookup,
    };
}

static inline bool parse_with(struct fixture *fixture, const struct config_input *input)
{
    config_report_init(&fixture->report);
    config_init(&fixture->config, &fixture->space);
    return config_parse(&fixture->config, input, &fixture->report);
}

/* Parses `text` with `files` behind it. */
static inline bool parse_files(struct fixture *fixture, const struct memory_file *files,
                               const char *text)
{
    struct memory memory = {.files = files};
    struct config_input input = memory_input(&memory, text);

    return parse_with(fixture, &input);
}

static inline bool parse_text(struct fixture *fixture, const char *text)
{
    return parse_files(fixture, NULL, text);
}

/* "LEVEL FILE:LINE: text" of a message; "" when there are not so many. */
static inline const char *message_at(const struct fixture *fixture, size_t at)
{
    static const char *const levels[] = {"note ", "warning ", "error "};
    static char printed[1024];
    struct text text = text_begin(printed, sizeof printed);

    if (at < fixture->report.count) {
        text_add(&text, levels[fixture->report.messages[at].level]);
        config_message_print(&text, &fixture->report.messages[at]);
    }
    return printed;
}

static inline const struct source_options *source_at(const struct fixture *fixture, size_t at)
{
    assert_true(at < fixture->config.node.source_count);
    return &fixture->config.node.sources[at];
}

#endif
