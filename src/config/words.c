/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/words.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

enum words_result words_split(struct words *words, const char *line, size_t size)
{
    bool inside = false;

    words->count = 0;
    while (size > 0 && is_space(line[0])) {
        line++;
        size--;
    }
    if (size == 0 || (line[0] && strchr("!;#%", line[0]))) {
        return WORDS_NONE;
    }
    if (size >= sizeof words->text) {
        return WORDS_TOO_LONG;
    }
    for (size_t i = 0; i < size; i++) {
        bool space = is_space(line[i]);

        if (!space && ((unsigned char)line[i] < ' ' || line[i] == 0x7f)) {
            return WORDS_BAD_CHARACTER;
        }
        if (!space && !inside) {
            if (words->count == CONFIG_WORDS_MAX) {
                return WORDS_TOO_MANY;
            }
            words->at[words->count++] = &words->text[i];
        }
        inside = !space;
        words->text[i] = '\0';
        if (!space) {
            words->text[i] = line[i];
        }
    }
    words->text[size] = '\0';
    return WORDS_OK;
}

void words_join(const struct words *words, unsigned from, struct text *text)
{
    for (unsigned i = from; i < words->count; i++) {
        if (i > from) {
            text_char(text, ' ');
        }
        text_add(text, words->at[i]);
    }
}

bool word_equal(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] && lower(a[i]) == lower(b[i])) {
        i++;
    }
    return lower(a[i]) == lower(b[i]);
}
