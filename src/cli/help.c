/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help.h"

#include "cli/command.h"
#include "cli/options.h"

enum { NAME_WIDTH = 12, OPTION_WIDTH = 24, INDENT = 2 };

static void add_usage(struct text *text, const struct command *command)
{
    text_add(text, "usage: noon");
    if (*command->name != '\0') {
        text_char(text, ' ');
        text_add(text, command->name);
    }
    text_add(text, " [OPTIONS]");
    if (*command->arguments != '\0') {
        text_char(text, ' ');
        text_add(text, command->arguments);
    }
    text_char(text, '\n');
}

static void add_option(struct text *text, const struct option_row *row)
{
    size_t from = text->length;

    text_add(text, "  ");
    if (row->letter < 'A' || row->letter > 'Z') {
        text_char(text, '-');
        text_char(text, row->letter);
        text_add(text, ", ");
    } else {
        text_add(text, "    ");
    }
    text_add(text, "--");
    text_add(text, row->name);
    if (row->argument != NULL) {
        text_char(text, ' ');
        text_add(text, row->argument);
    }
    text_to_column(text, from, OPTION_WIDTH + INDENT);
    text_add(text, row->help);
    text_char(text, '\n');
}

bool help_command(struct text *text, const char *name)
{
    const struct command *command = command_find(name);

    if (command == NULL) {
        return false;
    }
    add_usage(text, command);
    text_add(text, "\n");
    text_add(text, command->summary);
    text_add(text, ".\n");
    if (*command->text != '\0') {
        text_char(text, '\n');
        text_add(text, command->text);
    }
    text_add(text, "\noptions:\n");
    for (const struct option_row *row = option_rows; row->letter != 0; row++) {
        if (option_accepted(command, row->letter)) {
            add_option(text, row);
        }
    }
    return true;
}

void help_overview(struct text *text)
{
    text_add(text, "usage: noon [OPTIONS] [COMMAND]\n\n"
                   "Shows how the time is, and tells noond what to do.\n\n"
                   "commands:\n");
    for (const struct command *c = commands; c->name != NULL; c++) {
        size_t from = text->length;

        text_add(text, "  ");
        text_add(text, *c->name != '\0' ? c->name : "(none)");
        text_to_column(text, from, NAME_WIDTH + INDENT);
        text_add(text, c->summary);
        text_char(text, '\n');
    }
    text_add(text, "\noptions of all commands:\n");
    for (const struct option_row *row = option_rows; row->letter != 0; row++) {
        if (option_accepted(command_find("help"), row->letter)) {
            add_option(text, row);
        }
    }
    text_add(text, "\nexit codes:\n"
                   "  0  yes: done, synchronised, ready\n"
                   "  1  no: not synchronised, not ready, not found, failed\n"
                   "  2  the command line, or what it asks for, makes no sense\n"
                   "  3  noond, or the server asked, does not answer\n"
                   "  4  noond answers, but this user may not do that\n"
                   "\n`noon help COMMAND` explains one command, `noon help json` the JSON.\n");
}
