/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/files.h"

#include <string.h>

#include "base/must.h"

enum { DEPTH_MAX = 10, FILES_MAX = 256, PATH_SIZE = 1024, DIRECTORIES_MAX = 10 };

static bool read_lines(struct parser *parser, const char *text, size_t size);

static void explain(struct parser *parser)
{
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);
    struct config_explained line = {
        .file = parser->file,
        .line = parser->line,
        .text = joined,
        .option = parser->directive,
        .verdict = parser->verdict,
        .error = parser->failed,
    };

    words_join(&parser->words, 0, &text);
    parser->report->explain(parser->report->context, &line);
}

static bool read_line(struct parser *parser, const char *line, size_t size)
{
    parser->failed = false;
    parser->verdict = VERDICT_WORKS;
    parser->directive = NULL;
    switch (words_split(&parser->words, line, size)) {
    case WORDS_NONE:
        return true;
    case WORDS_TOO_LONG:
        return parser_error(parser, "the line is too long; expected at most 2047 characters", NULL);
    case WORDS_BAD_CHARACTER:
        return parser_error(parser, "the line has a control character; expected text", NULL);
    case WORDS_TOO_MANY:
        return parser_error(parser, "the line has too many words; expected at most 256", NULL);
    case WORDS_OK:
        break;
    }
    /* The files that a line includes come with lines of their own. */
    const char *file = parser->file;
    uint32_t number = parser->line;
    const struct option *option = option_find(SCOPE_DIRECTIVE, parser->words.at[0]);
    bool includes =
        option && (strcmp(option->name, "include") == 0 || strcmp(option->name, "confdir") == 0);

    if (includes && parser->report->explain) {
        parser->directive = option;
        explain(parser);
    }
    bool ok = parser_directive(parser);
    parser->file = file;
    parser->line = number;
    if (!includes && parser->report->explain) {
        explain(parser);
    }
    return ok;
}

static bool read_lines(struct parser *parser, const char *text, size_t size)
{
    bool ok = true;
    uint32_t line = 0;

    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        if (!end && parser->sourcedir) {
            return ok; /* still being written: a whole line ends with its newline */
        }
        parser->line = ++line;
        ok = read_line(parser, text, length) && ok;
        length += end != NULL;
        text += length;
        size -= length;
    }
    return ok;
}

/* Notes that a directory is read; without the last part of a path, the path's directory. */
static void remember(struct parser *parser, const char *path, bool is_file)
{
    struct config_space *space = parser->config->space;
    const char *slash = strrchr(path, '/');
    char directory[PATH_SIZE];
    struct text text = text_begin(directory, sizeof directory);
    const char *kept;

    if (!is_file) {
        text_add(&text, path);
    } else if (slash) {
        text_add_n(&text, path, slash > path ? (size_t)(slash - path) : 1);
    } else {
        text_char(&text, '.');
    }
    kept = parser_keep(parser, directory);
    for (size_t i = 0; i < space->directory_count; i++) {
        if (space->directories[i] == kept) {
            return;
        }
    }
    if (space->directory_count < CONFIG_DIRECTORIES_MAX && kept) {
        space->directories[space->directory_count++] = kept;
    } else if (kept) {
        parser_warning(parser, "more than 32 directories are read: a change in ", path,
                       " may need a restart", NULL);
    }
}

/* Borrows the content of a file until files_release(). */
static enum err fetch(struct parser *parser, const char *path, const char **text, size_t *size)
{
    struct config_space *space = parser->config->space;
    size_t room = sizeof space->files - space->files_used;
    enum err err;

    if (!parser->input->read_file) {
        return ERR_UNSUPPORTED;
    }
    *text = &space->files[space->files_used];
    err = parser->input->read_file(parser->input->context, path, &space->files[space->files_used],
                                   room, size);
    must(err != ERR_NONE || *size <= room);
    return err;
}

static const char *why(enum err err)
{
    switch (err) {
    case ERR_DENIED:
        return "not allowed to read it";
    case ERR_NOT_FOUND:
        return "there is no such file";
    case ERR_RANGE:
        return "it is too large";
    case ERR_FULL:
        return "too little memory, or too many open files";
    case ERR_UNSUPPORTED:
        return "files can't be read here";
    case ERR_NONE:
    case ERR_IN_USE:
    case ERR_AGAIN:
    case ERR_FORMAT:
    case ERR_UNREACHABLE:
    case ERR_OTHER:
        break;
    }
    return "reading failed";
}

bool files_read(struct parser *parser, const char *path)
{
    const char *outer_file = parser->file;
    uint32_t outer_line = parser->line;
    const char *text = NULL;
    size_t size = 0;
    bool ok = false;

    if (parser->depth == DEPTH_MAX) {
        return parser_error(parser,
                            "files are included more than 10 deep, or include themselves; "
                            "expected fewer",
                            NULL);
    }
    /* Ten deep, and each of them twice or more, would not end today. */
    if (parser->files == FILES_MAX) {
        return parser_error(parser,
                            "more than 256 files are included; expected fewer, or none "
                            "that includes itself",
                            NULL);
    }
    parser->files++;
    remember(parser, path, true);
    enum err err = fetch(parser, path, &text, &size);
    if (err != ERR_NONE) {
        return parser_error(parser, "can't read ", path, ": ", why(err), NULL);
    }
    const char *kept = parser_keep(parser, path);
    if (!kept) {
        return false;
    }
    parser->depth++;
    parser->config->space->files_used += size;
    parser->file = kept;
    ok = read_lines(parser, text, size);
    parser->file = outer_file;
    parser->line = outer_line;
    parser->config->space->files_used -= size;
    parser->depth--;
    return ok;
}

/* The set that begins behind '[' at `pattern`: does it have `c`?  Sets *end behind its ']'. */
static bool set_has(const char *pattern, char c, const char **end)
{
    bool negated = *pattern == '!' || *pattern == '^';
    bool found = false;
    const char *at = pattern + negated;

    for (bool first = true; *at && (*at != ']' || first); first = false) {
        if (at[1] == '-' && at[2] && at[2] != ']') {
            found = found || (c >= at[0] && c <= at[2]);
            at += 3;
        } else {
            found = found || c == *at++;
        }
    }
    *end = *at ? at + 1 : NULL;
    return found != negated;
}

bool files_match(const char *pattern, const char *name)
{
    const char *star = NULL;
    const char *retry = NULL;

    if (name[0] == '.' && pattern[0] != '.') {
        return false; /* hidden files are asked for by name */
    }
    while (*name) {
        const char *behind = pattern + 1;
        bool same = *pattern == *name || *pattern == '?';

        if (*pattern == '*') {
            star = pattern++;
            retry = name;
            continue;
        }
        if (*pattern == '[') {
            bool in_set = set_has(pattern + 1, *name, &behind);

            same = behind ? in_set : *name == '[';
            behind = behind ? behind : pattern + 1;
        }
        if (*pattern && same) {
            pattern = behind;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/*
 * The names of a directory, in the space's memory behind files_used.  One that is missing is empty;
 * one that can't be read is an error even for sourcedir, whose sources would seem to be gone.
 */
static bool list(struct parser *parser, const char *directory, size_t *size)
{
    struct config_space *space = parser->config->space;
    size_t room = sizeof space->files - space->files_used;
    bool sourcedir = parser->sourcedir;
    enum err err = ERR_NOT_FOUND;

    *size = 0;
    remember(parser, directory, false);
    if (parser->input->list_dir) {
        err = parser->input->list_dir(parser->input->context, directory,
                                      &space->files[space->files_used], room, size);
    }
    if (err != ERR_NONE) {
        *size = 0;
        parser->sourcedir = false;
        if (err != ERR_NOT_FOUND) {
            (void)parser_error(parser, "can't list the directory ", directory, ": ", why(err),
                               NULL);
        }
        parser->sourcedir = sourcedir;
        return err == ERR_NOT_FOUND;
    }
    must(*size <= room && (*size == 0 || space->files[space->files_used + *size - 1] == '\0'));
    return true;
}

/* The first name behind `after` in the alphabet that matches; NULL: no more. */
static const char *next_name(const char *names, size_t size, const char *pattern, const char *after)
{
    const char *best = NULL;

    for (const char *at = names; at < names + size; at += strlen(at) + 1) {
        if (files_match(pattern, at) && (!after || strcmp(at, after) > 0) &&
            (!best || strcmp(at, best) < 0)) {
            best = at;
        }
    }
    return best;
}

static bool join_path(char path[static PATH_SIZE], const char *directory, const char *name)
{
    struct text text = text_begin(path, PATH_SIZE);

    text_add(&text, directory);
    if (text.length > 0 && path[text.length - 1] != '/') {
        text_char(&text, '/');
    }
    text_add(&text, name);
    return !text.overrun;
}

bool parser_include(struct parser *parser, const char *pattern)
{
    struct config_space *space = parser->config->space;
    const char *slash = strrchr(pattern, '/');
    const char *last = slash ? slash + 1 : pattern;
    size_t length = slash ? (size_t)(slash - pattern) : 0;
    char words[PATH_SIZE];
    char path[PATH_SIZE];
    bool ok = true;

    if (strlen(pattern) >= sizeof words) {
        return parser_error(parser, "the path ", pattern, " is too long", NULL);
    }
    if (!strpbrk(pattern, "*?[")) {
        memcpy(path, pattern, strlen(pattern) + 1);
        return files_read(parser, path);
    }
    if (strcspn(pattern, "*?[") < length) {
        return parser_error(parser, "\"", pattern,
                            "\" has a wildcard in a directory's name; expected one in the last "
                            "part only",
                            NULL);
    }
    /* The pattern lies in parser->words, which the included lines overwrite. */
    memcpy(words, pattern, strlen(pattern) + 1);
    last = words + (last - pattern);
    char directory[PATH_SIZE] = "/";
    if (!slash) {
        memcpy(directory, ".", 2);
    } else if (length > 0) {
        memcpy(directory, words, length);
        directory[length] = '\0';
    }
    size_t size;
    ok = list(parser, directory, &size);
    const char *names = &space->files[space->files_used];
    const char *name = NULL;

    space->files_used += size;
    while ((name = next_name(names, size, last, name))) {
        ok =
            (join_path(path, directory, name) ? files_read(parser, path)
                                              : parser_error(parser, "a path is too long", NULL)) &&
            ok;
    }
    space->files_used -= size;
    return ok;
}

/* One directory's names while several are merged. */
struct listing {
    const char *directory;
    const char *names;
    size_t size;
};

bool parser_directories(struct parser *parser, const struct words *words, const char *suffix)
{
    struct config_space *space = parser->config->space;
    struct listing listings[DIRECTORIES_MAX];
    unsigned count = words->count - 1;
    size_t used = space->files_used;
    char pattern[16];
    char path[PATH_SIZE];
    const char *after = NULL;
    bool ok = true;

    if (count < 1 || count > DIRECTORIES_MAX) {
        return parser_error(parser, words->at[0],
                            " has no directory, or too many; expected 1 to 10", NULL);
    }
    struct text text = text_begin(pattern, sizeof pattern);
    text_char(&text, '*');
    text_add(&text, suffix);
    for (unsigned i = 0; i < count; i++) {
        listings[i].directory = words->at[i + 1];
        ok = list(parser, words->at[i + 1], &listings[i].size) && ok;
        listings[i].names = &space->files[space->files_used];
        space->files_used += listings[i].size;
    }
    for (;;) {
        const struct listing *from = NULL;
        const char *best = NULL;

        /* The earlier directory wins when names are the same. */
        for (unsigned i = 0; i < count; i++) {
            const char *name = next_name(listings[i].names, listings[i].size, pattern, after);

            if (name && (!best || strcmp(name, best) < 0)) {
                best = name;
                from = &listings[i];
            }
        }
        if (!best) {
            break;
        }
        after = best;
        ok = (join_path(path, from->directory, best)
                  ? files_read(parser, path)
                  : parser_error(parser, "a path is too long", NULL)) &&
             ok;
    }
    space->files_used = used;
    return ok;
}

bool files_read_main(struct parser *parser)
{
    const struct config_input *input = parser->input;

    parser->file = input->file;
    if (!input->text) {
        return files_read(parser, input->file);
    }
    return read_lines(parser, input->text, input->size);
}
