/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/clock/learnt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/near.h"

static const struct learnt_names two = {.count = 2, .name = {"coretemp/temp1_input", "/run/air"}};

static bool parse(struct tempcomp_learnt *learnt, const struct learnt_names *names,
                  const char *text)
{
    return learnt_parse(learnt, names, text, strlen(text));
}

static struct tempcomp_learnt example(void)
{
    struct tempcomp_learnt learnt = {.weight = 57.125, .yy = 3e-15};

    learnt.traces[0].xx = 4.5e9;
    learnt.traces[0].xy = -2e-3;
    learnt.traces[3].xx = 12.5;
    learnt.traces[3].xy = 1.5e-7;
    return learnt;
}

static void what_was_written_is_read_again(void **state)
{
    struct tempcomp_learnt learnt = example(), back;
    char text[LEARNT_TEXT_SIZE];

    (void)state;
    size_t length = learnt_format(&learnt, &two, text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, "changes 57125 3000000000\n"
                              "coretemp/temp1_input 0 4500000000000 -2000000000\n"
                              "/run/air 1 12500 150000\n");
    assert_true(parse(&back, &two, text));
    assert_near(back.weight, learnt.weight, 1e-9);
    assert_near(back.yy, learnt.yy, 1e-24);
    assert_near(back.traces[0].xx, learnt.traces[0].xx, 1e-3);
    assert_near(back.traces[0].xy, learnt.traces[0].xy, 1e-12);
    assert_near(back.traces[3].xy, learnt.traces[3].xy, 1e-12);
    assert_near(back.traces[1].xx, 0, 0);
}

static void sensors_are_known_by_their_names(void **state)
{
    static const struct learnt_names turned = {.count = 3,
                                               .name = {"", "/run/air", "coretemp/temp1_input"}};
    struct tempcomp_learnt learnt = example(), back;
    char text[LEARNT_TEXT_SIZE];

    (void)state;
    learnt_format(&learnt, &two, text);
    assert_true(parse(&back, &turned, text));
    assert_near(back.traces[4].xx, 4.5e9, 1);
    assert_near(back.traces[3].xx, 12.5, 1e-3);
    assert_near(back.traces[0].xx, 0, 0);
    /* One without a name is not kept. */
    learnt = (struct tempcomp_learnt){.weight = 10, .yy = 1e-15};
    learnt.traces[0].xx = 1;
    assert_int_equal(learnt_format(&learnt, &turned, text), strlen("changes 10000 1000000000\n"));
}

static void nonsense_is_refused_as_a_whole(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "changes\n",
        "changes 1000 1000 1\n",
        "changes 0 1000\n",                  /* learnt from nothing */
        "changes 999999999 1000\n",          /* more than is ever remembered */
        "changes 10000 -1\n",                /* a negative square */
        "changes 1000 999999999999999999\n", /* changes of 1000 ppm */
        "changes 10000 1e9\n",
        "changes  10000 1000\n",
        "frequency 10000 1000\n",
        "changes 10000 1000000\nx 0 1000\n",
        "changes 10000 1000000\nx 2 1000 0\n", /* no such way of smoothing */
        "changes 10000 1000000\nx 0 -1000 0\n",
        "changes 10000 1000000\nx 0 1000 100000\n", /* a correlation of 100 */
        "changes 10000 1000000\nx 0 1000 10 1\n",
        "changes 10000 1000000\nx 0 9999999999999999999 1\n",
    };
    struct tempcomp_learnt learnt;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (parse(&learnt, &two, texts[i])) {
            fail_msg("row %zu", i);
        }
        assert_near(learnt.weight, 0, 0);
    }
    assert_true(parse(&learnt, &two, "changes 10000 1000000\nx 0 1000 1000"));
}

static void the_longest_fits(void **state)
{
    struct tempcomp_learnt learnt = {.weight = 100, .yy = 4e-8};
    struct learnt_names names = {.count = TEMPCOMP_SENSORS_MAX};
    char text[LEARNT_TEXT_SIZE];

    (void)state;
    for (unsigned i = 0; i < TEMPCOMP_TRACES; i++) {
        learnt.traces[i].xx = 1e300;
        learnt.traces[i].xy = -1e300;
        memset(names.name[i / TEMPCOMP_SPEEDS], 'x', LEARNT_NAME_SIZE - 1);
    }
    size_t length = learnt_format(&learnt, &names, text);
    assert_true(length < LEARNT_TEXT_SIZE - 1 && text[length - 1] == '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(sensors_are_known_by_their_names),
        cmocka_unit_test(nonsense_is_refused_as_a_whole),
        cmocka_unit_test(the_longest_fits),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
