/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option.h"

#include <string.h>

#include "config/option_tables.h"
#include "config/words.h"

enum { SUGGEST_LENGTH_MAX = 24, TABLES_MAX = 6 };

static char to_small_letter(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

/* The tables of a scope, one behind the other; returns how many. */
static size_t tables_of(enum option_scope scope, struct option_table parts[static TABLES_MAX])
{
    if (scope == SCOPE_DIRECTIVE) {
        parts[0] = option_sources();
        parts[1] = option_clock();
        parts[2] = option_server();
        parts[3] = option_system();
        parts[4] = option_authentication();
        return 5;
    }
    parts[0] = scope == SCOPE_SOURCE ? option_source_keywords() : (struct option_table){0};
    parts[1] = option_hardware_keywords(scope);
    parts[2] = option_keywords(scope);
    parts[3] = scope == SCOPE_NTP ? option_ntp() : (struct option_table){0};
    parts[4] = option_ntp_keywords(scope);
    parts[5] = option_others(scope);
    return 6;
}

const struct option *option_at(enum option_scope scope, size_t index)
{
    struct option_table parts[TABLES_MAX];
    const size_t count = tables_of(scope, parts);

    for (size_t i = 0; i < count; i++) {
        if (index < parts[i].count) {
            return &parts[i].at[index];
        }
        index -= parts[i].count;
    }
    return NULL;
}

size_t option_count(enum option_scope scope)
{
    struct option_table parts[TABLES_MAX];
    const size_t tables = tables_of(scope, parts);
    size_t count = 0;

    for (size_t i = 0; i < tables; i++) {
        count += parts[i].count;
    }
    return count;
}

const struct option *option_find(enum option_scope scope, const char *name)
{
    struct option_table parts[TABLES_MAX];
    const size_t tables = tables_of(scope, parts);
    const char first = to_small_letter(name[0]);

    for (size_t i = 0; i < tables; i++) {
        for (size_t j = 0; j < parts[i].count; j++) {
            const struct option *option = &parts[i].at[j];

            if (to_small_letter(option->name[0]) == first && word_equal(option->name, name)) {
                return option;
            }
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

/* A word in small letters, and which letters are in it. */
struct spelling {
    char small[SUGGEST_LENGTH_MAX + 1];
    size_t length;
    uint32_t letters; /* a bit each, by their last five bits */
};

/* False: it is too long to be compared. */
static bool spell(struct spelling *spelling, const char *word)
{
    spelling->letters = 0;
    for (spelling->length = 0; word[spelling->length] != '\0'; spelling->length++) {
        const char letter = to_small_letter(word[spelling->length]);

        if (spelling->length == SUGGEST_LENGTH_MAX) {
            return false;
        }
        spelling->small[spelling->length] = letter;
        spelling->letters |= UINT32_C(1) << ((unsigned char)letter & 31);
    }
    spelling->small[spelling->length] = '\0';
    return true;
}

/*
 * What distance() is at least: letters that are too many have to be removed, and each that the
 * other word does not have, removed or changed.  Cheap, and enough to tell most words apart: a file
 * that is no configuration is full of words that resemble none.
 */
static unsigned least_distance(const struct spelling *a, const struct spelling *b)
{
    size_t longer = a->length > b->length ? a->length - b->length : b->length - a->length;
    int foreign = __builtin_popcount(a->letters & ~b->letters);
    int missing = __builtin_popcount(b->letters & ~a->letters);
    unsigned most = (unsigned)(foreign > missing ? foreign : missing);

    return longer > most ? (unsigned)longer : most;
}

const char *option_suggest(enum option_scope scope, const char *name)
{
    struct option_table parts[TABLES_MAX];
    const size_t tables = tables_of(scope, parts);
    struct spelling wanted, other;
    const char *found = NULL;

    if (!spell(&wanted, name)) {
        return NULL;
    }
    unsigned best = (unsigned)(wanted.length + 2) / 3; /* one letter in three may be wrong */
    for (size_t i = 0; i < tables; i++) {
        for (size_t j = 0; j < parts[i].count; j++) {
            if (!spell(&other, parts[i].at[j].name) ||
                least_distance(&wanted, &other) >= best + !found) {
                continue;
            }
            unsigned wrong = distance(wanted.small, other.small);

            if (wrong < best + !found) {
                best = wrong;
                found = parts[i].at[j].name;
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
