/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.h - text put together in the caller's memory: bounded, always ended by a zero, the same
 * on every machine and in every locale.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

/* Cursor over a buffer being filled.  What no longer fits is cut off and sets `overrun`. */
struct text {
    char *start;
    size_t length; /* without the final zero */
    size_t size;
    bool overrun;
};

/* Borrows `size` > 0 octets, and makes them an empty text. */
struct text text_begin(char *buffer, size_t size);

void text_char(struct text *text, char c);
void text_add(struct text *text, const char *string);
/* At most `length` octets of `string`. */
void text_add_n(struct text *text, const char *string, size_t length);
void text_u64(struct text *text, uint64_t value);
void text_i64(struct text *text, int64_t value);
/* With zeros in front, so that there are at least `width` digits. */
void text_padded(struct text *text, uint64_t value, unsigned width);
/* `digits` lower-case hexadecimal digits. */
void text_hex(struct text *text, uint64_t value, unsigned digits);
/* Rounded to `decimals` (0 to 9) places.  "nan", "inf"; beyond 9e18 units of the last place "huge".
 */
void text_fixed(struct text *text, double value, unsigned decimals);
/* Spaces until `column` octets after `from` (a former text->length); at least one space. */
void text_to_column(struct text *text, size_t from, size_t column);
/* As text_to_column(), but moves what was written since `from` to the right end of the column. */
void text_align_right(struct text *text, size_t from, size_t column);

/*
 * A length of time for people, two or three digits: "85 ns", "4.2 us", "312 us", "1.3 s",
 * "2 min 5 s", "2 h 5 min", "3 d 4 h".
 */
void text_duration(struct text *text, double s);
/* The same with its sign, always: "+4.2 ms". */
void text_offset(struct text *text, double s);
/* A frequency (s/s): "12.345 ppm", "-0.002 ppm". */
void text_ppm(struct text *text, double s_per_s);

/* "2026-11-22T15:23:49Z"; with `decimals` (0 to 9) digits of the second. */
void text_time(struct text *text, struct utc_time t, unsigned decimals);

#endif
