/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/check_certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/storage.h"

enum { PATH_SIZE = 1100, ARGUMENT_SIZE = 1100, ANSWER_SIZE = CONFIG_USES_MAX * 80 };

/* What noon-helper is told, and of which use each word is. */
struct asked {
    char text[CONFIG_USES_MAX][ARGUMENT_SIZE];
    char *words[CONFIG_USES_MAX + 3];
    size_t of[CONFIG_USES_MAX];
    size_t count;
};

static void ask_about(struct asked *asked, const char *what, const struct config_use *uses,
                      size_t at)
{
    (void)snprintf(asked->text[asked->count], ARGUMENT_SIZE, "%s=%s", what, uses[at].path);
    asked->words[asked->count + 2] = asked->text[asked->count];
    asked->of[asked->count++] = at;
}

/* The index of the n-th use of that kind; `count`: there is none. */
static size_t nth(const struct config_use *uses, size_t count, enum config_use_kind kind, size_t n)
{
    for (size_t i = 0; i < count; i++) {
        if (uses[i].kind == kind && n-- == 0) {
            return i;
        }
    }
    return count;
}

static void gather(struct asked *asked, const struct config_use *uses, size_t count)
{
    for (size_t n = 0, at; (at = nth(uses, count, CONFIG_USE_CERTIFICATE, n)) < count; n++) {
        size_t key = nth(uses, count, CONFIG_USE_PRIVATE_KEY, n);

        ask_about(asked, "cert", uses, at);
        if (key < count) {
            ask_about(asked, "key", uses, key);
        }
    }
    for (size_t n = 0, at; (at = nth(uses, count, CONFIG_USE_TRUST, n)) < count; n++) {
        ask_about(asked, "trust", uses, at);
    }
}

/* Installed beside us, in the directory of daemons next to ours, or in the image. */
static bool find_helper(char path[static PATH_SIZE])
{
    static const char *const places[] = {"/noon-helper", "/../sbin/noon-helper",
                                         "/../libexec/noon/noon-helper"};
    char directory[PATH_SIZE - 40];

    if (!process_directory(directory, sizeof directory)) {
        return false;
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, PATH_SIZE, "%s%s", directory, places[i]);
        if (storage_is_file(path)) {
            return true;
        }
    }
    return false;
}

static size_t read_all(int fd, char *answer, size_t capacity)
{
    size_t size = 0;
    ssize_t got;

    while (size < capacity && (got = read(fd, answer + size, capacity - size)) > 0) {
        size += (size_t)got;
    }
    return size;
}

static bool run(const char *path, struct asked *asked, char answer[static ANSWER_SIZE])
{
    int ends[2], pid;
    size_t size;

    if (pipe(ends) != 0) {
        return false;
    }
    asked->words[0] = (char *)(uintptr_t) "noon-helper";
    asked->words[1] = (char *)(uintptr_t) "--role=look";
    asked->words[asked->count + 2] = NULL;
    enum err err = process_start(&pid, path, asked->words, &ends[1], 1);
    (void)close(ends[1]);
    size = err == ERR_NONE ? read_all(ends[0], answer, ANSWER_SIZE - 1) : 0;
    (void)close(ends[0]);
    answer[size] = '\0';
    return size > 0;
}

/* "WORD FROM UNTIL" */
static void understand(const char *line, struct certificate_look *look)
{
    static const char *const words[] = {"ok", "missing", "denied", "format", "mismatch"};
    char *end;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);

        if (strncmp(line, words[i], length) == 0 && line[length] == ' ') {
            look->verdict = (enum certificate_verdict)i;
            look->from.ns = strtoll(line + length, &end, 10) * NS_PER_S;
            look->until.ns = strtoll(end, NULL, 10) * NS_PER_S;
        }
    }
}

bool check_certificates(const struct config_use *uses, size_t count, struct certificate_look *looks)
{
    struct asked *asked = calloc(1, sizeof *asked);
    char answer[ANSWER_SIZE];
    char path[PATH_SIZE];
    const char *line = answer;
    bool good = false;

    if (asked != NULL) {
        gather(asked, uses, count);
        good = asked->count == 0 || (find_helper(path) && run(path, asked, answer));
    }
    for (size_t i = 0; good && asked->count > 0 && i < asked->count; i++) {
        const char *newline = strchr(line, '\n');

        if (newline == NULL) {
            good = false;
            break;
        }
        understand(line, &looks[asked->of[i]]);
        line = newline + 1;
    }
    free(asked);
    return good;
}
