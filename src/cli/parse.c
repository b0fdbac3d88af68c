/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The number at the start of a text; *rest is behind it.  No hexadecimal, "inf" or "nan". */
static bool leading_number(const char *text, double *value, const char **rest)
{
    char *end;
    double number;

    if (*text == '\0' || strchr("+-.0123456789", *text) == NULL) {
        return false;
    }
    errno = 0;
    number = strtod(text, &end);
    if (end == text || errno != 0 || !isfinite(number) || strpbrk(text, "xX") != NULL) {
        return false;
    }
    *value = number;
    *rest = end;
    return true;
}

bool parse_seconds(const char *text, struct duration *value)
{
    bool negative = *text == '-';
    int64_t ns = 0;
    int decimals = -1; /* no point yet */

    text += *text == '-' || *text == '+';
    if (*text < '0' || *text > '9') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
        } else if (*text < '0' || *text > '9' || decimals == 9 || ns > INT64_MAX / 10 - 1) {
            return false;
        } else {
            ns = ns * 10 + (*text - '0');
            decimals += decimals >= 0;
        }
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 9; i++) {
        if (ns > INT64_MAX / 10 - 1) {
            return false;
        }
        ns *= 10;
    }
    value->ns = negative ? -ns : ns;
    return true;
}

struct length_unit {
    const char *name;
    double s;
};

bool parse_length(const char *text, double *s)
{
    static const struct length_unit units[] = {
        {"", 1},      {"s", 1},    {"ms", 1e-3}, {"us", 1e-6},
        {"ns", 1e-9}, {"min", 60}, {"h", 3600},  {"d", 86400},
    };
    const char *rest;
    double number;

    if (!leading_number(text, &number, &rest)) {
        return false;
    }
    rest += *rest == ' ';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(rest, units[i].name) == 0) {
            *s = number * units[i].s;
            return true;
        }
    }
    return false;
}

bool parse_count(const char *text, long least, long most, long *value)
{
    char *end;
    long number;

    if (*text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < least || number > most) {
        return false;
    }
    *value = number;
    return true;
}

bool parse_host_port(const char *text, char *host, size_t size, long *port)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';

    /* Two colons without brackets are an address of IPv6. */
    if (length == 0 || (!brackets && (text[0] == '[' || memchr(text, ':', length) != NULL)) ||
        length - 2 * brackets >= size || !parse_count(colon + 1, 1, 65535, port)) {
        return false;
    }
    memcpy(host, text + brackets, length - 2 * brackets);
    host[length - 2 * brackets] = '\0';
    return true;
}
