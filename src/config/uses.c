/* SPDX-License-Identifier: BSD-2-Clause */
/* uses.c - which files and directories the lines name, for those who look at them before. */
#include "config/parser.h"

#include <string.h>

void parser_use(struct parser *parser, enum config_use_kind kind, const char *path)
{
    struct config_space *space = parser->config->space;
    const struct option *directive = parser->directive;
    struct config_use use = {.kind = (uint8_t)kind,
                             .directive = directive ? directive->name : "",
                             .path = parser_keep(parser, path),
                             .origin = {.file = parser->file, .line = parser->line}};
    size_t at = space->use_count;

    /* Of lines that don't add up the last one holds. */
    for (size_t i = 0; directive && !directive->repeats && i < space->use_count; i++) {
        if (strcmp(space->uses[i].directive, use.directive) == 0) {
            at = i;
        }
    }
    if (use.path && at < CONFIG_USES_MAX) {
        space->uses[at] = use;
        space->use_count += at == space->use_count;
    }
}

struct use_row {
    const char *directive;
    uint8_t kind;
};

void parser_note_use(struct parser *parser)
{
    static const struct use_row rows[] = {
        {"keyfile", CONFIG_USE_KEYS},
        {"keys", CONFIG_USE_KEYS},
        {"leapseclist", CONFIG_USE_LEAPS},
        {"leapfile", CONFIG_USE_LEAPS},
        {"leapsectz", CONFIG_USE_ZONE},
        {"driftfile", CONFIG_USE_DRIFT},
        {"logdir", CONFIG_USE_DIRECTORY},
        {"statsdir", CONFIG_USE_DIRECTORY},
        {"ntsdumpdir", CONFIG_USE_DIRECTORY},
        {"ntscachedir", CONFIG_USE_DIRECTORY},
        {"ntsservercert", CONFIG_USE_CERTIFICATE},
        {"ntsserverkey", CONFIG_USE_PRIVATE_KEY},
        {"ntssharedsecret", CONFIG_USE_SECRET},
        {"ntstrustedcerts", CONFIG_USE_TRUST},
        {"tempcomp", CONFIG_USE_SENSOR},
    };
    const struct words *words = &parser->words;

    for (size_t i = 0; parser->directive && i < sizeof rows / sizeof rows[0]; i++) {
        /* The set's number may stand before certificates. */
        unsigned at = rows[i].kind == CONFIG_USE_TRUST && words->count > 2 ? 2 : 1;

        if (strcmp(rows[i].directive, parser->directive->name) == 0 && at < words->count &&
            !(rows[i].kind == CONFIG_USE_SENSOR && word_equal(words->at[at], "auto"))) {
            parser_use(parser, (enum config_use_kind)rows[i].kind, words->at[at]);
        }
    }
}
