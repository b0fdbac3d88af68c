/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_rules.c - `noon rules`: who may ask this server for time, and who about noond. */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_rules.h"
#include "wire/rule_lines.h"

static enum exit_code print_json(const char *lines)
{
    json_t *array = json_array();
    struct rule_line line;
    bool whole = true;

    while (rule_line_next(&lines, &line)) {
        whole = whole && line.mark != RULE_LINES_CUT;
        if (line.mark != RULE_LINES_CUT) {
            json_array_append_new(array, json_pack("{s:s%,s:b}", "rule", line.text, line.length,
                                                   "by_order", line.mark == RULE_LINES_ORDERED));
        }
    }
    return json_print(json_pack("{s:o,s:b}", "rules", array, "complete", whole), false,
                      EXIT_CODE_OK);
}

static size_t count_lines(const char *lines)
{
    size_t count = 0;

    for (const char *at = lines; (at = strchr(at, '\n')) != NULL; at++) {
        count++;
    }
    return count;
}

enum exit_code command_rules(const struct cli *cli)
{
    struct ask_answer answer;
    enum exit_code code = ask_aloud(cli, CONTROL_RULES, NULL, &answer);
    const char *lines;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    lines = (const char *)answer.body;
    if (cli->options.json) {
        code = print_json(lines);
    } else {
        struct text text = out_begin(count_lines(lines));

        view_rules(&text, lines);
        code = out_end(&text, EXIT_CODE_OK);
    }
    ask_done(&answer);
    return code;
}
