/* SPDX-License-Identifier: BSD-2-Clause */
/* mistakes.c - lines that people write often and that are wrong: what to write instead. */
#include "config/mistakes.h"

#include <string.h>

#include "base/address.h"

enum { LINE_SHOWN_MAX = 180 };

/* "server a.example:123": how the port is said in this dialect. */
static bool tell_port(struct parser *parser, const char *word, const char *colon)
{
    char name[LINE_SHOWN_MAX];
    struct text text = text_begin(name, sizeof name);

    text_add_n(&text, word, (size_t)(colon - word));
    if (parser->dialect == DIALECT_CHRONY || parser->dialect == DIALECT_UNKNOWN) {
        return parser_error(parser, "\"", word,
                            "\" has a port, which is written as an option; write instead \"",
                            parser->directive->name, " ", name, " port ", colon + 1, "\"", NULL);
    }
    return parser_error(parser, "\"", word, "\" has a port, and ", dialect_name(parser->dialect),
                        "'s servers are asked on port 123; write instead \"", name,
                        "\", or noon's own form, which has an option `port`", NULL);
}

bool mistake_in_name(struct parser *parser, const char *word)
{
    struct address address;
    const char *slash = strchr(word, '/');
    const char *colon = strchr(word, ':');
    char host[LINE_SHOWN_MAX];
    struct text text = text_begin(host, sizeof host);

    if (word[0] == '#') {
        return !parser_error(parser, "a comment stands on a line of its own: write \"", word,
                             "\" and what is behind it on one", NULL);
    }
    if (strstr(word, "://")) {
        const char *begin = strstr(word, "://") + 3;

        text_add_n(&text, begin, strcspn(begin, "/:"));
        return !parser_error(parser, "\"", word, "\" is a URL; write the name or address alone: \"",
                             host, "\"", NULL);
    }
    if (strchr(word, ',')) {
        text_add_n(&text, word, strcspn(word, ","));
        return !parser_error(parser, "\"", word,
                             "\" has a comma; write each source on a line of its own, as \"",
                             parser->directive->name, " ", host, "\"", NULL);
    }
    text_add_n(&text, word, slash ? (size_t)(slash - word) : 0);
    if (slash && address_parse(&address, host)) {
        return !parser_error(parser, "\"", word,
                             "\" is a network; expected the name or address of one server", NULL);
    }
    if (colon && colon > word && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
        return !tell_port(parser, word, colon);
    }
    return false;
}

/* The name of a dialect whose sources have that option; NULL: none. */
static const char *dialect_with(const char *word)
{
    return option_find(SCOPE_SOURCE, word)            ? "chrony"
           : option_find(SCOPE_NTP_SOURCE, word)      ? "ntp"
           : option_find(SCOPE_OPENNTPD_SERVER, word) ? "openntpd"
                                                      : NULL;
}

bool mistake_in_source(struct parser *parser, enum option_scope scope, const char *word)
{
    const char *name = parser->words.count > 1 ? parser->words.at[1] : "";
    const char *directive = parser->directive->name;
    struct address address;

    if (scope != SCOPE_SOURCE && scope != SCOPE_NTP_SOURCE && scope != SCOPE_OPENNTPD_SERVER) {
        return false;
    }
    if (option_find(scope, name)) {
        return !parser_error(parser, "\"", name,
                             "\" stands where the name is expected; write "
                             "instead \"",
                             directive, " ", word, " ", name, "\"", NULL);
    }
    if (strchr(word, ',')) {
        return !parser_error(parser, "\"", word, "\" has a comma; options are separated by spaces",
                             NULL);
    }
    if (dialect_with(word)) {
        return !parser_error(parser, "\"", word, "\" is an option of the dialect ",
                             dialect_with(word), ", and this file is read as ",
                             dialect_name(parser->dialect),
                             "; leave it out, or name the dialect with --dialect", NULL);
    }
    if (address_parse(&address, word) || strchr(word, '.')) {
        return !parser_error(parser, "\"", word,
                             "\" is a second name; write it on a line of its own: \"", directive,
                             " ", word, "\"", NULL);
    }
    return false;
}

bool mistake_in_rule(struct parser *parser, const char *word)
{
    const struct words *words = &parser->words;
    struct address mask, prefix;
    bool rule = strstr(parser->directive->name, "allow") || strstr(parser->directive->name, "deny");
    bool restricts = strcmp(parser->directive->name, "restrict") == 0;

    if (rule && words->count > 2 &&
        (word_equal(words->at[1], "from") || word_equal(words->at[1], "to"))) {
        return !parser_error(parser, "\"", words->at[1],
                             "\" is one word too many; write instead \"", words->at[0], " ",
                             words->at[2], "\"", NULL);
    }
    if ((!rule && !restricts) || words->count < 3 || !address_parse(&mask, word) ||
        !address_parse(&prefix, words->at[1]) || mask_bits(&mask) < 0) {
        return false;
    }
    char bits[8];
    struct text text = text_begin(bits, sizeof bits);
    text_i64(&text, mask_bits(&mask));
    if (restricts) {
        return !parser_error(parser, "\"", word,
                             "\" lacks the word mask; write instead \"restrict ", words->at[1],
                             " mask ", word, " FLAG...\"", NULL);
    }
    return !parser_error(parser, "\"", word, "\" is a mask; write instead \"", words->at[0], " ",
                         words->at[1], "/", bits, "\"", NULL);
}

bool mistake_in_prefix(struct parser *parser, const char *word)
{
    const char *slash = strchr(word, '/');
    struct address mask, prefix;
    char front[LINE_SHOWN_MAX], bits[8];
    struct text text = text_begin(front, sizeof front);

    if (!slash || !address_parse(&mask, slash + 1) || mask_bits(&mask) < 0) {
        return false;
    }
    text_add_n(&text, word, (size_t)(slash - word));
    if (!address_parse(&prefix, front)) {
        return false;
    }
    text = text_begin(bits, sizeof bits);
    text_i64(&text, mask_bits(&mask));
    return !parser_error(parser, "\"", word, "\" has a mask behind the slash; write instead \"",
                         front, "/", bits, "\"", NULL);
}

bool mistake_obsolete(struct parser *parser, enum option_scope scope, const char *word)
{
    static const struct obsolete {
        enum option_scope scope;
        const char *name, *why;
    } rows[] = {
        {SCOPE_DIRECTIVE, "commandkey", "chronyc is known by its Unix socket; remove the line"},
        {SCOPE_DIRECTIVE, "generatecommandkey",
         "chronyc is known by its Unix socket; remove the line"},
        {SCOPE_DIRECTIVE, "linux_hz",
         "the kernel's clock has no such tick any more; remove the line"},
        {SCOPE_DIRECTIVE, "linux_freq_scale",
         "the kernel's clock has no such scale any more; remove the line"},
        {SCOPE_NTP, "authenticate",
         "who is not written as a source is never followed; remove the line"},
        {SCOPE_NTP, "authdelay", "what a MAC takes is measured; remove the line"},
        {SCOPE_NTP, "precision", "the precision of the clock is measured; remove the line"},
        {SCOPE_NTP, "dynamic", "addresses that change are always noticed; remove the line"},
        {SCOPE_NTP, "clientperiod",
         "intervals are `minpoll` and `maxpoll` of a source; remove the "
         "line"},
        {SCOPE_NTP, "clientlimit", "write `restrict default limited` and `discard average`"},
        {SCOPE_NTP, "maxskew", "write `tinker panic SECONDS`"},
        {SCOPE_NTP, "resolver", "names are looked up by noon-helper; remove the line"},
        {SCOPE_NTP, "pps", "write the clock as `refclock` in noon's own form (noon.conf(5))"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].scope == scope && word_equal(rows[i].name, word)) {
            parser_warning(parser, "\"", rows[i].name,
                           "\" is obsolete and does nothing: ", rows[i].why, NULL);
            return true;
        }
    }
    return false;
}
