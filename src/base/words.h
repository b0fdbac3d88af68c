/* SPDX-License-Identifier: BSD-2-Clause */
/* words.h - the arguments of a program, in one piece of memory that may be copied. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_SIZE = 8192, WORDS_MAX = 96 };

/* The caller's memory; all zero: no word. */
struct words {
    char text[WORDS_SIZE]; /* one behind the other, each ended by a zero */
    size_t size, count;
    bool full; /* one did not fit, and is missing */
};

void words_add(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As execv() wants them: pointers into `words`, ended by NULL. */
void words_list(struct words *words, char *list[static WORDS_MAX + 1]);

#endif
