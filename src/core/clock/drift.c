/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/drift.h"

#include <math.h>
#include <stdbool.h>

#include "base/must.h"
#include "base/text.h"

#define PPM 1e-6
#define FREQ_MAX_PPM 100000.0
/* chrony writes an error bound of 1000000 ppm when it knows nothing; this is as good as nothing. */
#define SKEW_MAX_PPM 10000.0
#define SD_OF_SKEW 0.5

/* What is left to be read. */
struct cursor {
    const uint8_t *at, *end;
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_space(*cursor->at)) {
        cursor->at++;
    }
}

static bool take(struct cursor *cursor, uint8_t c)
{
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Digits, appended to *value; how many. */
static unsigned take_digits(struct cursor *cursor, double *value)
{
    unsigned count = 0;

    for (; cursor->at < cursor->end && is_digit(*cursor->at); cursor->at++, count++) {
        /* Grows to infinity, and is then out of range. */
        *value = *value * 10 + (*cursor->at - '0');
    }
    return count;
}

static double power_of_ten(unsigned n)
{
    double power = 1;

    while (n-- > 0 && power < 1e300) {
        power *= 10;
    }
    return power;
}

/* The exponent after an 'e', if there is one; false when it has no digits. */
static bool scale(struct cursor *cursor, double *value)
{
    double exponent = 0;
    bool negative;

    if (!take(cursor, 'e') && !take(cursor, 'E')) {
        return true;
    }
    negative = take(cursor, '-');
    if (!negative) {
        take(cursor, '+');
    }
    if (take_digits(cursor, &exponent) == 0) {
        return false;
    }
    if (*value != 0) {
        double power = power_of_ten((unsigned)fmin(exponent, 400));

        *value = negative ? *value / power : *value * power;
    }
    return true;
}

/* A decimal number up to the next space or the end.  No locale, no "nan", no hexadecimal. */
static bool number(struct cursor *cursor, double *value)
{
    bool negative = take(cursor, '-');
    unsigned digits;

    if (!negative) {
        take(cursor, '+');
    }
    *value = 0;
    digits = take_digits(cursor, value);
    if (take(cursor, '.')) {
        unsigned decimals = take_digits(cursor, value);

        digits += decimals;
        *value /= power_of_ten(decimals);
    }
    if (digits == 0 || !scale(cursor, value)) {
        return false;
    }
    *value = negative ? -*value : *value;
    return cursor->at == cursor->end || is_space(*cursor->at);
}

static enum drift_result read_numbers(struct cursor *cursor, double value[static 2],
                                      unsigned *count)
{
    *count = 0;
    for (skip_space(cursor); cursor->at < cursor->end; skip_space(cursor)) {
        if (*count == 2) {
            return DRIFT_TOO_MANY;
        }
        if (!number(cursor, &value[*count])) {
            return DRIFT_NO_NUMBER;
        }
        ++*count;
    }
    return *count == 0 ? DRIFT_EMPTY : DRIFT_OK;
}

enum drift_result drift_parse(struct node_saved *saved, const uint8_t *bytes, size_t size)
{
    struct cursor cursor = {bytes, size > 0 ? bytes + size : bytes};
    double value[2] = {0, 0};
    unsigned count;
    enum drift_result result = read_numbers(&cursor, value, &count);

    saved->have_freq = false;
    saved->freq_s_per_s = saved->freq_sd_s_per_s = 0;
    if (result != DRIFT_OK) {
        return result;
    }
    /* So that NaN (0 / 0 of an absurd length) is out of range too. */
    if (!(fabs(value[0]) <= FREQ_MAX_PPM)) {
        return DRIFT_FREQ_RANGE;
    }
    if (count == 2 && !(value[1] >= 0)) {
        return DRIFT_SKEW_RANGE;
    }
    if (value[1] > SKEW_MAX_PPM) {
        return DRIFT_UNSURE;
    }
    saved->have_freq = true;
    saved->freq_s_per_s = (count == 2 ? -value[0] : value[0]) * PPM;
    saved->freq_sd_s_per_s = value[1] * PPM * SD_OF_SKEW;
    return DRIFT_OK;
}

const char *drift_sentence(enum drift_result result)
{
    static const char *const sentences[] = {
#define X(name, sentence) sentence,
        DRIFT_RESULT_LIST(X)
#undef X
    };

    must(result < DRIFT_RESULT_COUNT);
    return sentences[result];
}

size_t drift_format(const struct node_saved *saved, char text[static DRIFT_TEXT_SIZE])
{
    struct text line = text_begin(text, DRIFT_TEXT_SIZE);
    double freq_ppm = fmin(fmax(0 - saved->freq_s_per_s / PPM, -FREQ_MAX_PPM), FREQ_MAX_PPM);

    must(saved->have_freq);
    text_fixed(&line, freq_ppm, 6);
    text_align_right(&line, 0, 20);
    text_char(&line, ' ');
    size_t column = line.length;
    text_fixed(&line, fmin(saved->freq_sd_s_per_s / PPM / SD_OF_SKEW, 1e6), 6);
    text_align_right(&line, column, 20);
    text_char(&line, '\n');
    must(!line.overrun);
    return line.length;
}
