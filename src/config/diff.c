/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "config/print.h"
#include "config/value.h"

/* Old line, new line and the words between them. */
enum { SENTENCE_SIZE = 3 * CONFIG_LINE_SIZE };

struct difference {
    const struct config *before, *after;
    config_line_function *line;
    void *context;
    size_t count;
    char text[SENTENCE_SIZE];
};

static void say(struct difference *difference)
{
    difference->count++;
    difference->line(difference->context, difference->text);
}

static struct text begin(struct difference *difference, const char *word)
{
    struct text text = text_begin(difference->text, sizeof difference->text);

    text_add(&text, word);
    return text;
}

static bool source_equal(const struct source_options *a, const struct source_options *b)
{
    size_t count = option_count(SCOPE_SOURCE);

    for (size_t i = 0; i < count; i++) {
        if (!value_equal(option_at(SCOPE_SOURCE, i), a, b)) {
            return false;
        }
    }
    return true;
}

static bool same_source(const struct source_options *a, const struct source_options *b)
{
    return a->kind == b->kind && a->method == b->method && a->literal.port == b->literal.port &&
           strcmp(a->name, b->name) == 0;
}

/*
 * The source of `other` that is the one at `at`: of several alike, the first of one is the first of
 * the other.
 */
static const struct source_options *counterpart(const struct config *config, size_t at,
                                                const struct config *other)
{
    const struct source_options *source = &config->node.sources[at];
    size_t skip = 0;

    for (size_t i = 0; i < at; i++) {
        skip += same_source(source, &config->node.sources[i]);
    }
    for (size_t i = 0; i < other->node.source_count; i++) {
        if (same_source(source, &other->node.sources[i]) && skip-- == 0) {
            return &other->node.sources[i];
        }
    }
    return NULL;
}

static void compare_source(struct difference *difference, const struct source_options *was,
                           const struct source_options *is)
{
    char line[CONFIG_LINE_SIZE];
    struct text now = text_begin(line, sizeof line);
    struct text text = begin(difference, is ? "changed: " : "removed: ");
    size_t start = text.length;

    config_print_source(&text, difference->before, was);
    if (is) {
        config_print_source(&now, difference->after, is);
        if (strcmp(text.start + start, line) == 0) {
            return; /* its samples follow a directive, which has a sentence of its own */
        }
        text_add(&text, ", now ");
        text_add(&text, line);
    }
    say(difference);
}

static void compare_sources(struct difference *difference)
{
    const struct config *before = difference->before;
    const struct config *after = difference->after;

    for (size_t i = 0; i < before->node.source_count; i++) {
        const struct source_options *was = &before->node.sources[i];
        const struct source_options *is = counterpart(before, i, after);

        if (!is || !source_equal(was, is)) {
            compare_source(difference, was, is);
        }
    }
    for (size_t i = 0; i < after->node.source_count; i++) {
        if (!counterpart(after, i, before)) {
            struct text text = begin(difference, "added: ");

            config_print_source(&text, after, &after->node.sources[i]);
            say(difference);
        }
    }
}

/* Rules of one kind, as written. */
struct rule_list {
    const struct config_rule *at;
    size_t count;
    bool command;
};

static struct rule_list rule_list(const struct config *config, bool command)
{
    const struct config_space *space = config->space;

    return command ? (struct rule_list){space->command_rules, space->command_rule_count, true}
                   : (struct rule_list){space->rules, space->rule_count, false};
}

static bool rule_equal(const struct config_rule *a, const struct config_rule *b)
{
    return a->rule.allow == b->rule.allow && a->rule.all == b->rule.all &&
           a->rule.flags == b->rule.flags && a->rule.bits == b->rule.bits &&
           address_equal(&a->rule.prefix, &b->rule.prefix) &&
           (a->name == b->name || (a->name && b->name && strcmp(a->name, b->name) == 0));
}

/* Looks from *from on, and leaves there where the next one is to be expected. */
static bool has_rule(struct rule_list list, const struct config_rule *rule, size_t *from)
{
    for (size_t n = 0; n < list.count; n++) {
        size_t i = *from + n < list.count ? *from + n : *from + n - list.count;

        if (rule_equal(&list.at[i], rule)) {
            *from = i + 1 < list.count ? i + 1 : 0;
            return true;
        }
    }
    return false;
}

static bool same_rules(struct rule_list a, struct rule_list b)
{
    for (size_t i = 0; i < a.count && i < b.count; i++) {
        if (!rule_equal(&a.at[i], &b.at[i])) {
            return false;
        }
    }
    return a.count == b.count;
}

/* Rules of `one` that `other` does not have. */
static void say_rules(struct difference *difference, const char *word, struct rule_list one,
                      struct rule_list other)
{
    size_t at = 0; /* long lists are alike but for a few lines */

    for (size_t i = 0; i < one.count; i++) {
        if (!has_rule(other, &one.at[i], &at)) {
            struct text text = begin(difference, word);

            config_print_rule(&text, &one.at[i], one.command);
            say(difference);
        }
    }
}

static void compare_rules(struct difference *difference, bool command)
{
    struct rule_list before = rule_list(difference->before, command);
    struct rule_list after = rule_list(difference->after, command);
    size_t said = difference->count;

    say_rules(difference, "removed: ", before, after);
    say_rules(difference, "added: ", after, before);
    if (said == difference->count && !same_rules(before, after)) {
        (void)begin(difference, command ? "changed: the order of cmdallow and cmddeny"
                                        : "changed: the order of allow and deny");
        say(difference);
    }
}

static bool has_directory(const struct daemon_options *daemon, const char *directory)
{
    for (size_t i = 0; i < daemon->source_dir_count; i++) {
        if (strcmp(daemon->source_dirs[i], directory) == 0) {
            return true;
        }
    }
    return false;
}

static void say_directories(struct difference *difference, const char *word,
                            const struct daemon_options *one, const struct daemon_options *other)
{
    for (size_t i = 0; i < one->source_dir_count; i++) {
        if (!has_directory(other, one->source_dirs[i])) {
            struct text text = begin(difference, word);

            text_add(&text, "sourcedir ");
            text_add(&text, one->source_dirs[i]);
            say(difference);
        }
    }
}

static bool has_certificates(const struct daemon_options *daemon, const char *certificates)
{
    for (size_t i = 0; i < daemon->trusted_cert_count; i++) {
        if (strcmp(daemon->trusted_certs[i], certificates) == 0) {
            return true;
        }
    }
    return false;
}

static void say_certificates(struct difference *difference, const char *word,
                             const struct daemon_options *one, const struct daemon_options *other)
{
    for (size_t i = 0; i < one->trusted_cert_count; i++) {
        if (!has_certificates(other, one->trusted_certs[i])) {
            struct text text = begin(difference, word);

            text_add(&text, "ntstrustedcerts ");
            text_add(&text, one->trusted_certs[i]);
            say(difference);
        }
    }
}

/* A line of one configuration that is looked for in the other. */
struct nts_line {
    struct difference *difference;
    const char *word;
    const struct config *other;
    const char *wanted;
    bool found;
};

static void find_line(void *context, const char *line)
{
    struct nts_line *search = context;

    search->found = search->found || strcmp(line, search->wanted) == 0;
}

static void say_if_missing(void *context, const char *line)
{
    struct nts_line *search = context;

    search->wanted = line;
    search->found = false;
    config_print_nts(search->other, find_line, search);
    if (!search->found) {
        struct text text = begin(search->difference, search->word);

        text_add(&text, line);
        say(search->difference);
    }
}

static void say_nts(struct difference *difference, const char *word, const struct config *one,
                    const struct config *other)
{
    struct nts_line search = {.difference = difference, .word = word, .other = other};

    config_print_nts(one, say_if_missing, &search);
}

static bool has_constraint(const struct config *config, const char *line)
{
    for (size_t i = 0; i < config->node.constraint_count; i++) {
        if (strcmp(config->space->constraint_lines[i], line) == 0) {
            return true;
        }
    }
    return false;
}

static void say_constraints(struct difference *difference, const char *word,
                            const struct config *one, const struct config *other)
{
    for (size_t i = 0; i < one->node.constraint_count; i++) {
        if (!has_constraint(other, one->space->constraint_lines[i])) {
            struct text text = begin(difference, word);

            text_add(&text, one->space->constraint_lines[i]);
            say(difference);
        }
    }
}

static bool fields_equal(const struct option *option, const struct config *a,
                         const struct config *b)
{
    size_t count = option_count(option->scope);

    for (size_t i = 0; i < count; i++) {
        if (!value_equal(option_at(option->scope, i), a, b)) {
            return false;
        }
    }
    return value_equal(option, a, b);
}

static void compare_fields(struct difference *difference, const struct option *option)
{
    const struct config *before = difference->before;
    const struct config *after = difference->after;
    bool was = config_is_written(option, before);
    bool is = config_is_written(option, after);
    struct text text = begin(difference, was && is ? "changed: " : was ? "removed: " : "added: ");

    config_print_directive(&text, option, was ? before : after);
    if (was && is) {
        text_add(&text, ", now ");
        config_print_directive(&text, option, after);
    }
    text_add(&text, option->restart ? " (at the next start)" : "");
    say(difference);
}

size_t config_diff(const struct config *before, const struct config *after,
                   config_line_function *line, void *context)
{
    struct difference difference = {
        .before = before, .after = after, .line = line, .context = context};
    size_t count = option_count(SCOPE_DIRECTIVE);

    compare_sources(&difference);
    say_constraints(&difference, "removed: ", before, after);
    say_constraints(&difference, "added: ", after, before);
    say_directories(&difference, "removed: ", &before->daemon, &after->daemon);
    say_directories(&difference, "added: ", &after->daemon, &before->daemon);
    say_certificates(&difference, "removed: ", &before->daemon, &after->daemon);
    say_certificates(&difference, "added: ", &after->daemon, &before->daemon);
    say_nts(&difference, "removed: ", before, after);
    say_nts(&difference, "added: ", after, before);
    for (size_t i = 0; i < count; i++) {
        if (option_at(SCOPE_DIRECTIVE, i)->scope != SCOPE_SOURCE &&
            option_at(SCOPE_DIRECTIVE, i)->scope != SCOPE_REFCLOCK &&
            !fields_equal(option_at(SCOPE_DIRECTIVE, i), before, after)) {
            compare_fields(&difference, option_at(SCOPE_DIRECTIVE, i));
        }
    }
    compare_rules(&difference, false);
    compare_rules(&difference, true);
    return difference.count;
}
