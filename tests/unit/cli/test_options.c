/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "wire/control.h"

/* Splits a line at spaces, as a shell would; "noon" comes first. */
static bool parse(const char *line, struct cli *cli, char problem[static OPTIONS_PROBLEM_SIZE])
{
    static char words[400];
    static char *argv[40];
    int argc = 1;

    snprintf(words, sizeof words, "%s", line);
    argv[0] = (char *)words + sizeof words - 1;
    for (char *at = strtok(words, " "); at != NULL; at = strtok(NULL, " ")) {
        argv[argc++] = at;
    }
    argv[argc] = NULL;
    return options_parse(cli, argc, argv, "/run/noon", problem);
}

static void options_may_stand_before_and_behind_the_command(void **state)
{
    static const char *const lines[] = {"-r /x --json sources", "sources -r /x --json",
                                        "-j sources --rundir /x", "--rundir=/x sources -j"};
    char problem[OPTIONS_PROBLEM_SIZE];
    struct cli cli;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_true(parse(lines[i], &cli, problem));
        assert_string_equal(cli.command->name, "sources");
        assert_string_equal(cli.options.rundir, "/x");
        assert_true(cli.options.json);
        assert_int_equal(cli.argument_count, 0);
    }
    assert_true(parse("", &cli, problem));
    assert_string_equal(cli.command->name, "");
    assert_string_equal(cli.options.rundir, "/run/noon");
    assert_false(cli.options.json);
}

static void values_are_read(void **state)
{
    char problem[OPTIONS_PROBLEM_SIZE];
    struct cli cli;

    (void)state;
    assert_true(parse("wait --bound 5ms --sources 2 --timeout 1min", &cli, problem));
    assert_true(cli.options.bound_s == 0.005 && cli.options.timeout_s == 60);
    assert_int_equal(cli.options.sources, 2);
    assert_true(parse("query -6 -n 3 -p 1123 -t 0.5 ntp.example", &cli, problem));
    assert_true(cli.options.ipv6 && !cli.options.ipv4 && cli.options.timeout_s == 0.5);
    assert_int_equal(cli.options.count, 3);
    assert_int_equal(cli.options.port, 1123);
    assert_string_equal(cli.arguments[0], "ntp.example");
    assert_true(parse("now --truth -12.000000001", &cli, problem));
    assert_true(cli.options.truth_given);
    assert_int_equal(cli.options.truth.ns, -12000000001);
    assert_true(parse("watch -i 0.5", &cli, problem));
    assert_true(cli.options.interval_s == 0.5);
    assert_true(parse("check --print f", &cli, problem));
    assert_true(cli.options.print);
    assert_true(parse("query ntp.example", &cli, problem));
    assert_int_equal(cli.options.port, 123);
    assert_false(cli.options.truth_given);
}

static void a_source_line_may_have_negative_values_behind_a_double_dash(void **state)
{
    char problem[OPTIONS_PROBLEM_SIZE];
    struct cli cli;

    (void)state;
    assert_true(parse("add -- server a offset -0.5 minpoll -3", &cli, problem));
    assert_int_equal(cli.argument_count, 6);
    assert_string_equal(cli.arguments[5], "-3");
}

static void mistakes_are_answered_with_what_is_wrong(void **state)
{
    static const struct {
        const char *line, *problem;
    } rows[] = {
        {"statsu", "there is no command `statsu`: `noon help` lists them"},
        {"--bogus", "unknown option --bogus"},
        {"status -x", "unknown option -x"},
        {"status -n 3", "--count means nothing to this command"},
        {"-n 3", "--count needs a command: `noon help` lists them"},
        {"watch -n", "-n needs a value"},
        {"watch -n 0", "--count can't be `0`: expected a whole number from 1"},
        {"watch -i -1",
         "--interval can't be `-1`: expected a length of time above 0, such as 5ms, 2s or "
         "1min"},
        {"query -p 65536 x", "--port can't be `65536`: expected a whole number from 1 to 65535"},
        {"ready --bound soon",
         "--bound can't be `soon`: expected a length of time above 0, such as 5ms, 2s "
         "or 1min"},
        {"now --truth 1e9", "--truth can't be `1e9`: expected seconds, with nine decimals at most"},
        {"source", "`noon source` needs NAME"},
        {"source a b", "too many arguments: usage is `noon source NAME`"},
        {"status a", "too many arguments: usage is `noon status`"},
        {"query -4 -6 x", "-4 and -6 exclude each other"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char problem[OPTIONS_PROBLEM_SIZE];
        struct cli cli;

        assert_false(parse(rows[i].line, &cli, problem));
        assert_string_equal(problem, rows[i].problem);
    }
}

static void help_is_given_even_where_arguments_are_missing(void **state)
{
    char problem[OPTIONS_PROBLEM_SIZE];
    struct cli cli;

    (void)state;
    assert_true(parse("source --help", &cli, problem));
    assert_true(cli.options.help);
    assert_true(parse("--version", &cli, problem));
    assert_true(cli.options.version);
    assert_false(parse("status --version", &cli, problem));
}

static void every_command_and_option_is_explained(void **state)
{
    char all[8192];
    struct text overview = text_begin(all, sizeof all);

    (void)state;
    help_overview(&overview);
    assert_false(overview.overrun);
    for (const struct command *c = commands; c->name != NULL; c++) {
        char buffer[8192];
        struct text text = text_begin(buffer, sizeof buffer);

        assert_true(help_command(&text, c->name));
        assert_false(text.overrun);
        assert_non_null(c->run);
        assert_non_null(strstr(all, c->summary));
        assert_non_null(strstr(buffer, c->summary));
        for (const char *letter = c->accepts; *letter != '\0'; letter++) {
            size_t known = 0;

            for (const struct option_row *row = option_rows; row->letter != 0; row++) {
                char longs[40];

                snprintf(longs, sizeof longs, "--%s", row->name);
                known += row->letter == *letter && strstr(buffer, longs) != NULL;
            }
            assert_int_equal(known, 1);
        }
        for (const char *line = buffer; *line != '\0'; line = strchr(line, '\n') + 1) {
            assert_true(strchr(line, '\n') - line <= 100);
        }
    }
    overview = text_begin(all, sizeof all);
    assert_false(help_command(&overview, "statsu"));
}

static void the_commands_of_the_protocol_are_commands_of_the_program(void **state)
{
    (void)state;
    for (int i = 0; i < CONTROL_COMMAND_COUNT; i++) {
        assert_non_null(command_find(control_command_word((enum control_command)i)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_stand_before_and_behind_the_command),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(a_source_line_may_have_negative_values_behind_a_double_dash),
        cmocka_unit_test(mistakes_are_answered_with_what_is_wrong),
        cmocka_unit_test(help_is_given_even_where_arguments_are_missing),
        cmocka_unit_test(every_command_and_option_is_explained),
        cmocka_unit_test(the_commands_of_the_protocol_are_commands_of_the_program),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
