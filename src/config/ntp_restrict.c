/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp_restrict.c - `restrict` of ntp.conf as access rules. */
#include <string.h>

#include "config/dialects.h"
#include "config/option_tables.h"
#include "config/value.h"

/* One in four is told, as often as there is time for. */
enum { KOD_SHARE = 2 };

/* A line while it is read. */
struct restriction {
    struct config_rule rule;
    uint8_t family;
    bool has_target, is_default, is_source;
    uint32_t flags; /* enum restrict_flag */
};

int mask_bits(const struct address *mask)
{
    unsigned size = mask->family == ADDRESS_IPV6 ? 16 : 4;
    int bits = 0;
    bool ended = false;

    for (unsigned i = 0; i < size * 8; i++) {
        bool one = (mask->bytes[i / 8] >> (7 - i % 8)) & 1;

        if (one && ended) {
            return -1;
        }
        ended = !one;
        bits += one;
    }
    return bits;
}

static bool parse_mask(struct parser *parser, struct restriction *line)
{
    const char *word =
        parser->words_at < parser->words.count ? parser->words.at[parser->words_at++] : NULL;
    struct access_rule *rule = &line->rule.rule;
    struct address mask;
    int bits;

    if (!word || !line->has_target || line->rule.name || line->is_default ||
        !address_parse(&mask, word) || mask.family != rule->prefix.family) {
        return parser_error(parser,
                            "mask lacks its address or its own value; expected for example "
                            "\"restrict 10.0.0.0 mask 255.0.0.0 noquery\"",
                            NULL);
    }
    bits = mask_bits(&mask);
    if (bits < 0) {
        return parser_error(parser, "\"", word,
                            "\" is no mask of a prefix; expected one like 255.255.255.0, whose "
                            "ones are all in front",
                            NULL);
    }
    rule->bits = (uint8_t)bits;
    for (unsigned i = 0; i < sizeof rule->prefix.bytes; i++) {
        rule->prefix.bytes[i] &= mask.bytes[i];
    }
    return true;
}

static bool parse_target(struct parser *parser, struct restriction *line, const char *word)
{
    line->has_target = true;
    if (strcmp(word, "default") == 0) {
        line->is_default = true;
        return true;
    }
    if (strcmp(word, "source") == 0) {
        line->is_source = true;
        return true;
    }
    return parser_rule_target(parser, word, &line->rule);
}

static bool parse_family(struct parser *parser, struct restriction *line, const char *word)
{
    line->family = word[1] == '4' ? ADDRESS_IPV4 : ADDRESS_IPV6;
    if (line->has_target) {
        parser_warning(parser, "\"", word, "\" stands behind the address; write instead ",
                       parser->directive->name, " ", word, " ",
                       line->is_default ? "default" : "ADDRESS", " FLAG...", NULL);
    }
    return true;
}

static bool no_target(struct parser *parser)
{
    return parser_error(parser, parser->directive->name,
                        " lacks whom it is about; expected for example \"restrict default "
                        "noquery\" or \"restrict 10.0.0.0 mask 255.0.0.0\"",
                        NULL);
}

static bool parse_word(struct parser *parser, struct restriction *line)
{
    const char *word = parser->words.at[parser->words_at++];

    if (strcmp(word, "-4") == 0 || strcmp(word, "-6") == 0) {
        return parse_family(parser, line, word);
    }
    if (strcmp(word, "mask") == 0) {
        return parse_mask(parser, line);
    }
    const struct option *flag = option_find(SCOPE_NTP_RESTRICT, word);
    if (!line->has_target && !flag) {
        return parse_target(parser, line, word);
    }
    if (!line->has_target) {
        return no_target(parser);
    }
    if (!flag) {
        return value_unknown(parser, SCOPE_NTP_RESTRICT, word);
    }
    line->flags |= flag->value;
    return value_parse(parser, flag, parser->config) && parser_verdict(parser, flag);
}

static bool parse_line(struct parser *parser, struct restriction *line)
{
    while (parser->words_at < parser->words.count) {
        if (!parse_word(parser, line)) {
            return false;
        }
    }
    if (!line->has_target) {
        return no_target(parser);
    }
    const struct address *prefix = &line->rule.rule.prefix;
    if (line->family != ADDRESS_NONE && prefix->family != ADDRESS_NONE &&
        prefix->family != line->family) {
        return parser_error(parser, "the address is not of the family that ",
                            line->family == ADDRESS_IPV4 ? "-4" : "-6", " asks for", NULL);
    }
    return true;
}

static bool same_target(const struct config_rule *a, const struct config_rule *b)
{
    if (a->name || b->name) {
        return a->name && b->name && strcmp(a->name, b->name) == 0;
    }
    return a->rule.bits == b->rule.bits && address_equal(&a->rule.prefix, &b->rule.prefix);
}

/* Several lines about one prefix add up.  False: there was none. */
static bool add_up(struct config_rule *rules, size_t count, const struct config_rule *rule)
{
    for (size_t i = 0; i < count; i++) {
        struct config_rule *old = &rules[i];

        if (same_target(old, rule)) {
            old->rule.allow = old->rule.allow && rule->rule.allow;
            old->rule.flags |= rule->rule.flags;
            return true;
        }
    }
    return false;
}

static bool put(struct parser *parser, const struct config_rule *rule)
{
    struct config_space *space = parser->config->space;

    return add_up(space->rules, space->rule_count, rule) || parser_add_rule(parser, rule);
}

/* Who may ask for the state: where a line does not forbid it, but nobody by the default alone. */
static bool put_query(struct parser *parser, const struct restriction *line)
{
    struct config_space *space = parser->config->space;
    struct config_rule rule = line->rule;

    rule.rule.allow = !(line->flags & (RESTRICT_NO_QUERY | RESTRICT_IGNORE));
    rule.rule.flags = 0;
    if (line->is_default || line->is_source || rule.name ||
        add_up(space->command_rules, space->command_rule_count, &rule)) {
        return true;
    }
    if (space->command_rule_count == CONFIG_ACCESS_MAX) {
        return parser_error(parser, "too many access rules; expected at most 131072", NULL);
    }
    space->command_rules[space->command_rule_count++] = rule;
    return true;
}

/* The limits hold for whom a line says so. */
static void put_limits(struct parser *parser, uint8_t flags)
{
    struct limit_options *limit = &parser->config->node.limit;

    if (flags & ACCESS_LIMITED) {
        limit->enabled = true;
        limit->listed = true;
    }
    if (flags & ACCESS_KOD) {
        limit->kod = KOD_SHARE;
    }
}

/* The rule of one family's, or of both families', default. */
static bool put_default(struct parser *parser, const struct restriction *line)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t family = i ? ADDRESS_IPV6 : ADDRESS_IPV4;
        struct config_rule rule = line->rule;

        if (line->family != ADDRESS_NONE && line->family != family) {
            continue;
        }
        rule.rule.prefix.family = family;
        parser->ntp.have_default[i] = true;
        if (!put(parser, &rule)) {
            return false;
        }
    }
    return true;
}

bool ntp_restrict(struct parser *parser)
{
    struct restriction line = {.rule = {.name = NULL}};

    if (!parse_line(parser, &line)) {
        return false;
    }
    line.rule.rule.allow = !(line.flags & RESTRICT_DENY);
    line.rule.rule.flags = (uint8_t)(line.flags / RESTRICT_FLAGS);
    put_limits(parser, line.rule.rule.flags);
    if (!put_query(parser, &line)) {
        return false;
    }
    if (line.is_source) {
        parser->ntp.source_flags = line.rule.rule.allow;
        return true;
    }
    return line.is_default ? put_default(parser, &line) : put(parser, &line.rule);
}

static size_t without(struct config_rule *rules, size_t count, const struct config_rule *rule)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (!same_target(&rules[i], rule)) {
            rules[kept++] = rules[i];
        }
    }
    return kept;
}

static void forget(struct parser *parser, const struct config_rule *rule)
{
    struct config_space *space = parser->config->space;

    space->rule_count = without(space->rules, space->rule_count, rule);
    space->command_rule_count = without(space->command_rules, space->command_rule_count, rule);
}

bool ntp_unrestrict(struct parser *parser)
{
    struct restriction line = {.rule = {.name = NULL}};

    if (!parse_line(parser, &line)) {
        return false;
    }
    if (line.flags) {
        return parser_error(parser,
                            "unrestrict takes no flags here; write the restrict line of the "
                            "prefix without them",
                            NULL);
    }
    for (unsigned i = 0; i < 2 && line.is_default; i++) {
        line.rule.rule.prefix.family = i ? ADDRESS_IPV6 : ADDRESS_IPV4;
        parser->ntp.have_default[i] = false;
        forget(parser, &line.rule);
    }
    forget(parser, &line.rule);
    return true;
}

/* Sources may ask when `restrict source` lets them, though others may not. */
static bool put_sources(struct parser *parser)
{
    const struct config *config = parser->config;

    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->space->sources[i];
        struct config_rule rule = {.rule = {.allow = true}};

        if (!parser_rule_target(parser, source->name, &rule)) {
            return false;
        }
        if (!put(parser, &rule)) {
            return false;
        }
    }
    return true;
}

static bool default_denied(const struct config_space *space)
{
    for (size_t i = 0; i < space->rule_count; i++) {
        const struct config_rule *rule = &space->rules[i];

        if (!rule->name && rule->rule.bits == 0 && !rule->rule.allow) {
            return true;
        }
    }
    return false;
}

/* This machine always may ask; when nobody else may, there is nothing to say. */
static void settle_queries(struct config_space *space)
{
    for (size_t i = 0; i < space->command_rule_count; i++) {
        const struct access_rule *rule = &space->command_rules[i].rule;

        if (rule->allow && !address_is_loopback(&rule->prefix)) {
            return;
        }
    }
    space->command_rule_count = 0;
}

bool ntp_restrict_finish(struct parser *parser)
{
    bool good = true;

    settle_queries(parser->config->space);
    if (!parser->config->node.limit.enabled) {
        parser->config->node.limit = parser->standard.node.limit; /* `discard` is about nobody */
    }

    if (!parser->ntp.have_default[0] && !parser->ntp.have_default[1]) {
        struct config_rule everybody = {.rule = {.allow = true}};

        return parser_add_rule(parser, &everybody);
    }
    for (unsigned i = 0; i < 2 && good; i++) {
        struct config_rule family = {.rule = {.allow = true}};

        family.rule.prefix.family = i ? ADDRESS_IPV6 : ADDRESS_IPV4;
        good = parser->ntp.have_default[i] || parser_add_rule(parser, &family);
    }
    if (good && parser->ntp.source_flags && default_denied(parser->config->space)) {
        good = put_sources(parser);
    }
    return good;
}
