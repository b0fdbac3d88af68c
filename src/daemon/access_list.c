/* SPDX-License-Identifier: BSD-2-Clause */
/* access_list.c - `noon rules`: who may ask, by the configuration and by order. */
#include "config/config.h"
#include "config/print.h"
#include "daemon/time_process.h"
#include "wire/rule_lines.h"

enum { LINE_SIZE = 400 };

/* False: there is no room for it, nor for any other. */
static bool add_rule(struct control_response *response, char mark, const struct config_rule *rule,
                     bool command)
{
    char line[LINE_SIZE] = {mark};
    struct text text = text_begin(line + 1, sizeof line - 2);

    config_print_rule(&text, rule, command);
    text_char(&text, '\n');
    if (response->capacity - response->size < text.length + 1 + RULE_LINES_CUT_SIZE) {
        line[0] = RULE_LINES_CUT;
        line[1] = '\n';
        line[2] = '\0';
        control_response_text(response, line);
        return false;
    }
    control_response_text(response, line);
    return true;
}

static bool add_ordered(struct control_response *response, const struct rules *rules, bool command)
{
    bool room = true;

    for (uint32_t i = 0; room && i < rules->count; i++) {
        const struct config_rule rule = {.rule = rules->at[i]};

        room = add_rule(response, RULE_LINES_ORDERED, &rule, command);
    }
    return room;
}

void access_list(const struct time_process *process, struct control_response *response)
{
    const struct config_space *space = process->config->space;
    bool room = true;

    response->result = CONTROL_OK;
    for (size_t i = 0; room && i < space->rule_count; i++) {
        room = add_rule(response, RULE_LINES_CONFIGURED, &space->rules[i], false);
    }
    room = room && add_ordered(response, &process->rules.time, false);
    for (size_t i = 0; room && i < space->command_rule_count; i++) {
        room = add_rule(response, RULE_LINES_CONFIGURED, &space->command_rules[i], true);
    }
    if (room) {
        (void)add_ordered(response, &process->rules.command, true);
    }
}
