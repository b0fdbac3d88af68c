/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * number.h - decimal text to numbers and back, correctly rounded and whatever the locale.
 *
 * The C library's way depends on the locale, and a configuration has to come out of `--print` as it
 * went in.
 */
#ifndef CONFIG_NUMBER_H
#define CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* A whole number, in decimal or, with `base` 16, hexadecimal digits.  False: it is none. */
bool number_whole(const char *word, unsigned base, int64_t *value);

/*
 * A decimal number times 10^exponent (-6 to 6), rounded once, to nearest.  At most 18 digits that
 * count, and a magnitude of 1e-30 to 1e30, or 0.  False: it is none of these.
 */
bool number_decimal(const char *word, int exponent, double *value);

/*
 * The shortest decimal text of value / 10^exponent that number_decimal() with the same exponent
 * reads as `value`.  For what number_decimal() has returned.
 */
void number_print(struct text *text, double value, int exponent);

#endif
