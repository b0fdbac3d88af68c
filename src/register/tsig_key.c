/* SPDX-License-Identifier: BSD-2-Clause */
#include "register/tsig_key.h"

#include <string.h>

enum { TOKEN_SIZE = 300, SECRET_OCTETS_MIN = 16 };

struct scanner {
    const char *at;
    unsigned line;
    char token[TOKEN_SIZE]; /* "" at the end, or when it does not fit */
    bool quoted;
};

/* Blanks and the three kinds of comments. */
static void skip(struct scanner *s)
{
    for (;;) {
        size_t comment =
            s->at[0] == '#' || (s->at[0] == '/' && s->at[1] == '/') ? strcspn(s->at, "\n") : 0;

        if (s->at[0] == '/' && s->at[1] == '*') {
            const char *end = strstr(s->at + 2, "*/");

            comment = end == NULL ? strlen(s->at) : (size_t)(end + 2 - s->at);
        }
        if (comment == 0 && (*s->at == '\0' || strchr(" \t\r\n", *s->at) == NULL)) {
            return;
        }
        for (size_t i = 0; i < (comment > 0 ? comment : 1); i++, s->at++) {
            s->line += *s->at == '\n';
        }
    }
}

static void next(struct scanner *s)
{
    size_t length;

    skip(s);
    s->quoted = *s->at == '"';
    if (s->quoted) {
        s->at++;
        length = strcspn(s->at, "\"\n");
    } else {
        length = strchr("{};", *s->at) != NULL ? *s->at != '\0' : strcspn(s->at, " \t\r\n{};\"");
    }
    bool fits = length < sizeof s->token;
    if (fits) {
        memcpy(s->token, s->at, length);
    }
    s->token[fits ? length : 0] = '\0';
    s->at += length;
    s->at += s->quoted && *s->at == '"';
}

static bool is(const struct scanner *s, const char *word)
{
    return !s->quoted && strcmp(s->token, word) == 0;
}

/* Is it base64 of at least 128 bits? */
static bool is_secret(const char *text)
{
    size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+/");
    size_t padding = strspn(text + letters, "=");

    return text[letters + padding] == '\0' && padding <= 2 && (letters + padding) % 4 == 0 &&
           letters * 3 / 4 >= SECRET_OCTETS_MIN;
}

static bool take_algorithm(struct tsig_key *key, const char *word)
{
    static const char *const known[] = {"hmac-sha256", "hmac-sha384", "hmac-sha512"};
    struct text text = text_begin(key->algorithm, sizeof key->algorithm);

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(word, known[i]) == 0) {
            text_add(&text, word);
            text_char(&text, '.');
            return true;
        }
    }
    return false;
}

static bool take_secret(struct tsig_key *key, const char *word)
{
    struct text text = text_begin(key->secret, sizeof key->secret);

    text_add(&text, word);
    return is_secret(word) && !text.overrun;
}

/* What is wrong with a clause and its value; NULL: nothing. */
static const char *take_clause(struct tsig_key *key, struct scanner *s)
{
    if (is(s, "algorithm")) {
        next(s);
        return take_algorithm(key, s->token)
                   ? NULL
                   : "expected `algorithm` hmac-sha256, hmac-sha384 or hmac-sha512";
    }
    if (is(s, "secret")) {
        next(s);
        return take_secret(key, s->token)
                   ? NULL
                   : "expected `secret` and at least 128 bits in base64, between quotes";
    }
    return "expected `algorithm` or `secret`";
}

static const char *take_clauses(struct tsig_key *key, struct scanner *s)
{
    for (next(s); !is(s, "}"); next(s)) {
        const char *problem = take_clause(key, s);

        if (problem != NULL) {
            return problem;
        }
        next(s);
        if (!is(s, ";")) {
            return "expected `;`";
        }
    }
    return key->secret[0] == '\0'      ? "the key has no `secret`"
           : key->algorithm[0] == '\0' ? "the key has no `algorithm`"
                                       : NULL;
}

static const char *take_key(struct tsig_key *key, struct scanner *s)
{
    next(s);
    if (!is(s, "key")) {
        return "expected `key \"NAME\" { ... };` as tsig-keygen writes it";
    }
    next(s);
    if (!record_name(key->name, s->token)) {
        return "expected the name of the key";
    }
    next(s);
    return is(s, "{") ? take_clauses(key, s) : "expected `{`";
}

bool tsig_key_read(struct tsig_key *key, const char *file, const char *text, struct text *problem)
{
    struct scanner s = {.at = text, .line = 1};
    const char *wrong;

    *key = (struct tsig_key){.name = ""};
    wrong = take_key(key, &s);
    if (wrong == NULL) {
        return true;
    }
    text_add(problem, file);
    text_char(problem, ':');
    text_u64(problem, s.line);
    text_add(problem, ": ");
    text_add(problem, wrong);
    return false;
}
