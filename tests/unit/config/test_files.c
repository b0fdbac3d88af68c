/* SPDX-License-Identifier: BSD-2-Clause */
#include "fixture.h"

#include "config/files.h"

static struct fixture fixture;

static void names_match_patterns(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool match;
    } rows[] = {
        {"*.conf", "a.conf", true},
        {"*.conf", ".conf", false}, /* hidden */
        {".*", ".conf", true},
        {"*.conf", "a.conf.dpkg-old", false},
        {"*", "x", true},
        {"?", "x", true},
        {"?", "", false},
        {"a?c", "abc", true},
        {"a*c*e", "abcde", true},
        {"a*c*e", "abcd", false},
        {"[0-9]*", "10-x", true},
        {"[!0-9]*", "10-x", false},
        {"[ab", "[ab", true},
        {"[]]x", "]x", true},
        {"", "", true},
        {"abc", "abcd", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (files_match(rows[i].pattern, rows[i].name) != rows[i].match) {
            fail_msg("%s %s", rows[i].pattern, rows[i].name);
        }
    }
}

static void included_files_are_read_in_place(void **state)
{
    static const struct memory_file files[] = {
        {"/c/b.conf", "makestep 2 2\nserver b.example\n"},
        {"/c/a.conf", "server a.example\ninclude /d\n"},
        {"/c/a.txt", "nonsense\n"},
        {"/d", "server d.example"},
        {0},
    };

    (void)state;
    assert_true(parse_files(&fixture, files,
                            "makestep 1 1\nserver x.example\ninclude /c/*.conf\ninclude /none/*\n"
                            "server z.example\n"));
    assert_int_equal(fixture.config.node.source_count, 5);
    assert_string_equal(source_at(&fixture, 0)->name, "x.example");
    assert_string_equal(source_at(&fixture, 1)->name, "a.example");
    assert_string_equal(source_at(&fixture, 2)->name, "d.example");
    assert_string_equal(source_at(&fixture, 3)->name, "b.example");
    assert_string_equal(source_at(&fixture, 4)->name, "z.example");
    assert_int_equal(fixture.config.node.step.limit, 2);
    assert_string_equal(fixture.space.origins[2].file, "/d");
    assert_int_equal(fixture.space.origins[4].line, 5);
    assert_string_equal(fixture.space.origins[4].file, "noon.conf");
}

static void errors_name_the_file_they_are_in(void **state)
{
    static const struct memory_file files[] = {{"/c/a.conf", "\nbad\n"}, {0}};

    (void)state;
    assert_false(parse_files(&fixture, files, "server a.example\nconfdir /c\nworse\n"));
    assert_string_equal(message_at(&fixture, 0), "error /c/a.conf:2: unknown directive \"bad\"; "
                                                 "expected one of those in noon.conf(5)");
    assert_string_equal(message_at(&fixture, 1), "error noon.conf:3: unknown directive \"worse\"; "
                                                 "expected one of those in noon.conf(5)");
}

static void a_file_that_includes_itself_is_an_error(void **state)
{
    static const struct memory_file files[] = {{"/a", "include /a\n"}, {0}};

    (void)state;
    assert_false(parse_files(&fixture, files, "include /a\n"));
    assert_int_equal(fixture.report.errors, 1);
    assert_string_equal(message_at(&fixture, 0),
                        "error /a:1: files are included more than 10 deep, or include themselves; "
                        "expected fewer");
}

static void files_that_include_each_other_many_times_come_to_an_end(void **state)
{
    static const struct memory_file files[] = {
        {"/a", "include /a\ninclude /a\ninclude /a\ninclude /a\ninclude /a\n"}, {0}};

    (void)state;
    assert_false(parse_files(&fixture, files, "include /a\n"));
    assert_true(fixture.report.errors < 10000);
}

static void the_first_directory_of_a_confdir_wins_for_the_same_name(void **state)
{
    static const struct memory_file files[] = {
        {"/usr/10.conf", "server usr10.example\n"},
        {"/usr/20.conf", "server usr20.example\n"},
        {"/etc/20.conf", "server etc20.example\n"},
        {"/etc/15.conf", "server etc15.example\n"},
        {"/etc/99.con", "nonsense\n"},
        {0},
    };

    (void)state;
    assert_true(parse_files(&fixture, files, "confdir /etc /usr/ /missing\nserver last.example\n"));
    assert_int_equal(fixture.config.node.source_count, 4);
    assert_string_equal(source_at(&fixture, 0)->name, "usr10.example");
    assert_string_equal(source_at(&fixture, 1)->name, "etc15.example");
    assert_string_equal(source_at(&fixture, 2)->name, "etc20.example");
    assert_string_equal(source_at(&fixture, 3)->name, "last.example");
}

static void a_wrong_line_of_a_sourcedir_is_left_out_with_a_warning(void **state)
{
    static const struct memory_file files[] = {
        {"/s/a.sources", "server a.example iburst\nserver b.example bogus\nallow\nbroken\n"
                         "source dhcp\n"
                         "server c.example"}, /* its end has not been written yet */
        {0},
    };

    (void)state;
    assert_true(parse_files(&fixture, files, "sourcedir /s\nsourcedir /missing\n"));
    assert_int_equal(fixture.config.node.source_count, 1);
    assert_true(fixture.space.origins[0].sourcedir);
    assert_int_equal(fixture.report.warnings, 4);
    assert_int_equal(fixture.config.node.access_count, 0);
}

static void sources_of_a_sourcedir_can_be_read_again_alone(void **state)
{
    struct memory_file files[] = {{"/s/a.sources", "server a.example\nserver b.example\n"}, {0}};
    struct memory memory = {.files = files};
    struct config_input input =
        memory_input(&memory, "sourcedir /s\nserver x.example\nminsamples 7\n");

    (void)state;
    assert_true(parse_with(&fixture, &input));
    assert_int_equal(fixture.config.node.source_count, 3);
    files[0].text = "server b.example iburst\n";
    config_reload_sources(&fixture.config, &input, &fixture.report);
    assert_int_equal(fixture.config.node.source_count, 2);
    assert_string_equal(source_at(&fixture, 0)->name, "x.example");
    assert_string_equal(source_at(&fixture, 1)->name, "b.example");
    assert_true(source_at(&fixture, 1)->iburst);
    assert_int_equal(source_at(&fixture, 1)->min_samples, 7);
    for (unsigned i = 0; i < 100000; i++) {
        config_reload_sources(&fixture.config, &input, &fixture.report);
    }
    assert_int_equal(fixture.config.node.source_count, 2);
}

static void a_directory_that_may_not_be_read_is_no_empty_one(void **state)
{
    static const char *const rows[] = {"sourcedir /c\n", "confdir /c\n", "include /c/*\n"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct memory memory = {.closed = "/c"};
        struct config_input input = memory_input(&memory, rows[i]);

        assert_false(parse_with(&fixture, &input));
        assert_non_null(
            strstr(message_at(&fixture, 0), "can't list the directory /c: not allowed to read it"));
    }
}

static void the_directories_that_were_read_are_known(void **state)
{
    static const struct memory_file files[] = {
        {"/c/a.conf", "include /d/x\n"}, {"/d/x", "allow\n"}, {"top", ""}, {0}};
    static const char *const expected[] = {"/c", "/d", ".", "/s", "/t"};
    const char *const *directories;
    size_t count;

    (void)state;
    assert_true(parse_files(&fixture, files,
                            "confdir /c\ninclude /d/x\ninclude top\n"
                            "server a.example\nsourcedir /s /t\nsourcedir /s\n"));
    directories = config_directories(&fixture.config, &count);
    assert_int_equal(count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(directories[i], expected[i]);
    }
}

static void the_main_file_is_read_when_there_is_no_text(void **state)
{
    static const struct memory_file files[] = {{"noon.conf", "server a.example\nfoo\n"}, {0}};

    (void)state;
    assert_false(parse_files(&fixture, files, NULL));
    assert_string_equal(message_at(&fixture, 0), "error noon.conf:2: unknown directive \"foo\"; "
                                                 "expected one of those in noon.conf(5)");
    assert_false(parse_files(&fixture, NULL, NULL));
    assert_string_equal(message_at(&fixture, 0), "error noon.conf: there is no such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_match_patterns),
        cmocka_unit_test(included_files_are_read_in_place),
        cmocka_unit_test(errors_name_the_file_they_are_in),
        cmocka_unit_test(a_file_that_includes_itself_is_an_error),
        cmocka_unit_test(files_that_include_each_other_many_times_come_to_an_end),
        cmocka_unit_test(the_first_directory_of_a_confdir_wins_for_the_same_name),
        cmocka_unit_test(a_wrong_line_of_a_sourcedir_is_left_out_with_a_warning),
        cmocka_unit_test(sources_of_a_sourcedir_can_be_read_again_alone),
        cmocka_unit_test(a_directory_that_may_not_be_read_is_no_empty_one),
        cmocka_unit_test(the_directories_that_were_read_are_known),
        cmocka_unit_test(the_main_file_is_read_when_there_is_no_text),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/files", tests, NULL, NULL);
}
