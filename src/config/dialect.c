/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/dialect.h"

#include <stdint.h>
#include <string.h>

#include "config/option.h"
#include "config/words.h"

static const char *const names[DIALECT_COUNT] = {
    [DIALECT_UNKNOWN] = "auto",      [DIALECT_CHRONY] = "chrony",       [DIALECT_NTP] = "ntp",
    [DIALECT_OPENNTPD] = "openntpd", [DIALECT_TIMESYNCD] = "timesyncd",
};

const char *dialect_name(enum config_dialect dialect)
{
    return names[dialect];
}

enum config_dialect dialect_named(const char *name)
{
    for (unsigned i = DIALECT_CHRONY; i < DIALECT_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum config_dialect)i;
        }
    }
    return DIALECT_UNKNOWN;
}

/* How many lines of each dialect there are that no other dialect has. */
struct votes {
    unsigned of[DIALECT_COUNT];
};

/* The second word or an option tells OpenNTPD's lines apart; some words are its own. */
static bool is_openntpd(const struct words *words)
{
    static const char *const own[] = {"servers", "sensor"};
    static const char *const options[] = {"weight", "trusted", "rtable"};

    static const char *const with_from[] = {"constraint", "constraints"};

    for (size_t i = 0; i < 2 && words->count > 1 && word_equal(words->at[1], "from"); i++) {
        if (word_equal(words->at[0], with_from[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (word_equal(words->at[0], own[i])) {
            return true;
        }
    }
    if (words->count >= 3 && strcmp(words->at[1], "on") == 0 &&
        strcmp(words->at[0], "listen") == 0) {
        return true;
    }
    if (words->count >= 3 && strcmp(words->at[0], "query") == 0 &&
        strcmp(words->at[1], "from") == 0) {
        return true;
    }
    for (unsigned i = 2; i < words->count && strcmp(words->at[0], "server") == 0; i++) {
        for (size_t j = 0; j < sizeof options / sizeof options[0]; j++) {
            if (strcmp(words->at[i], options[j]) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_timesyncd(const struct words *words)
{
    const char *equals = strchr(words->at[0], '=');
    char key[32];
    size_t length = equals ? (size_t)(equals - words->at[0]) : strlen(words->at[0]);

    if (strcmp(words->at[0], "[Time]") == 0) {
        return true;
    }
    if ((!equals && (words->count < 2 || words->at[1][0] != '=')) || length >= sizeof key) {
        return false;
    }
    memcpy(key, words->at[0], length);
    key[length] = '\0';
    return option_find(SCOPE_TIMESYNCD, key) != NULL;
}

/* Options of `server` that one of the two has alone; a family flag in front is ntp.conf's. */
static void vote_by_options(const struct words *words, struct votes *votes)
{
    unsigned at = 2;

    if (words->count > 1 && words->at[1][0] == '-') {
        votes->of[DIALECT_NTP]++;
        return;
    }
    while (at < words->count) {
        const struct option *ntp = option_find(SCOPE_NTP_SOURCE, words->at[at]);
        const struct option *chrony = option_find(SCOPE_SOURCE, words->at[at]);

        votes->of[DIALECT_NTP] += ntp && !chrony;
        votes->of[DIALECT_CHRONY] += chrony && !ntp;
        at += 1 + (chrony ? option_argument_count(chrony) : ntp ? option_argument_count(ntp) : 0);
    }
}

static void vote(const struct words *words, struct votes *votes)
{
    const char *word = words->at[0];
    bool chrony = option_find(SCOPE_DIRECTIVE, word) != NULL;
    bool ntp = option_find(SCOPE_NTP, word) != NULL;

    if (is_timesyncd(words)) {
        votes->of[DIALECT_TIMESYNCD]++;
    } else if (is_openntpd(words)) {
        votes->of[DIALECT_OPENNTPD]++;
    } else if (word_equal(word, "server") || word_equal(word, "pool") || word_equal(word, "peer")) {
        vote_by_options(words, votes);
    } else if (chrony != ntp) {
        votes->of[chrony ? DIALECT_CHRONY : DIALECT_NTP]++;
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t behind = strlen(end);

    return length >= behind && strcmp(text + length - behind, end) == 0;
}

static enum config_dialect by_name(const char *file, enum config_dialect likely)
{
    if (ends_with(file, "timesyncd.conf")) {
        return DIALECT_TIMESYNCD;
    }
    if (ends_with(file, "ntpd.conf")) {
        return DIALECT_OPENNTPD;
    }
    if (ends_with(file, "ntp.conf") || ends_with(file, "ntpsec.conf")) {
        return DIALECT_NTP;
    }
    return likely != DIALECT_UNKNOWN ? likely : DIALECT_CHRONY;
}

enum config_dialect dialect_recognise(const char *file, const char *text, size_t size,
                                      enum config_dialect likely)
{
    enum config_dialect named = by_name(file, likely);
    enum config_dialect best = named;
    struct votes votes = {{0}};

    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        struct words words;

        if (words_split(&words, text, length) == WORDS_OK) {
            vote(&words, &votes);
        }
        length += end != NULL;
        text += length;
        size -= length;
    }
    for (unsigned i = DIALECT_CHRONY; i < DIALECT_COUNT; i++) {
        if (votes.of[i] > votes.of[best]) {
            best = (enum config_dialect)i;
        }
    }
    return best;
}
