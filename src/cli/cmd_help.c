/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_help.c - `noon help` and `noon version`, from the tables. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/json.h"
#include "cli/out.h"

enum exit_code command_help(const struct cli *cli)
{
    struct text text;

    if (cli->argument_count > 0 && strcmp(cli->arguments[0], "json") == 0) {
        json_document();
        return EXIT_CODE_OK;
    }
    text = out_begin(0);
    if (cli->argument_count == 0) {
        help_overview(&text);
    } else if (!help_command(&text, cli->arguments[0])) {
        out_free(&text);
        fprintf(stderr, "noon: there is no command `%s`: `noon help` lists them\n",
                cli->arguments[0]);
        return EXIT_CODE_USAGE;
    }
    return out_end(&text, EXIT_CODE_OK);
}

enum exit_code command_version(const struct cli *cli)
{
    if (cli->options.json) {
        return json_print(json_pack("{s:s}", "version", NOON_VERSION), false, EXIT_CODE_OK);
    }
    printf("noon %s\n", NOON_VERSION);
    return EXIT_CODE_OK;
}
