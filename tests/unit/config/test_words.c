/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void lines_are_cut_at_white_space(void **state)
{
    static struct words words;
    char joined[64];
    struct text text = text_begin(joined, sizeof joined);
    static const char line[] = " \tserver  ntp1\t iburst \r";

    (void)state;
    assert_int_equal(words_split(&words, line, strlen(line)), WORDS_OK);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.at[0], "server");
    assert_string_equal(words.at[2], "iburst");
    words_join(&words, 1, &text);
    assert_string_equal(joined, "ntp1 iburst");
}

static void comments_and_empty_lines_have_no_words(void **state)
{
    static struct words words;
    static const char *const rows[] = {"", "   ", "\t\r", "# a", "  ! b", ";c", "%d", "\f#"};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(words_split(&words, rows[i], strlen(rows[i])), WORDS_NONE);
    }
}

static void lines_that_nobody_writes_are_refused(void **state)
{
    static struct words words;
    static char line[4096];

    (void)state;
    memset(line, 'a', sizeof line);
    assert_int_equal(words_split(&words, line, 2048), WORDS_TOO_LONG);
    assert_int_equal(words_split(&words, line, 2047), WORDS_OK);
    assert_int_equal(words.count, 1);
    assert_int_equal(strlen(words.at[0]), 2047);
    assert_int_equal(words_split(&words, "a\0b", 3), WORDS_BAD_CHARACTER);
    assert_int_equal(words_split(&words, "\0", 1), WORDS_BAD_CHARACTER);
    assert_int_equal(words_split(&words, "a\033[2J", 5), WORDS_BAD_CHARACTER);
    for (size_t i = 0; i < 600; i++) {
        line[i] = i % 2 ? ' ' : 'a';
    }
    assert_int_equal(words_split(&words, line, 512), WORDS_OK);
    assert_int_equal(words_split(&words, line, 514), WORDS_TOO_MANY);
}

static void words_are_equal_whatever_their_case(void **state)
{
    (void)state;
    assert_true(word_equal("iBurst", "IBURST"));
    assert_true(word_equal("", ""));
    assert_false(word_equal("ntp", "ntps"));
    assert_false(word_equal("ntps", "ntp"));
    assert_false(word_equal("a_b", "a-b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_at_white_space),
        cmocka_unit_test(comments_and_empty_lines_have_no_words),
        cmocka_unit_test(lines_that_nobody_writes_are_refused),
        cmocka_unit_test(words_are_equal_whatever_their_case),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("config/words", tests, NULL, NULL);
}
