/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void words_come_back_in_their_order_also_from_a_copy(void **state)
{
    struct words words = {.count = 0}, copy;
    char *list[WORDS_MAX + 1];

    (void)state;
    words_add(&words, "noond");
    words_add(&words, "--role=%s", "time");
    words_add(&words, "%s", "");
    words_add(&words, "%u:%u", 0U, 4294967295U);
    copy = words;
    memset(&words, 'x', sizeof words);
    words_list(&copy, list);
    assert_string_equal(list[0], "noond");
    assert_string_equal(list[1], "--role=time");
    assert_string_equal(list[2], "");
    assert_string_equal(list[3], "0:4294967295");
    assert_null(list[4]);
    assert_false(copy.full);
}

static void what_does_not_fit_is_missed_and_said(void **state)
{
    static char longest[WORDS_SIZE];
    struct words words = {.count = 0};
    char *list[WORDS_MAX + 1];

    (void)state;
    memset(longest, 'a', sizeof longest - 1);
    words_add(&words, "%s", longest);
    assert_false(words.full);
    assert_int_equal(words.count, 1);
    words_add(&words, "b");
    assert_true(words.full);
    assert_int_equal(words.count, 1);
    words_list(&words, list);
    assert_string_equal(list[0], longest);
    assert_null(list[1]);
}

static void there_is_a_most_of_words(void **state)
{
    struct words words = {.count = 0};
    char *list[WORDS_MAX + 1];

    (void)state;
    for (int i = 0; i < WORDS_MAX; i++) {
        words_add(&words, "%d", i);
    }
    assert_false(words.full);
    words_add(&words, "more");
    assert_true(words.full);
    words_list(&words, list);
    assert_string_equal(list[WORDS_MAX - 1], "95");
    assert_null(list[WORDS_MAX]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back_in_their_order_also_from_a_copy),
        cmocka_unit_test(what_does_not_fit_is_missed_and_said),
        cmocka_unit_test(there_is_a_most_of_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
