/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <string.h>

#include "base/calendar.h"
#include "base/must.h"

static const uint64_t powers[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

struct text text_begin(char *buffer, size_t size)
{
    must(size > 0);
    buffer[0] = '\0';
    return (struct text){.start = buffer, .size = size};
}

void text_char(struct text *text, char c)
{
    text_add_n(text, &c, 1);
}

void text_add(struct text *text, const char *string)
{
    text_add_n(text, string, strlen(string));
}

void text_add_n(struct text *text, const char *string, size_t length)
{
    size_t left = text->size - 1 - text->length;

    if (length > left) {
        length = left;
        text->overrun = true;
    }
    memcpy(text->start + text->length, string, length);
    text->length += length;
    text->start[text->length] = '\0';
}

void text_padded(struct text *text, uint64_t value, unsigned width)
{
    char digits[20];
    unsigned at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (sizeof digits - at < width && at > 0) {
        digits[--at] = '0';
    }
    text_add_n(text, digits + at, sizeof digits - at);
}

void text_u64(struct text *text, uint64_t value)
{
    text_padded(text, value, 1);
}

void text_i64(struct text *text, int64_t value)
{
    if (value < 0) {
        text_char(text, '-');
    }
    text_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void text_hex(struct text *text, uint64_t value, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--) {
        text_char(text, i > 16 ? '0' : "0123456789abcdef"[value >> 4 * (i - 1) & 15]);
    }
}

void text_fixed(struct text *text, double value, unsigned decimals)
{
    double scaled;
    uint64_t units;

    must(decimals <= 9);
    if (value != value) {
        text_add(text, "nan");
        return;
    }
    scaled = (value < 0 ? -value : value) * (double)powers[decimals] + 0.5;
    units = scaled < 9e18 ? (uint64_t)scaled : 0;
    if (value < 0 && !(scaled < 1)) {
        text_char(text, '-');
    }
    if (scaled >= 9e18) {
        text_add(text, scaled > 1e300 ? "inf" : "huge");
        return;
    }
    text_u64(text, units / powers[decimals]);
    if (decimals > 0) {
        text_char(text, '.');
        text_padded(text, units % powers[decimals], decimals);
    }
}

void text_to_column(struct text *text, size_t from, size_t column)
{
    do {
        text_char(text, ' ');
    } while (text->length - from < column && !text->overrun);
}

void text_align_right(struct text *text, size_t from, size_t column)
{
    size_t length = text->length - from;
    size_t end;

    if (length >= column) {
        return;
    }
    end = text->length;
    while (text->length - from < column && !text->overrun) {
        text_char(text, ' ');
    }
    if (!text->overrun) {
        memmove(text->start + from + column - length, text->start + from, length);
        memset(text->start + from, ' ', text->length - end);
    }
}

/* Whole units of `unit_s`, with one decimal below ten; false when it rounds up to `limit`. */
static bool small_duration(struct text *text, double s, double per_s, unsigned limit)
{
    double tenths = s * per_s * 10 + 0.5;

    if (tenths < 100) {
        text_fixed(text, s * per_s, 1);
        return true;
    }
    if (s * per_s + 0.5 < limit) {
        text_fixed(text, s * per_s, 0);
        return true;
    }
    return false;
}

static void two_units(struct text *text, uint64_t value, uint64_t per, const char *const names[2])
{
    text_u64(text, value / per);
    text_char(text, ' ');
    text_add(text, names[0]);
    if (value % per > 0) {
        text_char(text, ' ');
        text_u64(text, value % per);
        text_char(text, ' ');
        text_add(text, names[1]);
    }
}

/* A minute and more. */
static void long_duration(struct text *text, double s)
{
    static const char *const minutes[2] = {"min", "s"};
    static const char *const hours[2] = {"h", "min"};
    static const char *const days[2] = {"d", "h"};

    if (s + 0.5 < 3600) {
        two_units(text, (uint64_t)(s + 0.5), 60, minutes);
    } else if (s + 30 < 86400) {
        two_units(text, (uint64_t)((s + 30) / 60), 60, hours);
    } else if (s < 86400e9) {
        two_units(text, (uint64_t)((s + 1800) / 3600), 24, days);
    } else {
        text_add(text, "forever");
    }
}

void text_duration(struct text *text, double s)
{
    double size = s < 0 ? -s : s;

    if (s != s) {
        text_add(text, "unknown");
        return;
    }
    if (s < 0 && size >= 0.5e-9) {
        text_char(text, '-');
    }
    if (size * 1e9 + 0.5 < 1000) {
        text_fixed(text, size * 1e9, 0);
        text_add(text, " ns");
    } else if (small_duration(text, size, 1e6, 1000)) {
        text_add(text, " us");
    } else if (small_duration(text, size, 1e3, 1000)) {
        text_add(text, " ms");
    } else if (small_duration(text, size, 1, 60)) {
        text_add(text, " s");
    } else {
        long_duration(text, size);
    }
}

void text_offset(struct text *text, double s)
{
    if (s >= 0 || s > -0.5e-9) {
        text_char(text, '+');
    }
    text_duration(text, s);
}

void text_ppm(struct text *text, double s_per_s)
{
    text_fixed(text, s_per_s * 1e6, 3);
    text_add(text, " ppm");
}

void text_time(struct text *text, struct utc_time t, unsigned decimals)
{
    struct civil civil = civil_from_utc(t);

    must(decimals <= 9);
    text_padded(text, (uint64_t)civil.year, 4);
    text_char(text, '-');
    text_padded(text, (uint64_t)civil.month, 2);
    text_char(text, '-');
    text_padded(text, (uint64_t)civil.day, 2);
    text_char(text, 'T');
    text_padded(text, (uint64_t)civil.hour, 2);
    text_char(text, ':');
    text_padded(text, (uint64_t)civil.minute, 2);
    text_char(text, ':');
    text_padded(text, (uint64_t)civil.second, 2);
    if (decimals > 0) {
        text_char(text, '.');
        text_padded(text, (uint64_t)civil.ns / powers[9 - decimals], decimals);
    }
    text_char(text, 'Z');
}
