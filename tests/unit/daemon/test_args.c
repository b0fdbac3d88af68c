/* SPDX-License-Identifier: BSD-2-Clause */
/* test_args.c - noond's command line and NOOND_FLAGS. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/args.h"

enum { WORDS_MAX = 32 };

static struct args args;

/* Parses "-d -f x" as if it had been typed. */
static enum args_result parse(const char *line, const char *flags)
{
    static char copy[512];
    static char name[] = "noond";
    char *argv[WORDS_MAX] = {name};
    char *rest = copy, *word;
    int argc = 1;

    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " ")) != NULL && argc < WORDS_MAX - 1) {
        if (*word) {
            argv[argc++] = word;
        }
    }
    argv[argc] = NULL;
    return args_parse(&args, argc, argv, flags);
}

static void every_flag_reaches_its_field(void **state)
{
    (void)state;
    assert_int_equal(parse("-f a.conf -d -x -t 2.5 -n -p -u 1:2 -4 -L debug -s s -r r", NULL),
                     ARGS_RUN);
    assert_string_equal(args.config_file, "a.conf");
    assert_string_equal(args.user, "1:2");
    assert_string_equal(args.state_dir, "s");
    assert_string_equal(args.run_dir, "r");
    assert_true(args.foreground && args.observe && args.check && args.print && args.ipv4_only);
    assert_true(args.seconds == 2.5);
    assert_int_equal(args.log_level, 0);
    assert_int_equal(parse("-q", NULL), ARGS_RUN);
    assert_int_equal(args.once, ONCE_SET);
    assert_int_equal(parse("-Q", NULL), ARGS_RUN);
    assert_int_equal(args.once, ONCE_PRINT);
    assert_true(args.observe);
    assert_int_equal(parse("--role=server", NULL), ARGS_RUN);
    assert_int_equal(args.role, ROLE_SERVER);
}

/* What it says on standard error, the first line. */
static const char *complaint_of(const char *line)
{
    static char text[256];
    int ends[2], kept = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    (void)dup2(ends[1], STDERR_FILENO);
    assert_int_equal(parse(line, NULL), ARGS_BAD);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(ends[1]);
    (void)close(kept);
    ssize_t got = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void a_wrong_value_is_named_with_its_option_and_what_was_expected(void **state)
{
    static const char *const rows[][2] = {
        {"-t 0", "noond: `0` can't be the value of -t; expected seconds above 0, such as 30"},
        {"-t soon", "noond: `soon` can't be the value of -t; expected seconds above 0, such as 30"},
        {"-L 9",
         "noond: `9` can't be the value of -L; expected debug, info, warning or error, or 0 "
         "to 3"},
        {"--dialect cisco", "noond: `cisco` can't be the value of --dialect; expected chrony, ntp, "
                            "openntpd or timesyncd"},
        {"--virtual 1", "noond: `1` can't be the value of --virtual; expected OFFSET,PPM, such as "
                        "0.3,50, and at most 10000 ppm"},
        {"--reference x,y", "noond: `x,y` can't be the value of --reference; expected OFFSET,NOISE "
                            "in seconds, such as 0.2,0.00001"},
        {"--role=boss", "noond: `boss` can't be the value of --role, which is for noond's own "
                        "processes"},
        {"extra", "noond: `extra` is not an option; `noond -h` lists them"},
        {"-4 -6", "noond: -4 and -6 exclude each other"},
    };
    char longest[128] = "-r /";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(complaint_of(rows[i][0]), rows[i][1]);
    }
    memset(longest + 4, 'd', 89);
    assert_int_equal(parse(longest, NULL), ARGS_RUN);
    memset(longest + 4, 'd', 90);
    assert_non_null(strstr(complaint_of(longest), "at most 90 characters"));
}

static void a_reference_keeps_its_offset_to_the_nanosecond(void **state)
{
    (void)state;
    assert_int_equal(parse("--reference 1795360003.668561220,0.00002", NULL), ARGS_RUN);
    assert_true(args.reference);
    assert_true(args.reference_offset_ns == 1795360003668561220LL);
    assert_true(args.reference_noise_s == 0.00002);
    assert_int_equal(parse("--reference -0.000000001,0", NULL), ARGS_RUN);
    assert_true(args.reference_offset_ns == -1);
    assert_int_equal(parse("--virtual 0.3,50", NULL), ARGS_RUN);
    assert_true(fabs(args.virtual_offset_s - 0.3) < 1e-12);
    assert_true(fabs(args.virtual_freq_s_per_s - 50e-6) < 1e-15);
}

static void words_of_the_environment_count_as_typed_before(void **state)
{
    (void)state;
    assert_int_equal(parse("-d -f x -t 3", "--single -t 9  -L 2"), ARGS_RUN);
    assert_true(args.single && args.foreground);
    assert_true(args.seconds == 3);
    assert_int_equal(args.log_level, 2);
    assert_int_equal(parse("-d", "--nonsense"), ARGS_BAD);
}

static void nonsense_is_refused(void **state)
{
    static const char *const lines[] = {
        "-t 0",
        "-t x",
        "-t -1",
        "-L loud",
        "-4 -6",
        "--reference 1",
        "--reference 1,-1",
        "--reference a,b",
        "--reference 1,2",
        "--virtual 1,99999",
        "--role=clock",
        "-Z",
        "file.conf",
        "--reference 1e400,0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(lines[i], NULL), ARGS_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flag_reaches_its_field),
        cmocka_unit_test(a_wrong_value_is_named_with_its_option_and_what_was_expected),
        cmocka_unit_test(a_reference_keeps_its_offset_to_the_nanosecond),
        cmocka_unit_test(words_of_the_environment_count_as_typed_before),
        cmocka_unit_test(nonsense_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
