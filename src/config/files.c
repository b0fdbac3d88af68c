/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/files.h"

#include <string.h>

#include "base/must.h"
#include "config/dialects.h"

enum { DEPTH_MAX = 10, FILES_MAX = 256, PATH_SIZE = 1024, DIRECTORIES_MAX = 10 };

static void explain(struct parser *parser, const char *text)
{
    struct config_explained line = {
        .file = parser->file,
        .line = parser->line,
        .text = text,
        .option = parser->directive,
        .verdict = parser->verdict,
        .error = parser->failed,
    };

    if (parser->report->explain) {
        parser->report->explain(parser->report->context, &line);
    }
}

/* In these dialects a comment may also stand behind a line. */
static size_t without_comment(const struct parser *parser, const char *line, size_t size)
{
    bool quoted = false;

    if (parser->dialect != DIALECT_NTP && parser->dialect != DIALECT_OPENNTPD) {
        return size;
    }
    for (size_t i = 0; i < size; i++) {
        quoted = quoted != (line[i] == '"');
        if (line[i] == '#' && !quoted) {
            return i;
        }
    }
    return size;
}

/* Quotation marks around a word say nothing that the word does not. */
static void unquote(struct words *words)
{
    for (unsigned i = 0; i < words->count; i++) {
        char *word = &words->text[words->at[i] - words->text];
        size_t length = strlen(word);

        if (length >= 2 && word[0] == '"' && word[length - 1] == '"') {
            word[length - 1] = '\0';
            words->at[i]++;
        }
    }
}

/* A place that whoever made the file from a template forgot to fill in; NULL: none. */
static const char *template_place(const struct words *words)
{
    for (unsigned i = 0; i < words->count; i++) {
        const char *word = words->at[i];
        size_t length = strlen(word);

        if (strstr(word, "${") || strstr(word, "{{") || strstr(word, "{%") || strstr(word, "$(") ||
            (word[0] == '$' && length > 1) ||
            (length > 2 && word[0] == '@' && word[length - 1] == '@') ||
            (length > 2 && word[0] == '%' && word[length - 1] == '%') ||
            (length > 2 && word[0] == '<' && word[length - 1] == '>')) {
            return word;
        }
    }
    return NULL;
}

struct example {
    const char *directive, *text;
};

/* What the value of a line looks like, of those that templates are about. */
static const char *example_of(const char *directive)
{
    static const struct example rows[] = {
        {"server", ", as in \"server ntp.example.com\""},
        {"pool", ", as in \"pool pool.ntp.org\""},
        {"peer", ", as in \"peer ntp.example.com\""},
        {"servers", ", as in \"servers pool.ntp.org\""},
        {"restrict", ", as in \"restrict 10.0.0.0 mask 255.0.0.0 noquery\""},
        {"allow", ", as in \"allow 10.0.0.0/8\""},
        {"deny", ", as in \"deny 10.0.0.0/8\""},
        {"listen", ", as in \"listen on 192.0.2.1\""},
        {"bindaddress", ", as in \"bindaddress 192.0.2.1\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (word_equal(rows[i].directive, directive)) {
            return rows[i].text;
        }
    }
    return "";
}

static bool read_words(struct parser *parser)
{
    const char *place = template_place(&parser->words);

    if (place) {
        return parser_error(parser, "\"", place,
                            "\" is a place of a template that was not filled in; expected the "
                            "value itself",
                            example_of(parser->words.at[0]), NULL);
    }
    switch (parser->dialect) {
    case DIALECT_NTP:
        return ntp_directive(parser);
    case DIALECT_OPENNTPD:
        return openntpd_directive(parser);
    case DIALECT_TIMESYNCD:
        return timesyncd_line(parser);
    case DIALECT_UNKNOWN:
    case DIALECT_CHRONY:
    case DIALECT_COUNT:
        break;
    }
    return parser_directive(parser);
}

/* The files that these lines read come with lines of their own: explained first. */
static const struct option *includes(const struct parser *parser)
{
    static const char *const names[] = {"include", "confdir", "includefile", "role"};
    enum option_scope scope = parser->dialect == DIALECT_NTP      ? SCOPE_NTP
                              : parser->dialect == DIALECT_CHRONY ? SCOPE_DIRECTIVE
                                                                  : SCOPE_NONE;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (word_equal(names[i], parser->words.at[0])) {
            return scope == SCOPE_NONE ? NULL : option_find(scope, names[i]);
        }
    }
    return NULL;
}

static bool bad_line(struct parser *parser, enum words_result result)
{
    return parser_error(
        parser,
        result == WORDS_TOO_LONG   ? "the line is too long; expected at most 2047 characters"
        : result == WORDS_TOO_MANY ? "the line has too many words; expected at most 256"
                                   : "the line has a control character; expected text",
        NULL);
}

static bool read_line(struct parser *parser, const char *line, size_t size)
{
    enum words_result result =
        words_split(&parser->words, line, without_comment(parser, line, size));
    char joined[CONFIG_LINE_SIZE];
    struct text text = text_begin(joined, sizeof joined);

    parser->failed = false;
    parser->verdict = VERDICT_WORKS;
    parser->directive = NULL;
    if (result == WORDS_NONE) {
        if (parser->dialect == DIALECT_TIMESYNCD) {
            timesyncd_comment(parser, line, size);
        }
        return true;
    }
    if (result != WORDS_OK) {
        return bad_line(parser, result);
    }
    const char *file = parser->file;
    uint32_t number = parser->line;
    const struct option *including = includes(parser);

    words_join(&parser->words, 0, &text);
    if (parser->dialect == DIALECT_NTP || parser->dialect == DIALECT_OPENNTPD) {
        unquote(&parser->words);
    }
    if (including) {
        parser->directive = including;
        explain(parser, joined);
    }
    bool ok = read_words(parser);
    parser->file = file;
    parser->line = number;
    if (!including) {
        explain(parser, joined);
    }
    return ok;
}

/* Editors of another system begin a file with a byte order mark: UTF-8's says nothing. */
static bool skip_mark(struct parser *parser, const char **text, size_t *size)
{
    if (*size >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *size -= 3;
    } else if (*size >= 2 &&
               (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0)) {
        parser->line = 1;
        return parser_error(parser, "the file is in UTF-16; save it as UTF-8", NULL);
    }
    return true;
}

static bool read_lines(struct parser *parser, const char *text, size_t size)
{
    bool ok = skip_mark(parser, &text, &size);
    uint32_t line = 0;

    parser->timesyncd.section = false;
    while (size > 0 && (ok || line > 0)) {
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
    case ERR_FORMAT:
        return "it is a directory, a pipe or a device; expected a file";
    case ERR_NONE:
    case ERR_IN_USE:
    case ERR_AGAIN:
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

bool parser_preset(struct parser *parser, const char *name, const char *lines)
{
    parser->file = name;
    return read_lines(parser, lines, strlen(lines));
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

/* What the daemon of the dialect does unless told otherwise, before the first line. */
static void begin(struct parser *parser, const char *text, size_t size)
{
    const struct config_input *input = parser->input;

    parser->dialect =
        input->dialect != DIALECT_UNKNOWN
            ? input->dialect
            : dialect_recognise(input->file ? input->file : "", text, size, input->likely);
    parser->config->dialect = parser->dialect;
    if (parser->dialect == DIALECT_NTP) {
        ntp_begin(parser);
    } else if (parser->dialect == DIALECT_TIMESYNCD) {
        timesyncd_begin(parser);
    }
}

static bool finish(struct parser *parser)
{
    if (parser->dialect == DIALECT_NTP) {
        ntp_finish(parser);
    } else if (parser->dialect == DIALECT_TIMESYNCD) {
        timesyncd_finish(parser);
    }
    return true;
}

/* systemd's drop-ins, of which a name in an earlier directory hides the same in a later one. */
static bool read_drop_ins(struct parser *parser)
{
    static const char standard[] = "/etc/systemd/timesyncd.conf";
    char line[CONFIG_LINE_SIZE];
    struct text text = text_begin(line, sizeof line);
    struct words words;

    text_add(&text, "confdir ");
    text_add(&text, parser->input->file);
    text_add(&text, ".d");
    if (strcmp(parser->input->file, standard) == 0) {
        text_add(&text, " /run/systemd/timesyncd.conf.d /usr/local/lib/systemd/timesyncd.conf.d"
                        " /usr/lib/systemd/timesyncd.conf.d");
    }
    return text.overrun || words_split(&words, line, text.length) != WORDS_OK ||
           parser_directories(parser, &words, ".conf");
}

bool files_read_main(struct parser *parser)
{
    const struct config_input *input = parser->input;
    const char *text = input->text;
    size_t size = input->size;
    bool ok;

    parser->file = input->file;
    if (!text) {
        enum err err = fetch(parser, input->file, &text, &size);

        remember(parser, input->file, true);
        if (err != ERR_NONE) {
            return parser_error(parser, why(err), NULL); /* the file is named in front */
        }
        parser->files++;
        parser->depth++;
        parser->config->space->files_used += size;
    }
    begin(parser, text, size);
    ok = read_lines(parser, text, size);
    if (parser->dialect == DIALECT_TIMESYNCD) {
        ok = read_drop_ins(parser) && ok;
    }
    if (!input->text) {
        parser->depth--;
        parser->config->space->files_used -= size;
    }
    parser->file = input->file;
    return finish(parser) && ok;
}
