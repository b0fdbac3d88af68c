/* SPDX-License-Identifier: BSD-2-Clause */
/* test_logtext.c - what people read in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/logtext.h"
#include "wire/drop.h"

struct row {
    struct log_event event;
    const char *source;
    const char *sentence;
};

static void events_become_sentences(void **state)
{
    static const struct row rows[] = {
        {{LOG_EVENT_SOURCE_SELECTED, 1, {2, 312e-6}},
         "time.example (10.0.0.4)",
         "now follows time.example (10.0.0.4), stratum 2, delay 312.0 us"},
        {{LOG_EVENT_STEPPED, LOG_NO_SOURCE, {-0.25}},
         "",
         "the clock was wrong by -250.000 ms: stepped"},
        {{LOG_EVENT_SUSPENDED, LOG_NO_SOURCE, {7200}}, "", "the machine slept for 2.0 h"},
        {{LOG_EVENT_NO_MAJORITY, LOG_NO_SOURCE, {2, 4}},
         "",
         "no majority: 2 of 4 sources agree at most"},
        {{LOG_EVENT_SOURCE_DRIFTING, 1, {3e-3, 1e-6}},
         "ntp.example",
         "ntp.example drifts away from the majority, by 3.000 ms so far, 1.000 ppm now: not "
         "followed"},
        {{LOG_EVENT_LEAP_DONE, LOG_NO_SOURCE, {0}}, "", "the leap second has passed"},
    };
    char text[LOGTEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        logtext_render(&rows[i].event, rows[i].source, text);
        assert_string_equal(text, rows[i].sentence);
    }
}

static void a_drop_reason_is_a_clause(void **state)
{
    struct log_event event = {LOG_EVENT_SOURCE_KOD, 1, {DROP_KOD_RATE}};
    char text[LOGTEXT_SIZE];

    (void)state;
    logtext_render(&event, "a", text);
    assert_non_null(strstr(text, drop_sentence(DROP_KOD_RATE)));
    event.value[0] = 1e9; /* no reason at all: something harmless is said */
    logtext_render(&event, "a", text);
    assert_non_null(strstr(text, "a asks for restraint"));
}

static void no_sentence_leaves_a_brace_and_a_long_name_is_cut(void **state)
{
    char name[2 * LOGTEXT_SIZE], text[LOGTEXT_SIZE];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (unsigned id = 0; id < LOG_EVENT_COUNT; id++) {
        struct log_event event = {(enum log_event_id)id, 0, {1, 2, 3, 4}};

        logtext_render(&event, "source", text);
        assert_null(strchr(text, '{'));
        assert_null(strchr(text, '}'));
        logtext_render(&event, name, text);
        assert_true(strlen(text) < LOGTEXT_SIZE);
        assert_true(logtext_level((enum log_event_id)id) <= LOG_LEVEL_ERROR);
        assert_non_null(logtext_name((enum log_event_id)id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_become_sentences),
        cmocka_unit_test(a_drop_reason_is_a_clause),
        cmocka_unit_test(no_sentence_leaves_a_brace_and_a_long_name_is_cut),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("logtext", tests, NULL, NULL);
}
