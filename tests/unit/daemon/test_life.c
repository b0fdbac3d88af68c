/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct page page;

static int open_page(void **state)
{
    (void)state;
    return life_create(&page) == ERR_NONE ? 0 : -1;
}

static int close_page(void **state)
{
    (void)state;
    page_close(&page);
    return 0;
}

static struct steady_time at_s(int64_t s)
{
    return (struct steady_time){s * NS_PER_S};
}

static void who_keeps_the_promise_is_never_lost(void **state)
{
    struct life_watch watch = {.look = {10 * NS_PER_S}};

    (void)state;
    life_begin(&page, at_s(110));
    for (int64_t now_s = 100; now_s < 2000; now_s += 5) {
        if (now_s % 30 == 0) {
            life_promise(&page, at_s(now_s + 35));
        }
        assert_false(life_look(&watch, &page, at_s(now_s)));
        assert_true(watch.next.ns > now_s * NS_PER_S);
    }
}

static void who_breaks_it_is_lost_after_three_looks(void **state)
{
    struct life_watch watch = {.look = {10 * NS_PER_S}};

    (void)state;
    life_begin(&page, at_s(150));
    assert_false(life_look(&watch, &page, at_s(100)));
    assert_int_equal(watch.next.ns, 160 * NS_PER_S); /* the promise, and a look's time */
    assert_false(life_look(&watch, &page, at_s(159)));
    assert_int_equal(watch.looks, 0);
    assert_false(life_look(&watch, &page, at_s(160)));
    assert_false(life_look(&watch, &page, at_s(165))); /* too soon for another look */
    assert_false(life_look(&watch, &page, at_s(170)));
    assert_true(life_look(&watch, &page, at_s(180)));
    assert_false(life_look(&watch, &page, at_s(180))); /* said once */
    assert_int_equal(watch.looks, 0);
}

static void a_sign_of_life_between_two_looks_forgives(void **state)
{
    struct life_watch watch = {.look = {10 * NS_PER_S}};

    (void)state;
    life_begin(&page, at_s(100));
    assert_false(life_look(&watch, &page, at_s(100)));
    assert_false(life_look(&watch, &page, at_s(110)));
    assert_false(life_look(&watch, &page, at_s(120)));
    life_promise(&page, at_s(121));
    assert_false(life_look(&watch, &page, at_s(130)));
    assert_int_equal(watch.looks, 0);
    assert_int_equal(watch.next.ns, 140 * NS_PER_S);
}

static void a_machine_that_slept_is_no_reason(void **state)
{
    struct life_watch watch = {.look = {0}};

    (void)state;
    life_begin(&page, at_s(100));
    assert_false(life_look(&watch, &page, at_s(100)));
    assert_false(life_look(&watch, &page, at_s(100000))); /* one look, however late */
    assert_int_equal(watch.next.ns, (100000 + LIFE_LOOK_S) * NS_PER_S);
}

/* Of a process that may have been taken over. */
static void a_promise_for_ever_is_watched_all_the_same(void **state)
{
    static const uint64_t promises[] = {UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX - 5, 1ULL << 62};

    (void)state;
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        struct life_watch watch = {.look = {10 * NS_PER_S}};

        page_mark_set(&page, PAGE_MARK_AWAKE, promises[i]);
        assert_false(life_look(&watch, &page, at_s(100)));
        assert_true(watch.next.ns <= (100 + LIFE_PROMISE_MAX_S + 10) * NS_PER_S);
        assert_true(watch.next.ns > 100 * NS_PER_S);
    }
}

static void the_rate_is_taken_once_and_only_if_it_was_given(void **state)
{
    struct freq rate;

    (void)state;
    life_begin(&page, at_s(1));
    assert_false(life_take_rate(&page, &rate));
    life_rate(&page, (struct freq){-12.5e-6});
    assert_true(life_take_rate(&page, &rate));
    assert_true(rate.s_per_s == -12.5e-6);
    assert_false(life_take_rate(&page, &rate));
    life_rate(&page, (struct freq){1e-6});
    life_begin(&page, at_s(2)); /* of the one before */
    assert_false(life_take_rate(&page, &rate));
}

static void the_sentence_arrives_and_is_cut_where_it_is_too_long(void **state)
{
    char text[LIFE_TEXT_SIZE], longer[2 * LIFE_TEXT_SIZE];

    (void)state;
    assert_false(life_text(&page, text));
    life_tell(&page, "synchronised");
    assert_true(life_text(&page, text));
    assert_string_equal(text, "synchronised");
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    life_tell(&page, longer);
    assert_true(life_text(&page, text));
    assert_int_equal(strlen(text), LIFE_TEXT_SIZE - 1);
    /* Not ended by who should have. */
    page_write(&page, longer, LIFE_TEXT_SIZE);
    assert_true(life_text(&page, text));
    assert_int_equal(strlen(text), LIFE_TEXT_SIZE - 1);
    page_write(&page, longer, 3);
    assert_false(life_text(&page, text));
}

#define WITH_PAGE(test) cmocka_unit_test_setup_teardown(test, open_page, close_page)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAGE(who_keeps_the_promise_is_never_lost),
        WITH_PAGE(who_breaks_it_is_lost_after_three_looks),
        WITH_PAGE(a_sign_of_life_between_two_looks_forgives),
        WITH_PAGE(a_machine_that_slept_is_no_reason),
        WITH_PAGE(a_promise_for_ever_is_watched_all_the_same),
        WITH_PAGE(the_rate_is_taken_once_and_only_if_it_was_given),
        WITH_PAGE(the_sentence_arrives_and_is_cut_where_it_is_too_long),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
