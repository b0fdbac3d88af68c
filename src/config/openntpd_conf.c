/* SPDX-License-Identifier: BSD-2-Clause */
/* openntpd_conf.c - ntpd.conf of OpenNTPD. */
#include <string.h>

#include "config/dialects.h"
#include "config/value.h"

enum { ALL_ADDRESSES = POOL_SOURCES_MAX };

static bool parse_server(struct parser *parser)
{
    return parser_source(parser, SOURCE_SERVER, ADDRESS_NONE);
}

static bool parse_servers(struct parser *parser)
{
    struct config *config = parser->config;
    size_t count = config->node.source_count;

    if (!parser_source(parser, SOURCE_POOL, ADDRESS_NONE)) {
        return false;
    }
    if (config->node.source_count > count) {
        config->space->sources[count].max_sources = ALL_ADDRESSES;
    }
    return true;
}

/* The second word is there for reading aloud; the third is the argument. */
static const char *argument_behind(struct parser *parser, const char *word, const char *example)
{
    const struct words *words = &parser->words;

    if (words->count < 3 || strcmp(words->at[1], word) != 0) {
        (void)parser_error(parser, parser->directive->name, " lacks \"", word,
                           "\" or what is behind it; expected for example \"", example, "\"", NULL);
        return NULL;
    }
    parser->words_at = 3;
    return words->at[2];
}

/* Everybody, or one family, is served. */
static bool serve(struct parser *parser, uint8_t family)
{
    const struct config_space *space = parser->config->space;
    struct config_rule rule = {.rule = {.allow = true}};

    rule.rule.prefix.family = family;
    for (size_t i = 0; i < space->rule_count; i++) {
        if (space->rules[i].rule.prefix.family == family) {
            return true;
        }
    }
    return parser_add_rule(parser, &rule);
}

static bool parse_listen(struct parser *parser)
{
    const char *word = argument_behind(parser, "on", "listen on 192.0.2.1");
    struct address *bind = parser->config->daemon.bind;
    struct address address;

    if (!word || !value_keywords(parser, SCOPE_OPENNTPD_LISTEN, parser->config)) {
        return false;
    }
    if (strcmp(word, "*") == 0) {
        bind[0] = bind[1] = (struct address){0};
        parser->listens_everywhere = true;
        return serve(parser, ADDRESS_NONE);
    }
    if (!address_parse(&address, word)) {
        return parser_error(parser, "\"", word,
                            "\" is no address; expected one of this machine, or * for all", NULL);
    }
    struct address *bound = &bind[address.family == ADDRESS_IPV6];
    if (parser->listens_everywhere || address_equal(bound, &address)) {
        return true;
    }
    if (bound->family != ADDRESS_NONE) {
        return parser_error(parser,
                            "noon serves on one address of each family, or on all; write one "
                            "\"listen on\" a family, or \"listen on *\"",
                            NULL);
    }
    *bound = address;
    return serve(parser, address.family);
}

static bool parse_query(struct parser *parser)
{
    const char *word = argument_behind(parser, "from", "query from 192.0.2.1");
    struct address address;

    if (!word) {
        return false;
    }
    if (parser->words.count > 3) {
        return value_unknown(parser, SCOPE_NONE, parser->words.at[3]);
    }
    if (!address_parse(&address, word)) {
        return parser_error(parser, "\"", word, "\" is no address; expected one of this machine",
                            NULL);
    }
    parser->config->daemon.bind_acquisition[address.family == ADDRESS_IPV6] = address;
    return true;
}

static bool parse_constraint(struct parser *parser)
{
    const char *word = argument_behind(parser, "from", "constraint from https://www.example.com/");

    parser->words_at = 2;
    return word && parser_constraint(parser, parser->directive->name[strlen("constraint")] == 's');
}

static bool parse_sensor(struct parser *parser)
{
    if (parser->words.count < 2) {
        return parser_error(parser, "sensor lacks its device; expected for example \"sensor *\"",
                            NULL);
    }
    /* All sensors of a machine are none, usually, and nobody misses them. */
    if (strcmp(parser->words.at[1], "*") == 0 && parser->words.count == 2) {
        parser_note(parser, "sensor *: the sensors of this machine are not looked for", NULL);
        return true;
    }
    parser->words_at = 2;
    parser_unread(parser);
    return value_keywords(parser, SCOPE_OPENNTPD_SENSOR, parser->config) &&
           parser_verdict(parser, parser->directive);
}

bool openntpd_directive(struct parser *parser)
{
    static const struct special special[] = {
        {"server", parse_server},          {"servers", parse_servers},
        {"listen", parse_listen},          {"query", parse_query},
        {"sensor", parse_sensor},          {"constraint", parse_constraint},
        {"constraints", parse_constraint},
    };

    return parser_special(parser, SCOPE_OPENNTPD, special, sizeof special / sizeof special[0]);
}
