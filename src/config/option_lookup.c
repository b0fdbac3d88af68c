/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option.h"

#include <string.h>

#include "config/option_tables.h"
#include "config/words.h"

enum { SUGGEST_LENGTH_MAX = 24 };

/* A row of the parts put one behind the other; NULL: behind the last. */
static const struct option *of_parts(const struct option_table *parts, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (index < parts[i].count) {
            return &parts[i].at[index];
        }
        index -= parts[i].count;
    }
    return NULL;
}

const struct option *option_at(enum option_scope scope, size_t index)
{
    if (scope == SCOPE_DIRECTIVE) {
        const struct option_table parts[] = {option_sources(), option_clock(), option_server(),
                                             option_system(), option_authentication()};

        return of_parts(parts, sizeof parts / sizeof parts[0], index);
    }
    const struct option_table parts[] = {
        scope == SCOPE_SOURCE ? option_source_keywords() : (struct option_table){0},
        option_hardware_keywords(scope),
        option_keywords(scope),
        scope == SCOPE_NTP ? option_ntp() : (struct option_table){0},
        option_ntp_keywords(scope),
        option_others(scope)};

    return of_parts(parts, sizeof parts / sizeof parts[0], index);
}

size_t option_count(enum option_scope scope)
{
    size_t count = 0;

    while (option_at(scope, count)) {
        count++;
    }
    return count;
}

const struct option *option_find(enum option_scope scope, const char *name)
{
    const struct option *option;

    for (size_t i = 0; (option = option_at(scope, i)); i++) {
        if (word_equal(option->name, name)) {
            return option;
        }
    }
    return NULL;
}

/*
 * How many letters have to be added, removed, changed, or swapped with their neighbour to make one
 * word of the other (optimal string alignment).  Both are in small letters.
 */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[3][SUGGEST_LENGTH_MAX + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);

    for (unsigned j = 0; j <= b_length; j++) {
        row[0][j] = j;
    }
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned *now = row[i % 3];
        const unsigned *before = row[(i - 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            bool same = a[i - 1] == b[j - 1];
            unsigned best = before[j - 1] + !same;

            best = before[j] + 1 < best ? before[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                unsigned swapped = row[(i - 2) % 3][j - 2] + 1;
                best = swapped < best ? swapped : best;
            }
            now[j] = best;
        }
    }
    return row[a_length % 3][b_length];
}

static void to_small(char to[static SUGGEST_LENGTH_MAX + 1], const char *name)
{
    size_t i = 0;

    for (; name[i]; i++) {
        to[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    to[i] = '\0';
}

const char *option_suggest(enum option_scope scope, const char *name)
{
    size_t count = option_count(scope);
    size_t length = strlen(name);
    unsigned best = (unsigned)(length + 2) / 3; /* one letter in three may be wrong */
    char small[SUGGEST_LENGTH_MAX + 1];
    char other_small[SUGGEST_LENGTH_MAX + 1];
    const char *found = NULL;

    if (length > SUGGEST_LENGTH_MAX) {
        return NULL;
    }
    to_small(small, name);
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(option_at(scope, i)->name);
        size_t longer = other > length ? other - length : length - other;

        /* Letters that are too many have to be removed at least. */
        if (other <= SUGGEST_LENGTH_MAX && longer < best + !found) {
            to_small(other_small, option_at(scope, i)->name);
            unsigned wrong = distance(small, other_small);

            if (wrong < best + !found) {
                best = wrong;
                found = option_at(scope, i)->name;
            }
        }
    }
    return found;
}

unsigned option_argument_count(const struct option *option)
{
    unsigned count = 0;

    while (count < OPTION_ARGUMENTS_MAX && option->argument[count].type != TYPE_NONE) {
        count++;
    }
    return count;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_WORKS] = "works",
        [VERDICT_NOTHING_HERE] = "means nothing here",
        [VERDICT_NOT_YET] = "not yet",
        [VERDICT_REFUSED] = "refused",
    };

    return names[verdict];
}
