/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour.c - what a configuration makes noond do, for tests: who is answered, what is asked and
 * how.  Names have no address here.
 *
 * usage: behaviour DIALECT FILE [ADDRESS]...
 *
 * Prints "dialect NAME", "poll KIND NAME MINPOLL MAXPOLL [WORD]..." for each source, "set WORD
 * VALUE..." for what else clients and the clock feel, "answer ADDRESS yes|no [FLAG]..." and
 * "state ADDRESS yes|no" (may it ask with ntpq and chronyc) for each address; exit 1 with the
 * messages when it is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/dialect.h"
#include "core/server/access.h"
#include "sys/directory.h"
#include "sys/storage.h"

static enum err read_file(void *context, const char *path, char *buffer, size_t capacity,
                          size_t *size)
{
    (void)context;
    return storage_read(path, buffer, capacity, size);
}

static enum err list_dir(void *context, const char *path, char *buffer, size_t capacity,
                         size_t *size)
{
    (void)context;
    return directory_list(path, buffer, capacity, size);
}

static void print_sources(const struct config *config)
{
    static const char *const kinds[] = {"server", "pool", "source"};

    for (size_t i = 0; i < config->node.source_count; i++) {
        const struct source_options *source = &config->node.sources[i];

        printf("poll %s %s %d %d", kinds[source->kind], source->name, source->minpoll,
               source->maxpoll);
        printf("%s%s%s%s%s%s", source->iburst ? " iburst" : "", source->prefer ? " prefer" : "",
               source->noselect ? " noselect" : "", source->nts ? " nts" : "",
               source->trust ? " trust" : "", source->xleave ? " xleave" : "");
        if (source->kind == SOURCE_POOL) {
            printf(" max=%u", source->max_sources);
        }
        if (source->key != 0) {
            printf(" key=%u", source->key);
        }
        puts("");
    }
}

static void print_others(const struct config *config)
{
    const struct node_options *node = &config->node;

    printf("set step %g %d\n", node->step.threshold_s, node->step.limit);
    printf("set change %g\n", node->change.offset_s);
    printf("set minsources %d\n", node->min_sources);
    printf("set constraints %zu\n", node->constraint_count);
    if (node->local.enabled) {
        printf("set local %u%s\n", node->local.stratum, node->local.orphan ? " orphan" : "");
    }
    if (node->limit.enabled) {
        printf("set limit %d %u%s\n", node->limit.interval_log2, node->limit.burst,
               node->limit.listed ? " listed" : "");
    }
    for (int family = 0; family < 2; family++) {
        char text[ADDRESS_TEXT_SIZE];

        if (config->daemon.bind[family].family != ADDRESS_NONE) {
            address_print(&config->daemon.bind[family], text);
            printf("set bind %s\n", text);
        }
    }
}

static struct access_tree *build(const struct config_rule *rules, size_t count)
{
    struct access_tree *tree = calloc(1, sizeof *tree);
    struct access_node *nodes = calloc(access_nodes(count), sizeof *nodes);

    if (tree == NULL || nodes == NULL) {
        exit(2);
    }
    tree->nodes = nodes;
    tree->count = 1;
    tree->capacity = (uint32_t)access_nodes(count);
    for (size_t i = 0; i < count; i++) {
        const struct access_rule *rule = &rules[i].rule;

        if (rules[i].name == NULL && access_add(tree, &rule->prefix, rule->bits,
                                                access_of_rule(rule), rule->all) != ERR_NONE) {
            exit(2);
        }
    }
    access_finish(tree);
    return tree;
}

static void print_address(const struct config *config, const char *word,
                          const struct access_tree *time, const struct access_tree *state)
{
    static const char *const flags[] = {" limited", " kod", " authenticated", " version4"};
    struct address address;

    if (!address_parse(&address, word)) {
        fprintf(stderr, "behaviour: %s is no address\n", word);
        exit(2);
    }
    uint16_t value = access_value(time, &address, NULL);
    bool answers = (value & ACCESS_ALLOW) != 0 && config->daemon.port != 0;
    printf("answer %s %s", word, answers ? "yes" : "no");
    for (unsigned i = 0; answers && i < 4; i++) {
        printf("%s", access_flags(value) >> i & 1 ? flags[i] : "");
    }
    printf("\nstate %s %s\n", word,
           address_is_loopback(&address) || (access_value(state, &address, NULL) & ACCESS_ALLOW)
               ? "yes"
               : "no");
}

int main(int argc, char *argv[])
{
    struct config config;
    struct config_space *space = calloc(1, sizeof *space);
    struct config_report *report = calloc(1, sizeof *report);

    if (argc < 3 || space == NULL || report == NULL) {
        return 2;
    }
    struct config_input input = {.file = argv[2], .read_file = read_file, .list_dir = list_dir};
    input.dialect = dialect_named(argv[1]);
    config_init(&config, space);
    config_report_init(report);
    bool good = config_parse(&config, &input, report);
    for (size_t i = 0; i < report->count; i++) {
        char line[CONFIG_TEXT_SIZE + 1100];
        struct text text = text_begin(line, sizeof line);

        config_message_print(&text, &report->messages[i]);
        fprintf(stderr, "%s\n", line);
    }
    if (!good) {
        return 1;
    }
    printf("dialect %s\nnot-yet %zu\n", dialect_name(config.dialect), report->not_yet);
    print_sources(&config);
    print_others(&config);
    const struct access_tree *time = build(space->rules, space->rule_count);
    const struct access_tree *state = build(space->command_rules, space->command_rule_count);
    for (int i = 3; i < argc; i++) {
        print_address(&config, argv[i], time, state);
    }
    return 0;
}
