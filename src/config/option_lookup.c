/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option.h"

#include <string.h>

#include "config/option_tables.h"
#include "config/words.h"

enum { SUGGEST_LENGTH_MAX = 24 };

struct option_table option_table(enum option_scope scope)
{
    return scope == SCOPE_DIRECTIVE ? option_directives() : option_keywords(scope);
}

const struct option *option_find(enum option_scope scope, const char *name)
{
    struct option_table table = option_table(scope);

    for (size_t i = 0; i < table.count; i++) {
        if (word_equal(table.at[i].name, name)) {
            return &table.at[i];
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

const char *option_suggest(enum option_scope scope, const char *name)
{
    struct option_table table = option_table(scope);
    size_t length = strlen(name);
    unsigned best = (unsigned)(length + 2) / 3; /* one letter in three may be wrong */
    char small[SUGGEST_LENGTH_MAX + 1];
    const char *found = NULL;

    if (length > SUGGEST_LENGTH_MAX) {
        return NULL;
    }
    for (size_t i = 0; i <= length; i++) {
        small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    for (size_t i = 0; i < table.count; i++) {
        size_t other = strlen(table.at[i].name);
        size_t longer = other > length ? other - length : length - other;

        /* Letters that are too many have to be removed at least. */
        if (other <= SUGGEST_LENGTH_MAX && longer < best + !found) {
            unsigned wrong = distance(small, table.at[i].name);

            if (wrong < best + !found) {
                best = wrong;
                found = table.at[i].name;
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
