/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_add(struct words *words, const char *format, ...)
{
    const size_t room = WORDS_SIZE - words->size;
    va_list values;

    va_start(values, format);
    int length = vsnprintf(words->text + words->size, room, format, values);
    va_end(values);
    if (length < 0 || (size_t)length >= room || words->count == WORDS_MAX) {
        words->full = true;
        return;
    }
    words->size += (size_t)length + 1;
    words->count++;
}

void words_list(struct words *words, char *list[static WORDS_MAX + 1])
{
    char *word = words->text;

    for (size_t i = 0; i < words->count; i++) {
        list[i] = word;
        word += strlen(word) + 1;
    }
    list[words->count] = NULL;
}
