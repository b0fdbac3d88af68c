/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/print.h"

#include <string.h>

#include "config/parser.h"
#include "config/value.h"

/* Keywords and their arguments, where the fields differ from `standard`. */
static void print_keywords(struct text *text, enum option_scope scope, const void *base,
                           const void *standard)
{
    size_t count = option_count(scope);

    for (size_t i = 0; i < count; i++) {
        const struct option *option = option_at(scope, i);

        /* Of words that share a field, as ipv4 and ipv6, the one is written whose value it has. */
        if (value_equal(option, base, standard) ||
            (option->field != NO_FIELD &&
             *((const uint8_t *)base + option->field) != option->value)) {
            continue;
        }
        text_char(text, ' ');
        text_add(text, option->name);
        value_print(text, option, base);
    }
}

void config_print_source(struct text *text, const struct config *config,
                         const struct source_options *source)
{
    struct source_options standard;

    source_options_default(&standard);
    standard.min_samples = config->min_samples;
    standard.max_samples = config->max_samples;
    text_add(text, source->kind == SOURCE_POOL    ? "pool "
                   : source->kind == SOURCE_FOUND ? "source "
                                                  : "server ");
    if (source->kind == SOURCE_FOUND && source->method <= RESOLVE_SRV) {
        text_add(text, source_method(source));
        text_char(text, ' ');
    }
    text_add(text, source->name);
    print_keywords(text, SCOPE_SOURCE, source, &standard);
}

void config_print_rule(struct text *text, const struct config_rule *rule, bool command)
{
    char prefix[ADDRESS_TEXT_SIZE];

    text_add(text, command ? "cmd" : "");
    text_add(text, rule->rule.allow ? "allow" : "deny");
    text_add(text, rule->rule.all ? " all" : "");
    if (rule->name) {
        text_char(text, ' ');
        text_add(text, rule->name);
    } else if (rule->rule.prefix.family != ADDRESS_NONE) {
        address_print(&rule->rule.prefix, prefix);
        text_char(text, ' ');
        text_add(text, prefix);
        text_char(text, '/');
        text_u64(text, rule->rule.bits);
    }
    rule_print_flags(text, rule->rule.flags);
}

/* Defaults, but for the field whose default depends on another. */
static void standard_for(const struct config *config, struct config *standard)
{
    config_init(standard, NULL);
    standard->node.local.wait_unsynced_s = config->node.local.orphan ? 300 : 0;
}

static bool has_field(const struct option *option)
{
    return option->flag != NO_FIELD || option->argument[0].offset != NO_FIELD;
}

bool config_is_written(const struct option *option, const struct config *config)
{
    size_t count = option_count(option->scope);
    struct config standard;

    if (!has_field(option)) {
        return false;
    }
    standard_for(config, &standard);
    for (size_t i = 0; i < count; i++) {
        if (!value_equal(option_at(option->scope, i), config, &standard)) {
            return true;
        }
    }
    return !value_equal(option, config, &standard);
}

/* The addresses, and the path, of a directive that binds sockets. */
struct binding_texts {
    char at[3][CONFIG_LINE_SIZE];
    unsigned count;
};

static bool binding_texts(const struct option *option, const struct config *config,
                          struct binding_texts *texts)
{
    const struct option_argument *argument = &option->argument[0];
    const void *field = (const char *)config + argument->offset;
    const struct address *both = field;
    struct text text;

    texts->count = 0;
    if (argument->type != TYPE_ADDRESS && argument->type != TYPE_BINDING) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (both[i].family != ADDRESS_NONE) {
            address_print(&both[i], texts->at[texts->count++]);
        }
    }
    if (argument->type == TYPE_BINDING && ((const struct config_binding *)field)->path) {
        text = text_begin(texts->at[texts->count++], CONFIG_LINE_SIZE);
        text_add(&text, ((const struct config_binding *)field)->path);
    }
    return true;
}

void config_print_directive(struct text *text, const struct option *option,
                            const struct config *config)
{
    struct binding_texts texts;
    struct config standard;

    text_add(text, option->name);
    if (binding_texts(option, config, &texts)) {
        for (unsigned i = 0; i < texts.count; i++) {
            text_char(text, ' ');
            text_add(text, texts.at[i]);
        }
        return;
    }
    standard_for(config, &standard);
    value_print(text, option, config);
    print_keywords(text, option->scope, config, &standard);
}

/* Another name of what an earlier directive says, which has been printed. */
static bool is_alias(size_t index)
{
    const struct option *option = option_at(SCOPE_DIRECTIVE, index);

    for (size_t i = 0; i < index && option->argument[0].type == TYPE_STRING; i++) {
        const struct option_argument *earlier = &option_at(SCOPE_DIRECTIVE, i)->argument[0];

        if (earlier->type == TYPE_STRING && earlier->offset != NO_FIELD &&
            earlier->offset == option->argument[0].offset) {
            return true;
        }
    }
    return false;
}

static void print_fields(const struct config *config, config_line_function *line, void *context)
{
    size_t count = option_count(SCOPE_DIRECTIVE);
    char written[CONFIG_LINE_SIZE];
    struct binding_texts texts;

    for (size_t i = 0; i < count; i++) {
        const struct option *option = option_at(SCOPE_DIRECTIVE, i);
        struct text text = text_begin(written, sizeof written);

        if (!config_is_written(option, config) || is_alias(i)) {
            continue;
        }
        if (!binding_texts(option, config, &texts)) {
            config_print_directive(&text, option, config);
            line(context, written);
        }
        for (unsigned j = 0; j < texts.count; j++) {
            text = text_begin(written, sizeof written);
            text_add(&text, option->name);
            text_char(&text, ' ');
            text_add(&text, texts.at[j]);
            line(context, written);
        }
    }
}

void config_print_nts(const struct config *config, config_line_function *line, void *context)
{
    const struct daemon_options *daemon = &config->daemon;
    const char *const *const files[] = {daemon->nts_certs, daemon->nts_keys};
    const size_t counts[] = {daemon->nts_cert_count, daemon->nts_key_count};
    static const char *const names[] = {"ntsservercert ", "ntsserverkey "};

    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < counts[kind]; i++) {
            char written[CONFIG_LINE_SIZE];
            struct text text = text_begin(written, sizeof written);

            text_add(&text, names[kind]);
            text_add(&text, files[kind][i]);
            line(context, written);
        }
    }
    if (config->node.nts_aead_count > 0) {
        char written[CONFIG_LINE_SIZE];
        struct text text = text_begin(written, sizeof written);

        text_add(&text, "ntsaeads");
        for (unsigned i = 0; i < config->node.nts_aead_count; i++) {
            text_char(&text, ' ');
            text_u64(&text, config->node.nts_aeads[i]);
        }
        line(context, written);
    }
}

void config_print(const struct config *config, config_line_function *line, void *context)
{
    const struct config_space *space = config->space;
    char written[CONFIG_LINE_SIZE];
    struct text text;

    for (size_t i = 0; i < config->node.source_count; i++) {
        if (!space->origins[i].sourcedir) {
            text = text_begin(written, sizeof written);
            config_print_source(&text, config, &config->node.sources[i]);
            line(context, written);
        }
    }
    for (size_t i = 0; i < config->daemon.trusted_cert_count; i++) {
        text = text_begin(written, sizeof written);
        text_add(&text, "ntstrustedcerts ");
        text_add(&text, config->daemon.trusted_certs[i]);
        line(context, written);
    }
    config_print_nts(config, line, context);
    for (size_t i = 0; i < config->node.constraint_count; i++) {
        line(context, space->constraint_lines[i]);
    }
    for (size_t i = 0; i < config->daemon.source_dir_count; i++) {
        text = text_begin(written, sizeof written);
        text_add(&text, "sourcedir ");
        text_add(&text, config->daemon.source_dirs[i]);
        line(context, written);
    }
    print_fields(config, line, context);
    for (size_t i = 0; i < space->rule_count; i++) {
        text = text_begin(written, sizeof written);
        config_print_rule(&text, &space->rules[i], false);
        line(context, written);
    }
    for (size_t i = 0; i < space->command_rule_count; i++) {
        text = text_begin(written, sizeof written);
        config_print_rule(&text, &space->command_rules[i], true);
        line(context, written);
    }
}
