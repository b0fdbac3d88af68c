/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/mistakes.h"
#include "config/parser.h"

#include <string.h>

#include "base/must.h"
#include "config/number.h"
#include "config/value.h"

enum { PREFIX_SIZE = 256 };

/* "10", "10.1", "10.1.2": chrony's short form of 10.0.0.0/8 and so on. */
static bool parse_short(const char *word, struct access_rule *rule)
{
    uint8_t octets = 0;

    rule->prefix = (struct address){.family = ADDRESS_IPV4};
    while (octets < 3) {
        unsigned value = 0;
        size_t digits = strspn(word, "0123456789");

        if (digits == 0 || digits > 3) {
            return false;
        }
        for (size_t i = 0; i < digits; i++) {
            value = value * 10 + (unsigned)(word[i] - '0');
        }
        if (value > 255) {
            return false;
        }
        rule->prefix.bytes[octets++] = (uint8_t)value;
        word += digits;
        if (*word == '\0') {
            rule->bits = (uint8_t)(octets * 8);
            return true;
        }
        if (*word++ != '.') {
            return false;
        }
    }
    return false;
}

/* Prefix, address or short form; with a slash nothing else is possible. */
static bool parse_prefix(struct parser *parser, const char *word, struct access_rule *rule,
                         bool *is_prefix)
{
    const char *slash = strchr(word, '/');
    size_t length = slash ? (size_t)(slash - word) : strlen(word);
    char prefix[PREFIX_SIZE];
    int64_t bits = -1;

    if (length >= sizeof prefix) {
        return parser_error(parser, "\"", word, "\" is too long for a prefix or a name", NULL);
    }
    memcpy(prefix, word, length);
    prefix[length] = '\0';
    bool full = address_parse(&rule->prefix, prefix);
    unsigned most = full && rule->prefix.family == ADDRESS_IPV6 ? 128 : 32;
    if (full) {
        rule->bits = (uint8_t)most;
    }
    *is_prefix = full || parse_short(prefix, rule);
    if (!slash) {
        return true;
    }
    if (!*is_prefix || !number_whole(slash + 1, 10, &bits) || bits < 0 || bits > (int64_t)most) {
        return !mistake_in_prefix(parser, word) &&
               parser_error(parser, "\"", word,
                            "\" is no prefix; expected an address, a slash and the number of bits "
                            "(IPv4: 0 to 32, IPv6: 0 to 128)",
                            NULL);
    }
    rule->bits = (uint8_t)bits;
    return true;
}

static bool looks_like_name(const char *word)
{
    /* A name has a letter; digits and dots alone, or a colon, are an address that went wrong. */
    return !strchr(word, ':') && strspn(word, "0123456789.") < strlen(word) &&
           !word_equal(word, "all");
}

bool parser_rule_target(struct parser *parser, const char *word, struct config_rule *rule)
{
    bool is_prefix = true;

    if (!parse_prefix(parser, word, &rule->rule, &is_prefix)) {
        return false;
    }
    if (!is_prefix && !looks_like_name(word)) {
        return parser_error(parser, "\"", word,
                            "\" is neither a prefix nor a name; expected for example "
                            "10.0.0.0/8, fd00::/8 or a host's name",
                            NULL);
    }
    if (!is_prefix) {
        rule->rule.prefix = (struct address){0};
        rule->name = parser_keep(parser, word);
        return rule->name;
    }
    if (address_clear_host_bits(&rule->rule.prefix, rule->rule.bits)) {
        parser_note(parser, "the bits of \"", word, "\" behind its prefix are ignored", NULL);
    }
    return true;
}

bool parser_add_rule(struct parser *parser, const struct config_rule *rule)
{
    struct config_space *space = parser->config->space;

    if (space->rule_count == CONFIG_ACCESS_MAX) {
        return parser_error(parser, "too many access rules; expected at most 131072", NULL);
    }
    space->rules[space->rule_count++] = *rule;
    return true;
}

/* What may stand behind the prefix of `allow`; the words of enum access_flag. */
static const struct {
    const char *word;
    uint8_t flag;
} flag_words[] = {
    {"limited", ACCESS_LIMITED},
    {"kod", ACCESS_KOD},
    {"authenticated", ACCESS_AUTHENTICATED},
    {"version4", ACCESS_THIS_VERSION},
};

static uint8_t flag_of(const char *word)
{
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++) {
        if (word_equal(word, flag_words[i].word)) {
            return flag_words[i].flag;
        }
    }
    return 0;
}

void rule_print_flags(struct text *text, uint8_t flags)
{
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++) {
        if (flags & flag_words[i].flag) {
            text_char(text, ' ');
            text_add(text, flag_words[i].word);
        }
    }
}

/* The words behind the prefix, of which the first is at `at`. */
static bool parse_flags(struct parser *parser, unsigned at, struct access_rule *rule)
{
    const struct words *words = &parser->words;

    for (; at < words->count; at++) {
        uint8_t flag = flag_of(words->at[at]);

        if (flag == 0) {
            return value_unknown(parser, SCOPE_NONE, words->at[at]);
        }
        if (strcmp(words->at[0], "allow") != 0) {
            return parser_error(parser, "\"", words->at[at], "\" can't stand behind ", words->at[0],
                                "; expected it behind allow", NULL);
        }
        rule->flags |= flag;
    }
    return true;
}

bool parser_rule(struct parser *parser, bool allow, struct config_rule *rules, size_t *count)
{
    const struct words *words = &parser->words;
    struct config_rule rule = {.rule = {.allow = allow}};
    unsigned at = 1;

    if (at < words->count && word_equal(words->at[at], "all")) {
        rule.rule.all = true;
        at++;
    }
    if (*count == CONFIG_ACCESS_MAX) {
        return parser_error(parser, "too many access rules; expected at most 131072", NULL);
    }
    if (at < words->count && flag_of(words->at[at]) == 0 &&
        !parser_rule_target(parser, words->at[at++], &rule)) {
        return false;
    }
    if (!parse_flags(parser, at, &rule.rule)) {
        return false;
    }
    rules[(*count)++] = rule;
    return true;
}

bool config_access_line(const char *line, struct access_rule *rule, struct config_report *report)
{
    struct config scratch = {0};
    struct parser parser = {.config = &scratch, .report = report, .file = "rule"};
    struct config_rule rules[1];
    size_t count = 0;

    if (words_split(&parser.words, line, strlen(line)) != WORDS_OK) {
        return parser_error(&parser, "no rule; expected for example \"allow 192.0.2.0/24\"", NULL);
    }
    const char *word = parser.words.at[0];
    unsigned last = parser.words.count - 1;
    while (last > 0 && flag_of(parser.words.at[last]) != 0) {
        last--;
    }
    const char *target = parser.words.at[last];
    bool allow = word_equal(word, "allow") || word_equal(word, "cmdallow");
    parser.directive = option_find(SCOPE_DIRECTIVE, word);
    /* Names are settled at a reload: here nobody would look them up again. */
    if (last > 0 && looks_like_name(target) && !strchr(target, '/')) {
        return parser_error(&parser, "\"", target,
                            "\" is a name; expected a prefix or an address, for example "
                            "10.0.0.0/8 (a name goes into the configuration)",
                            NULL);
    }
    if (!parser_rule(&parser, allow, rules, &count)) {
        return false;
    }
    *rule = rules[0].rule;
    return true;
}

size_t config_access_names(const struct config *config)
{
    size_t names = 0;

    for (size_t i = 0; i < config->space->rule_count; i++) {
        names += config->space->rules[i].name != NULL;
    }
    return names;
}

/*
 * Appends the rule once for each address of its name, and takes them from `*room`.  False: the name
 * has no address, or more than there is room for.
 */
static bool add_named(struct config *config, const struct config_input *input,
                      const struct config_rule *rule, size_t *room)
{
    struct address addresses[CONFIG_NAME_ADDRESSES_MAX];
    size_t found = 0;

    if (input->lookup) {
        found = input->lookup(input->context, rule->name, addresses, CONFIG_NAME_ADDRESSES_MAX);
        must(found <= CONFIG_NAME_ADDRESSES_MAX);
    }
    if (found == 0 || found > *room) {
        return false;
    }
    *room -= found;
    for (size_t i = 0; i < found; i++) {
        struct access_rule *access = &config->space->access[config->node.access_count++];

        *access = rule->rule;
        access->prefix = addresses[i];
        access->prefix.port = 0;
        access->bits = addresses[i].family == ADDRESS_IPV6 ? 128 : 32;
    }
    return true;
}

size_t config_resolve_access(struct config *config, const struct config_input *input)
{
    struct config_space *space = config->space;
    size_t missing = 0;
    size_t room = CONFIG_RESOLVED_MAX - CONFIG_ACCESS_MAX; /* what is written as a prefix fits */

    config->node.access_count = 0;
    for (size_t i = 0; i < space->rule_count; i++) {
        if (space->rules[i].name) {
            missing += !add_named(config, input, &space->rules[i], &room);
        } else {
            space->access[config->node.access_count++] = space->rules[i].rule;
        }
    }
    return missing;
}
