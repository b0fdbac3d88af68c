/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - a line of configuration as words. */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { CONFIG_LINE_SIZE = 2048, CONFIG_WORDS_MAX = 256 };

enum words_result {
    WORDS_OK,
    WORDS_NONE, /* empty, or a comment: the first character is one of ! ; # % */
    WORDS_TOO_LONG,
    WORDS_BAD_CHARACTER, /* a control character */
    WORDS_TOO_MANY,
};

struct words {
    unsigned count;
    const char *at[CONFIG_WORDS_MAX]; /* in text[] */
    char text[CONFIG_LINE_SIZE];
};

/* Cut a line of `size` octets, without its end, at white space. */
enum words_result words_split(struct words *words, const char *line, size_t size);

/* The words from `from` on, with single spaces. */
void words_join(const struct words *words, unsigned from, struct text *text);

/* The same, whatever the case of A to Z. */
bool word_equal(const char *a, const char *b);

#endif
