/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/files.h"
#include "config/parser.h"

/* Sources that say nothing of their own take the directives' numbers, wherever these stand. */
static void settle_samples(struct config *config)
{
    for (size_t i = 0; i < config->node.source_count; i++) {
        struct source_options *source = &config->space->sources[i];

        if (source->min_samples < 0) {
            source->min_samples = config->min_samples;
        }
        if (source->max_samples < 0) {
            source->max_samples = config->max_samples;
        }
    }
}

static bool any_allowed(const struct config *config)
{
    for (size_t i = 0; i < config->space->rule_count; i++) {
        if (config->space->rules[i].rule.allow) {
            return true;
        }
    }
    return false;
}

/* How many sources there can be at most; a pool or a sourcedir may bring any number. */
static size_t most_sources(const struct config *config)
{
    size_t most = 0;

    if (config->daemon.source_dir_count > 0) {
        return SOURCES_MAX;
    }
    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->space->sources[i];

        if (!source->noselect) {
            most += source->kind == SOURCE_SERVER ? 1 : source->max_sources;
        }
    }
    return most;
}

static void check_sources(struct parser *parser)
{
    const struct config *config = parser->config;
    size_t most = most_sources(config);

    if (parser->unread_sources > 0 && config->node.source_count == 0 &&
        config->daemon.source_dir_count == 0) {
        parser->file = parser->unread_file;
        parser->line = parser->unread_line;
        (void)parser_error(parser,
                           "the only sources are of a kind that noon can't use yet: the clock "
                           "would follow nothing; write instead \"server NAME iburst\"",
                           NULL);
    } else if (most == 0 && !config->node.local.enabled && parser->report->errors == 0) {
        parser_warning(parser,
                       "there is no source: the clock is not corrected; write \"server "
                       "NAME iburst\" to follow one",
                       NULL);
    } else if (most > 0 && most < (size_t)config->node.min_sources) {
        parser_warning(parser,
                       "minsources asks for more sources than there are: the clock will "
                       "never be corrected",
                       NULL);
    }
}

static void resolve_names(struct parser *parser)
{
    struct config *config = parser->config;
    size_t missing = config_resolve_access(config, parser->input);
    const struct config_space *space = config->space;

    if (missing == 0) {
        return;
    }
    for (size_t i = 0; i < space->rule_count; i++) {
        const struct config_rule *rule = &space->rules[i];
        struct address addresses[CONFIG_NAME_ADDRESSES_MAX];

        if (!rule->name) {
            continue;
        }
        if (!parser->input->lookup) {
            parser_note(parser, rule->rule.allow ? "allow " : "deny ", rule->name,
                        " holds once the name is looked up", NULL);
        } else if (parser->input->lookup(parser->input->context, rule->name, addresses,
                                         CONFIG_NAME_ADDRESSES_MAX) > 0) {
            continue;
        } else if (rule->rule.allow) {
            parser_warning(parser, "allow ", rule->name,
                           ": the name has no address, and nobody is "
                           "allowed by it; write instead a prefix",
                           NULL);
        } else {
            (void)parser_error(parser, "deny ", rule->name,
                               ": the name has no address, so that it can't be kept out; write "
                               "instead a prefix",
                               NULL);
        }
    }
}

/* Errors: half a pair would leave clients that ask for authenticated time without it. */
static void check_nts(struct parser *parser)
{
    const struct daemon_options *daemon = &parser->config->daemon;

    if (daemon->nts_cert_count != daemon->nts_key_count) {
        (void)parser_error(parser,
                           "each ntsservercert needs an ntsserverkey, and the other way round; "
                           "expected as many lines of one as of the other",
                           NULL);
    } else if (daemon->nts_cert_count > 0 && !any_allowed(parser->config)) {
        parser_warning(parser,
                       "ntsservercert has no effect: nobody is allowed to ask; write `allow` too",
                       NULL);
    }
}

static void finish(struct parser *parser)
{
    const struct config *config = parser->config;

    parser->file = parser->input->file;
    parser->line = 0;
    settle_samples(parser->config);
    check_sources(parser);
    parser->file = parser->input->file;
    parser->line = 0;
    resolve_names(parser);
    check_nts(parser);
    if (config->daemon.port == 0 && any_allowed(config)) {
        parser_warning(parser,
                       "port 0 and allow contradict each other: nobody is served; remove "
                       "one of them",
                       NULL);
    }
}

/* The files of all sourcedirs. */
static void read_source_dirs(struct parser *parser)
{
    struct daemon_options *daemon = &parser->config->daemon;

    parser->sourcedir = true;
    for (size_t i = 0; i < daemon->source_dir_count; i++) {
        char line[CONFIG_LINE_SIZE];
        struct text text = text_begin(line, sizeof line);
        struct words words;

        text_add(&text, "sourcedir ");
        text_add(&text, daemon->source_dirs[i]);
        if (words_split(&words, line, text.length) == WORDS_OK) {
            (void)parser_directories(parser, &words, ".sources");
        }
    }
    parser->sourcedir = false;
}

/* What the environment says, in messages by the names of its variables and which entry it is. */
static void read_environment(struct parser *parser)
{
    const struct config_input *input = parser->input;
    enum config_dialect dialect = parser->dialect;

    parser->dialect = DIALECT_CHRONY;
    if (input->servers) {
        parser->config->node.source_count = 0;
        parser->config->daemon.source_dir_count = 0;
        parser->unread_sources = 0;
        (void)parser_preset(parser, "NOON_SERVERS", input->servers);
    }
    if (input->allow) {
        (void)parser_preset(parser, "NOON_ALLOW", input->allow);
    }
    parser->dialect = dialect;
}

bool config_parse(struct config *config, const struct config_input *input,
                  struct config_report *report)
{
    struct parser parser = {.config = config, .input = input, .report = report};
    size_t errors = report->errors;

    config_init(&parser.standard, NULL);
    if (files_read_main(&parser)) {
        read_environment(&parser);
        read_source_dirs(&parser);
    }
    finish(&parser);
    return report->errors == errors;
}

void config_reload_sources(struct config *config, const struct config_input *input,
                           struct config_report *report)
{
    struct parser parser = {
        .config = config, .input = input, .report = report, .dialect = DIALECT_CHRONY};
    struct config_space *space = config->space;
    size_t kept = 0;

    for (size_t i = 0; i < config->node.source_count; i++) {
        if (!space->origins[i].sourcedir) {
            space->sources[kept] = space->sources[i];
            space->origins[kept++] = space->origins[i];
        }
    }
    config->node.source_count = kept;
    config_init(&parser.standard, NULL);
    parser.file = input->file;
    read_source_dirs(&parser);
    settle_samples(config);
}
