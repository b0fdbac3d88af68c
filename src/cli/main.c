/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - noon: shows how the time is, and tells noond what to do. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/out.h"

int main(int argc, char **argv)
{
    const char *rundir = getenv("NOON_RUNDIR");
    char problem[OPTIONS_PROBLEM_SIZE];
    struct cli cli;

    if (rundir == NULL || *rundir == '\0') {
        rundir = "/run/noon";
    }
    if (!options_parse(&cli, argc, argv, rundir, problem)) {
        fprintf(stderr, "noon: %s\n", problem);
        return EXIT_CODE_USAGE;
    }
    if (cli.options.help) {
        struct text text = out_begin(0);

        if (*cli.command->name == '\0') {
            help_overview(&text);
        } else {
            (void)help_command(&text, cli.command->name);
        }
        return (int)out_end(&text, EXIT_CODE_OK);
    }
    if (cli.options.version) {
        return (int)command_version(&cli);
    }
    return (int)cli.command->run(&cli);
}
