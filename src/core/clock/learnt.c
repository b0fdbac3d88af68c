/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/learnt.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum { WORDS = 4, DIGITS_MOST = 18 };

static const double weight_unit = 1e-3, yy_unit = 1e-24, xx_unit = 1e-3, xy_unit = 1e-12;
/* No more is remembered, and no change is larger (tempcomp.c). */
static const double weight_most = 101;
static const double change_most_s_per_s = 20e-6;
/* Of squares that were rounded. */
static const double rounding = 1.02;

struct word {
    const char *at;
    size_t length;
};

/* Splits at single spaces; how many words, or WORDS + 1 when there are more or empty ones. */
static size_t split(const char *line, size_t length, struct word words[static WORDS])
{
    size_t count = 0, from = 0;

    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] != ' ') {
            continue;
        }
        if (count == WORDS || i == from) {
            return WORDS + 1;
        }
        words[count++] = (struct word){line + from, i - from};
        from = i + 1;
    }
    return count;
}

static bool is(const struct word *word, const char *text)
{
    return word->length == strlen(text) && memcmp(word->at, text, word->length) == 0;
}

static bool number(const struct word *word, double unit, double *value)
{
    bool negative = word->length > 0 && word->at[0] == '-';
    int64_t whole = 0;

    if (word->length == negative || word->length - negative > DIGITS_MOST) {
        return false;
    }
    for (size_t i = negative; i < word->length; i++) {
        if (word->at[i] < '0' || word->at[i] > '9') {
            return false;
        }
        whole = whole * 10 + (word->at[i] - '0');
    }
    *value = (double)(negative ? -whole : whole) * unit;
    return true;
}

static bool read_changes(struct tempcomp_learnt *learnt, const char *line, size_t length)
{
    struct word words[WORDS];

    return split(line, length, words) == 3 && is(&words[0], "changes") &&
           number(&words[1], weight_unit, &learnt->weight) &&
           number(&words[2], yy_unit, &learnt->yy) && learnt->weight >= 1 &&
           learnt->weight <= weight_most && learnt->yy >= 0 &&
           learnt->yy <= learnt->weight * change_most_s_per_s * change_most_s_per_s;
}

/* False: nonsense.  No correlation is beyond 1. */
static bool read_sensor(struct tempcomp_learnt *learnt, const struct learnt_names *names,
                        const char *line, size_t length)
{
    struct word words[WORDS];
    double speed, xx, xy;

    if (split(line, length, words) != WORDS || !number(&words[1], 1, &speed) ||
        !number(&words[2], xx_unit, &xx) || !number(&words[3], xy_unit, &xy) || speed < 0 ||
        speed >= TEMPCOMP_SPEEDS || xx < 0 ||
        xy * xy > rounding * (xx + xx_unit) * (learnt->yy + yy_unit)) {
        return false;
    }
    for (unsigned i = 0; i < names->count; i++) {
        if (is(&words[0], names->name[i])) {
            unsigned trace = i * TEMPCOMP_SPEEDS + (unsigned)speed;

            learnt->traces[trace].xx = xx;
            learnt->traces[trace].xy = xy;
        }
    }
    return true;
}

bool learnt_parse(struct tempcomp_learnt *learnt, const struct learnt_names *names,
                  const char *bytes, size_t size)
{
    bool good = true;
    size_t lines = 0;

    memset(learnt, 0, sizeof *learnt);
    for (size_t from = 0; good && from < size; lines++) {
        const char *end = memchr(bytes + from, '\n', size - from);
        size_t length = end ? (size_t)(end - bytes) - from : size - from;

        good = lines == 0 ? read_changes(learnt, bytes + from, length)
                          : read_sensor(learnt, names, bytes + from, length);
        from += length + 1;
    }
    if (!good || lines == 0) {
        memset(learnt, 0, sizeof *learnt);
        return false;
    }
    return true;
}

static void put(struct text *out, double value, double unit)
{
    double whole = fmin(fmax(value / unit, -9e17), 9e17);

    text_char(out, ' ');
    text_i64(out, (int64_t)(whole < 0 ? whole - 0.5 : whole + 0.5));
}

size_t learnt_format(const struct tempcomp_learnt *learnt, const struct learnt_names *names,
                     char text[static LEARNT_TEXT_SIZE])
{
    struct text out = text_begin(text, LEARNT_TEXT_SIZE);

    text_add(&out, "changes");
    put(&out, learnt->weight, weight_unit);
    put(&out, learnt->yy, yy_unit);
    text_char(&out, '\n');
    for (unsigned i = 0; i < names->count * TEMPCOMP_SPEEDS; i++) {
        const char *name = names->name[i / TEMPCOMP_SPEEDS];

        if (name[0] != '\0' && learnt->traces[i].xx > 0) {
            text_add(&out, name);
            text_char(&out, ' ');
            text_u64(&out, i % TEMPCOMP_SPEEDS);
            put(&out, learnt->traces[i].xx, xx_unit);
            put(&out, learnt->traces[i].xy, xy_unit);
            text_char(&out, '\n');
        }
    }
    return out.length;
}
