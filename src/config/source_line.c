/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/parser.h"

#include <string.h>

#include "base/must.h"
#include "config/mistakes.h"
#include "config/value.h"

enum { NTP_PORT = 123 };

/* Letters that a name, or an address that could not be read, may have. */
static bool is_name(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.";

    return strspn(word, letters) == strlen(word) && word[0] != '-' && word[0] != '.';
}

/* Digits and dots only: an address that went wrong rather than a name. */
static bool is_numeric(const char *word)
{
    return strspn(word, "0123456789.") == strlen(word);
}

static bool parse_name(struct parser *parser, struct source_options *source)
{
    const char *word;
    uint16_t port = source->literal.port;

    if (parser->words_at >= parser->words.count) {
        return parser_error(
            parser, parser->directive->name, " lacks a name; expected for example \"",
            strcmp(parser->directive->name, "pool") == 0 ? "pool pool.ntp.org iburst"
                                                         : "server 192.0.2.1 iburst",
            "\"", NULL);
    }
    word = parser->words.at[parser->words_at++];
    if (strlen(word) >= sizeof source->name) {
        return parser_error(parser, "the name \"", word,
                            "\" is too long; expected at most 255 characters", NULL);
    }
    if (address_parse(&source->literal, word)) {
        source->literal.port = port;
    } else if (mistake_in_name(parser, word)) {
        return false;
    } else if (strchr(word, ':') || is_numeric(word)) {
        return parser_error(parser, "\"", word, "\" is neither an address nor a name; expected ",
                            strchr(word, '%') ? "the interface of a link-local address as a number"
                            : strchr(word, ':')
                                ? "an IPv6 address; a port is written as an option: "
                                  "port 1123"
                                : "an IPv4 address of four numbers",
                            NULL);
    } else if (!is_name(word)) {
        return parser_error(parser, "\"", word,
                            "\" is no name; expected letters, digits, dots and hyphens", NULL);
    } else {
        source->literal = (struct address){.port = port};
    }
    memset(source->name, 0, sizeof source->name);
    memcpy(source->name, word, strlen(word));
    return true;
}

/* Words of enum resolve_method in the configuration. */
static const char *const methods[RESOLVE_METHOD_COUNT] = {
    [RESOLVE_ADDRESSES] = "dns", [RESOLVE_SRV] = "srv",   [RESOLVE_DHCP] = "dhcp",
    [RESOLVE_CLOUD] = "cloud",   [RESOLVE_AUTO] = "auto",
};

const char *source_method(const struct source_options *source)
{
    return methods[source->method];
}

/* How sources are to be found, and of which name. */
static bool parse_method(struct parser *parser, struct source_options *source)
{
    const char *word =
        parser->words_at < parser->words.count ? parser->words.at[parser->words_at] : "";
    uint8_t method = 0;

    while (method < RESOLVE_METHOD_COUNT && !word_equal(word, methods[method])) {
        method++;
    }
    if (method == RESOLVE_METHOD_COUNT) {
        return parser_error(parser, word[0] != '\0' ? "\"" : "source lacks how it is found", word,
                            word[0] != '\0' ? "\" is no way to find sources" : "",
                            "; expected auto, dhcp, cloud, dns NAME or srv NAME", NULL);
    }
    parser->words_at++;
    source->method = method;
    if (method > RESOLVE_SRV) {
        memcpy(source->name, methods[method], strlen(methods[method]) + 1);
        return true;
    }
    if (!parse_name(parser, source)) {
        return false;
    }
    if (source->literal.family != ADDRESS_NONE) {
        return parser_error(parser, "\"", source->name,
                            "\" is an address, of which nothing is to be found; write instead "
                            "\"server ",
                            source->name, "\"", NULL);
    }
    return true;
}

/* Options that would say something else than what is found. */
static bool check_found(struct parser *parser, const struct source_options *source)
{
    if (source->nts && source->method != RESOLVE_ADDRESSES) {
        return parser_error(parser,
                            "nts needs a name that its certificate is for, and here only "
                            "addresses are found; write instead \"server NAME nts\"",
                            NULL);
    }
    if (source->method == RESOLVE_SRV && source->literal.port != NTP_PORT) {
        return parser_error(parser, "port is what the SRV records say; leave it out", NULL);
    }
    return true;
}

/* What chrony makes of limits that cross: the lower one holds. */
static void settle(struct parser *parser, struct source_options *source)
{
    if (source->maxpoll < source->minpoll) {
        char poll[8];
        struct text text = text_begin(poll, sizeof poll);

        text_i64(&text, source->minpoll);
        parser_warning(parser, "maxpoll is below minpoll; ", poll,
                       " is used for both, write both as you mean them", NULL);
        source->maxpoll = source->minpoll;
    }
    if (source->kind == SOURCE_POOL && source->literal.family != ADDRESS_NONE) {
        parser_note(parser, "an address is one server, not a pool", NULL);
        source->kind = SOURCE_SERVER;
    }
}

bool parser_source_options(struct parser *parser, struct source_options *source)
{
    bool found = source->kind == SOURCE_FOUND;

    if (!(found ? parse_method(parser, source) : parse_name(parser, source)) ||
        !value_keywords(parser, parser->directive->scope, source) ||
        (found && !check_found(parser, source))) {
        return false;
    }
    settle(parser, source);
    if (source->family != ADDRESS_NONE && source->literal.family != ADDRESS_NONE &&
        source->family != source->literal.family) {
        return parser_error(parser, "the address ", source->name, " is not of the family that ",
                            source->family == ADDRESS_IPV4 ? "ipv4" : "ipv6", " asks for", NULL);
    }
    return true;
}

/* The line of an address, or of a way to find some, that is there already; 0: it is not.  Two names
 * may turn out different. */
static uint32_t line_of(const struct config *config, const struct source_options *source)
{
    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct address *literal = &config->space->sources[i].literal;

        if (source->literal.family != ADDRESS_NONE && literal->port == source->literal.port &&
            address_equal(literal, &source->literal)) {
            return config->space->origins[i].line;
        }
        if (source->method > RESOLVE_SRV && config->space->sources[i].method == source->method) {
            return config->space->origins[i].line;
        }
    }
    return 0;
}

bool parser_source(struct parser *parser, enum source_kind kind, uint8_t family)
{
    struct config *config = parser->config;
    struct source_options source;

    source_options_default(&source);
    source.kind = (uint8_t)kind;
    source.family = family;
    /* Negative: as the directive of that name says, which may come later. */
    source.min_samples = -1;
    source.max_samples = -1;
    if (!parser_source_options(parser, &source)) {
        return false;
    }
    uint32_t line = line_of(config, &source);
    if (line > 0) {
        char number[16];
        struct text text = text_begin(number, sizeof number);

        text_u64(&text, line);
        parser_warning(parser, source.name, " is a source already, by line ", number,
                       ": this line is left out", NULL);
        return true;
    }
    if (config->node.source_count == SOURCES_MAX) {
        return parser_error(parser, "too many sources; expected at most 1024", NULL);
    }
    size_t at = config->node.source_count++;
    config->space->sources[at] = source;
    config->space->origins[at] = (struct config_origin){
        .file = parser->file, .line = parser->line, .sourcedir = parser->sourcedir};
    return true;
}

bool config_source_line(const struct config *config, const char *line,
                        struct source_options *source, struct config_report *report)
{
    struct config scratch = *config;
    struct parser parser = {.config = &scratch, .report = report, .file = "source"};

    if (words_split(&parser.words, line, strlen(line)) != WORDS_OK) {
        return parser_error(&parser, "no source; expected for example \"server 192.0.2.1 iburst\"",
                            NULL);
    }
    bool pool = word_equal(parser.words.at[0], "pool");
    bool found = word_equal(parser.words.at[0], "source");
    bool server = word_equal(parser.words.at[0], "server");
    parser.directive = option_find(SCOPE_DIRECTIVE, pool ? "pool" : found ? "source" : "server");
    parser.words_at = pool || server || found;
    source_options_default(source);
    source->kind = pool ? SOURCE_POOL : found ? SOURCE_FOUND : SOURCE_SERVER;
    source->min_samples = config->min_samples;
    source->max_samples = config->max_samples;
    return parser_source_options(&parser, source);
}
