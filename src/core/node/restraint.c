/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/node/restraint.h"

#include <string.h>

#include "base/text.h"

/* The year 2200: what says more is nonsense. */
static const int64_t latest_s = INT64_C(7258118400);
enum { POLL_MOST = 17, WORDS = 4 };

/* A part of the line that is being read. */
struct word {
    const char *at;
    size_t length;
};

/* Splits at single spaces; true when there are exactly four words. */
static bool split(const char *line, size_t length, struct word words[static WORDS])
{
    size_t count = 0, from = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] != ' ') {
            continue;
        }
        if (count == WORDS || i == from) {
            return false;
        }
        words[count++] = (struct word){line + from, i - from};
        from = i + 1;
    }
    return count == WORDS;
}

static bool number(const struct word *word, int64_t least, int64_t most, int64_t *value)
{
    bool negative = word->length > 1 && word->at[0] == '-';

    *value = 0;
    if (word->length == negative || word->length > 12) {
        return false;
    }
    for (size_t i = negative; i < word->length; i++) {
        if (word->at[i] < '0' || word->at[i] > '9') {
            return false;
        }
        *value = *value * 10 + (word->at[i] - '0');
    }
    *value = negative ? -*value : *value;
    return *value >= least && *value <= most;
}

static bool read_line(struct node_kod *kod, const char *line, size_t length)
{
    struct word words[WORDS];
    char address[ADDRESS_TEXT_SIZE] = "";
    int64_t until_s, poll_floor, denials;

    if (!split(line, length, words) || words[0].length >= sizeof address) {
        return false;
    }
    memcpy(address, words[0].at, words[0].length);
    if (!address_parse(&kod->address, address) || !number(&words[1], 0, latest_s, &until_s) ||
        !number(&words[2], INT8_MIN, POLL_MOST, &poll_floor) ||
        !number(&words[3], 0, UINT8_MAX, &denials)) {
        return false;
    }
    kod->until.ns = until_s * NS_PER_S;
    kod->poll_floor = (int8_t)poll_floor;
    kod->denials = (uint8_t)denials;
    return true;
}

unsigned restraint_parse(struct node_saved *saved, const char *bytes, size_t size)
{
    unsigned skipped = 0;
    size_t from = 0;

    saved->kod_count = 0;
    while (from < size && saved->kod_count < NODE_KOD_MAX) {
        const char *end = memchr(bytes + from, '\n', size - from);
        size_t length = end ? (size_t)(end - bytes) - from : size - from;

        if (length > 0 && read_line(&saved->kod[saved->kod_count], bytes + from, length)) {
            saved->kod_count++;
        } else if (length > 0) {
            skipped++;
        }
        from += length + 1;
    }
    return skipped;
}

size_t restraint_format(const struct node_saved *saved, char text[static RESTRAINT_TEXT_SIZE])
{
    struct text out = text_begin(text, RESTRAINT_TEXT_SIZE);

    for (unsigned i = 0; i < saved->kod_count; i++) {
        const struct node_kod *kod = &saved->kod[i];
        char address[ADDRESS_TEXT_SIZE];

        address_print(&kod->address, address);
        text_add(&out, address);
        text_char(&out, ' ');
        text_i64(&out, kod->until.ns / NS_PER_S);
        text_char(&out, ' ');
        text_i64(&out, kod->poll_floor);
        text_char(&out, ' ');
        text_u64(&out, kod->denials);
        text_char(&out, '\n');
    }
    return out.length;
}
