/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options.h"

#include <getopt.h>
#include <string.h>

#include "base/text.h"
#include "cli/parse.h"
#include "config/dialect.h"

enum { OPTIONS_MAX = 24, COUNT_MAX = 1000000000 };

const struct option_row option_rows[] = {
    {'r', "rundir", "DIR", "runtime directory of noond: where its sockets are"},
    {'j', "json", NULL, "answer in JSON, as documented by `noon help json`"},
    {'h', "help", NULL, "explain this command"},
    {'V', "version", NULL, "print the version of this program"},
    {'i', "interval", "SECONDS", "time between two screens (1)"},
    {'n', "count", "COUNT", "stop after that many (watch, clients: all; query: 1)"},
    {'p', "port", "PORT", "port of the server (123)"},
    {'4', "ipv4", NULL, "use IPv4 only"},
    {'6', "ipv6", NULL, "use IPv6 only"},
    {'b', "bound", "LENGTH", "ask for a bound of at most this, such as 5ms"},
    {'s', "sources", "COUNT", "ask for at least that many agreeing sources"},
    {'t', "timeout", "LENGTH", "give up after this (wait: never; query: 2s for each answer)"},
    {'T', "truth", "OFFSET", "tell the true error: CLOCK_MONOTONIC_RAW + OFFSET s is true time"},
    {'P', "print", NULL, "print the configuration as it is understood, in the native form"},
    {'L', "lint", NULL, "also warn of what is no error and may be regretted"},
    {'D', "dialect", "NAME", "it is chrony, ntp, openntpd or timesyncd (else recognised)"},
    {'S', "sort", "KEY", "order: requests (default), refused, last, interval or address"},
    {0, NULL, NULL, NULL},
};

bool option_accepted(const struct command *command, char letter)
{
    return strchr("rjh", letter) != NULL || strchr(command->accepts, letter) != NULL;
}

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool set_length(double *s, const char *value)
{
    return parse_length(value, s) && *s > 0;
}

/* False: the value makes no sense. */
static bool set(struct cli_options *options, int letter, const char *value)
{
    switch (letter) {
    case 'r':
        options->rundir = value;
        return *value != '\0';
    case 'j':
        options->json = true;
        return true;
    case 'h':
        options->help = true;
        return true;
    case 'V':
        options->version = true;
        return true;
    case 'i':
        return set_length(&options->interval_s, value);
    case 'n':
        return parse_count(value, 1, COUNT_MAX, &options->count);
    case 'p':
        return parse_count(value, 1, 65535, &options->port);
    case '4':
        options->ipv4 = true;
        return true;
    case '6':
        options->ipv6 = true;
        return true;
    case 'b':
        return set_length(&options->bound_s, value);
    case 's':
        return parse_count(value, 0, COUNT_MAX, &options->sources);
    case 't':
        return set_length(&options->timeout_s, value);
    case 'T':
        options->truth_given = true;
        return parse_seconds(value, &options->truth);
    case 'P':
        options->print = true;
        return true;
    case 'L':
        options->lint = true;
        return true;
    case 'S':
        options->sort = value;
        return true;
    case 'D':
        options->dialect = value;
        return dialect_named(value) != DIALECT_UNKNOWN;
    default:
        return false;
    }
}

static const struct option_row *row_of(int letter)
{
    for (const struct option_row *row = option_rows; row->letter != 0; row++) {
        if (row->letter == letter) {
            return row;
        }
    }
    return NULL;
}

/* The tables as getopt_long() wants them. */
static void getopt_tables(struct option longs[static OPTIONS_MAX],
                          char shorts[static 2 * OPTIONS_MAX + 2])
{
    size_t at = 0;
    size_t n = 0;

    shorts[at++] = ':'; /* tell a missing value from an unknown option */
    for (const struct option_row *row = option_rows; row->letter != 0; row++) {
        longs[n++] = (struct option){row->name, row->argument != NULL, NULL, row->letter};
        if (row->letter < 'A' || row->letter > 'Z') {
            shorts[at++] = row->letter;
            if (row->argument != NULL) {
                shorts[at++] = ':';
            }
        }
    }
    longs[n] = (struct option){NULL, 0, NULL, 0};
    shorts[at] = '\0';
}

static bool complain(struct text *problem, const char *a, const char *b, const char *c)
{
    text_add(problem, a);
    text_add(problem, b);
    text_add(problem, c);
    return false;
}

/* The command, its arguments' number, and whether it takes the options given. */
static bool check(struct cli *cli, const char *given, struct text *problem)
{
    const char *name = "";

    if (cli->argument_count > 0) {
        name = cli->arguments[0];
        cli->arguments++;
        cli->argument_count--;
    }
    cli->command = command_find(name);
    if (cli->command == NULL) {
        return complain(problem, "there is no command `", name, "`: `noon help` lists them");
    }
    for (; *given != '\0'; given++) {
        if (!option_accepted(cli->command, *given)) {
            return complain(problem, "--", row_of(*given)->name,
                            *name != '\0' ? " means nothing to this command"
                                          : " needs a command: `noon help` lists them");
        }
    }
    if (cli->options.help || cli->options.version) {
        return true;
    }
    if (cli->argument_count < cli->command->at_least) {
        complain(problem, "`noon ", name, "` needs ");
        return complain(problem, cli->command->arguments, "", "");
    }
    if (cli->argument_count > cli->command->at_most) {
        complain(problem, "too many arguments: usage is `noon ", name, "");
        return complain(problem, *cli->command->arguments != '\0' ? " " : "",
                        cli->command->arguments, "`");
    }
    if (cli->options.ipv4 && cli->options.ipv6) {
        return complain(problem, "-4 and -6 exclude each other", "", "");
    }
    return true;
}

/* Of the options that take not every text. */
static const char *what_is_expected(int letter)
{
    switch (letter) {
    case 'i':
    case 'b':
    case 't':
        return "a length of time above 0, such as 5ms, 2s or 1min";
    case 'n':
        return "a whole number from 1";
    case 's':
        return "a whole number";
    case 'p':
        return "a whole number from 1 to 65535";
    case 'T':
        return "seconds, with nine decimals at most";
    case 'D':
        return "chrony, ntp, openntpd or timesyncd";
    default:
        return row_of(letter)->argument;
    }
}

bool options_parse(struct cli *cli, int argc, char **argv, const char *rundir,
                   char problem[static OPTIONS_PROBLEM_SIZE])
{
    struct text text = text_begin(problem, OPTIONS_PROBLEM_SIZE);
    struct option longs[OPTIONS_MAX];
    char shorts[2 * OPTIONS_MAX + 2];
    char given[OPTIONS_MAX + 1] = "";
    int letter;

    *cli = (struct cli){.options = {.rundir = rundir, .interval_s = 1, .port = 123}};
    getopt_tables(longs, shorts);
    opterr = 0;
    optind = 0; /* begin anew, also in the tests */
    while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (letter == '?') {
            return complain(&text, "unknown option ", argv[optind - 1], "");
        }
        if (letter == ':') {
            return complain(&text, argv[optind - 1], " needs a value", "");
        }
        if (!set(&cli->options, letter, optarg)) {
            complain(&text, "--", row_of(letter)->name, " can't be `");
            return complain(&text, optarg, "`: expected ", what_is_expected(letter));
        }
        if (strchr(given, letter) == NULL) {
            given[strlen(given)] = (char)letter;
        }
    }
    cli->arguments = argv + optind;
    cli->argument_count = argc - optind;
    return check(cli, given, &text);
}
