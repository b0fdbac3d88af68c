/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_act.c - the commands that change something: they are noond's own, and go to it as they are.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/ask.h"
#include "cli/json.h"

static enum control_command command_of(const char *name)
{
    for (int i = 0; i < CONTROL_COMMAND_COUNT; i++) {
        if (strcmp(control_command_word((enum control_command)i), name) == 0) {
            return (enum control_command)i;
        }
    }
    return CONTROL_COMMAND_COUNT;
}

/* The arguments with a space between them; false: too long. */
static bool join(const struct cli *cli, char joined[static CONTROL_ARGUMENT_MAX])
{
    struct text text = text_begin(joined, CONTROL_ARGUMENT_MAX);

    for (int i = 0; i < cli->argument_count; i++) {
        text_add(&text, i > 0 ? " " : "");
        text_add(&text, cli->arguments[i]);
    }
    return !text.overrun;
}

enum exit_code command_act(const struct cli *cli)
{
    char argument[CONTROL_ARGUMENT_MAX];
    struct ask_answer answer;
    const char *said;
    enum exit_code code;

    if (!join(cli, argument)) {
        fprintf(stderr, "noon: the arguments are too long\n");
        return EXIT_CODE_USAGE;
    }
    code = ask_aloud(cli, command_of(cli->command->name), argument, &answer);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    said = (const char *)answer.body;
    if (cli->options.json) {
        json_t *object = json_pack("{s:s,s:s}", "result", "ok", "message", said);

        ask_done(&answer);
        return json_print(object, false, code);
    }
    if (*said != '\0') {
        printf("%s%s", said, said[answer.size - 1] == '\n' ? "" : "\n");
    }
    ask_done(&answer);
    return code;
}
