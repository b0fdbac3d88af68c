/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/number.h"

#include <stdio.h>
#include <string.h>

enum { LIMBS = 12, NUMBER_SIZE = 64, DIGITS_MAX = 18, MAGNITUDE_MAX = 30 };

/* An unsigned whole number, least significant limb first; 384 bits are enough, see ratio(). */
struct big {
    uint32_t limb[LIMBS];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int digit_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

bool number_whole(const char *word, unsigned base, int64_t *value)
{
    bool negative = *word == '-';
    int64_t sum = 0;

    if (*word == '-' || *word == '+') {
        word++;
    }
    if (!*word) {
        return false;
    }
    for (; *word; word++) {
        int digit = digit_value(*word);

        if (digit >= (int)base || sum > INT64_MAX / 32) {
            return false;
        }
        sum = sum * (int64_t)base + digit;
    }
    *value = negative ? -sum : sum;
    return true;
}

static void big_multiply(struct big *big, uint32_t factor)
{
    uint64_t carry = 0;

    for (unsigned i = 0; i < LIMBS; i++) {
        carry += (uint64_t)big->limb[i] * factor;
        big->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static int big_compare(const struct big *a, const struct big *b)
{
    for (unsigned i = LIMBS; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

static void big_subtract(struct big *a, const struct big *b)
{
    int64_t carry = 0;

    for (unsigned i = 0; i < LIMBS; i++) {
        carry += (int64_t)a->limb[i] - b->limb[i];
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/*
 * numerator / denominator, rounded to nearest, ties to even.  Both are above zero and below 2^184,
 * and within a factor of 2^184 of each other: the doubling stays below 2^384.
 */
static double ratio(struct big numerator, struct big denominator)
{
    int exponent = 0;
    uint64_t quotient = 0;
    double value;

    while (big_compare(&numerator, &denominator) >= 0) {
        big_multiply(&denominator, 2);
        exponent++;
    }
    while (big_compare(&numerator, &denominator) < 0) {
        big_multiply(&numerator, 2);
        exponent--;
    }
    /* Now 1 <= numerator / denominator < 2: 53 bits of it, and one more for the rounding. */
    for (unsigned bit = 0; bit < 54; bit++) {
        quotient <<= 1;
        if (big_compare(&numerator, &denominator) >= 0) {
            big_subtract(&numerator, &denominator);
            quotient |= 1;
        }
        big_multiply(&numerator, 2);
    }
    bool exact = big_compare(&numerator, &(struct big){{0}}) == 0;
    bool half = quotient & 1;
    quotient >>= 1;
    if (half && (!exact || (quotient & 1))) {
        quotient++;
    }
    value = (double)quotient * 0x1p-52;
    for (; exponent > 0; exponent--) {
        value *= 2;
    }
    for (; exponent < 0; exponent++) {
        value *= 0.5;
    }
    return value;
}

/* digits * 10^exponent */
static double scaled(uint64_t digits, int64_t exponent)
{
    struct big numerator = {{(uint32_t)digits, (uint32_t)(digits >> 32)}};
    struct big denominator = {{1}};

    for (; exponent > 0; exponent--) {
        big_multiply(&numerator, 10);
    }
    for (; exponent < 0; exponent++) {
        big_multiply(&denominator, 10);
    }
    return ratio(numerator, denominator);
}

/* The digits of "digits[.digits]" as one number; `*point` grows by the exponent of ten. */
static const char *read_digits(const char *at, uint64_t *digits, int64_t *point, bool *any)
{
    bool fraction = false;

    for (;; at++) {
        if (*at == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!is_digit(*at)) {
            return at;
        }
        *any = true;
        *point -= fraction;
        if (*digits >= UINT64_C(1000000000000000000)) {
            *any = false; /* more digits than a double can tell apart: nobody means that */
            return at;
        }
        *digits = *digits * 10 + (uint64_t)(*at - '0');
    }
}

bool number_decimal(const char *word, int exponent, double *value)
{
    bool negative = *word == '-';
    uint64_t digits = 0;
    int64_t point = 0;
    int64_t written = 0;
    bool any = false;

    if (strlen(word) >= NUMBER_SIZE) {
        return false;
    }
    const char *end = read_digits(word + (*word == '-' || *word == '+'), &digits, &point, &any);
    if (!any) {
        return false;
    }
    if (*end && ((*end != 'e' && *end != 'E') || !number_whole(end + 1, 10, &written))) {
        return false;
    }
    if (written > 2 * NUMBER_SIZE || written < -2 * NUMBER_SIZE) {
        return false;
    }
    point += written + exponent;
    *value = 0;
    if (digits == 0) {
        return true;
    }
    int64_t magnitude = point;
    for (uint64_t left = digits; left >= 10; left /= 10) {
        magnitude++;
    }
    if (magnitude > MAGNITUDE_MAX || magnitude < -MAGNITUDE_MAX) {
        return false;
    }
    *value = negative ? -scaled(digits, point) : scaled(digits, point);
    return true;
}

/* `count` digits that stand for 0.DIGITS * 10^point, without an exponent where that is short. */
static void print_digits(struct text *text, const char *digits, int count, int point)
{
    if (point > 0 && point <= 15) {
        for (int i = 0; i < count || i < point; i++) {
            if (i == point) {
                text_char(text, '.');
            }
            text_char(text, i < count ? digits[i] : '0');
        }
    } else if (point <= 0 && point > -6) {
        text_add(text, "0.");
        for (int i = point; i < 0; i++) {
            text_char(text, '0');
        }
        text_add_n(text, digits, (size_t)count);
    } else {
        text_char(text, digits[0]);
        if (count > 1) {
            text_char(text, '.');
            text_add_n(text, digits + 1, (size_t)(count - 1));
        }
        text_char(text, 'e');
        text_i64(text, point - 1);
    }
}

void number_print(struct text *text, double value, int exponent)
{
    char scientific[NUMBER_SIZE];
    char digits[NUMBER_SIZE];
    double again = 0;
    int count = 0;
    int64_t power = 0;

    if (value == 0) {
        text_char(text, '0');
        return;
    }
    /* 17 significant digits name every double; fewer are nicer. */
    for (int decimals = 0; decimals < 17; decimals++) {
        (void)snprintf(scientific, sizeof scientific, "%.*e", decimals, value);
        if (number_decimal(scientific, 0, &again) && again == value) {
            break;
        }
    }
    const char *e = strchr(scientific, 'e');
    for (const char *c = scientific; c < e; c++) {
        if (is_digit(*c)) {
            digits[count++] = *c;
        }
    }
    (void)number_whole(e + 1, 10, &power);
    if (value < 0) {
        text_char(text, '-');
    }
    print_digits(text, digits, count, (int)power + 1 - exponent);
}
