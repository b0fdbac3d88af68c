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

/* What each says instead of, in the logs of chronyd, ntpd and OpenNTPD that people search. */
static void events_become_sentences(void **state)
{
    static const struct row rows[] = {
        /* "Selected source 10.0.0.4 (time.example)" */
        {{LOG_EVENT_SOURCE_SELECTED, 1, {2, 312e-6}},
         "time.example (10.0.0.4)",
         "now follows time.example (10.0.0.4), stratum 2, delay 312 us"},
        /* "reply from 10.0.0.4: offset 0.001234 delay 0.010500, next query 34s" */
        {{LOG_EVENT_SOURCE_REPLY, 1, {1.234e-3, 10.5e-3}},
         "10.0.0.4",
         "reply from 10.0.0.4: offset 0.001234000, delay 0.010500000"},
        /* "reply from 10.0.0.4: not synced (alarm), next query 3155s" */
        {{LOG_EVENT_SOURCE_REPLY_REFUSED, 1, {DROP_UNSYNCHRONISED}},
         "10.0.0.4",
         "reply from 10.0.0.4 is not used: the server says that it has no time (leap 3)"},
        {{LOG_EVENT_SOURCE_UNSYNCHRONISED, 1, {0}},
         "10.0.0.4",
         "10.0.0.4 says that it has no time: not followed"},
        /* "peer 10.0.0.4 now valid", "peer 10.0.0.4 now invalid" */
        {{LOG_EVENT_SOURCE_REACHABLE, 1, {0}}, "10.0.0.4", "10.0.0.4 answers"},
        {{LOG_EVENT_SOURCE_UNREACHABLE, 1, {8}},
         "10.0.0.4",
         "10.0.0.4 does not answer: 8 requests in a row"},
        /* "set local clock to ... (offset -0.25s)", "System clock was stepped by -0.25 seconds" */
        {{LOG_EVENT_STEPPED, LOG_NO_SOURCE, {-0.25}},
         "",
         "the clock was wrong by -250 ms: stepped"},
        /* "adjusting local clock by 1.5s", "System clock wrong by 1.5 seconds" */
        {{LOG_EVENT_SLEWING, LOG_NO_SOURCE, {1.5, 90}},
         "",
         "the clock is wrong by 1.5 s: corrected without a step in 1 min 30 s"},
        /* "Soliciting pool server 10.0.0.4", "Source 10.0.0.4 replaced with ..." */
        {{LOG_EVENT_SOURCE_RESOLVED, 1, {0}},
         "pool.example (10.0.0.4)",
         "pool.example (10.0.0.4) is a new address of its name"},
        {{LOG_EVENT_SOURCE_REPLACED, 1, {DROP_UNSYNCHRONISED}},
         "pool.example (10.0.0.4)",
         "pool.example (10.0.0.4) is given up: the server says that it has no time (leap 3); "
         "another "
         "of its name is tried"},
        /* "Detected falseticker 10.0.0.4" */
        {{LOG_EVENT_SOURCE_FALSETICKER, 1, {0.25}},
         "10.0.0.4",
         "10.0.0.4 disagrees with the majority by 250 ms: not followed"},
        /* "Can't synchronise: no majority", "Can't synchronise: no selectable sources" */
        {{LOG_EVENT_NO_MAJORITY, LOG_NO_SOURCE, {2, 4}},
         "",
         "no majority: 2 of 4 sources agree at most"},
        {{LOG_EVENT_HOLDOVER, LOG_NO_SOURCE, {5e-3}},
         "",
         "no source is usable: coasting, bound 5.0 ms and growing"},
        /* "clock is now synced", "clock is now unsynced" */
        {{LOG_EVENT_SYNCHRONISED, LOG_NO_SOURCE, {1e-3, 3, 4}},
         "",
         "synchronised: right to within 1.0 ms, 3 of 4 sources agree"},
        {{LOG_EVENT_UNSYNCHRONISED, LOG_NO_SOURCE, {0}}, "", "no longer synchronised"},
        /* "Received KoD RATE from 10.0.0.4" */
        {{LOG_EVENT_SOURCE_KOD, 1, {DROP_KOD_RATE}},
         "10.0.0.4",
         "10.0.0.4 asks for restraint: the server asks for fewer requests (RATE)"},
        {{LOG_EVENT_SUSPENDED, LOG_NO_SOURCE, {7200}}, "", "the machine slept for 2 h"},
        {{LOG_EVENT_CLOCK_MOVED, LOG_NO_SOURCE, {-0.5}},
         "",
         "the clock was moved by -500 ms, by order"},
        {{LOG_EVENT_CLOCK_PACED, LOG_NO_SOURCE, {1e-6}},
         "",
         "the clock runs at 1.000 ppm from now on, by order"},
        {{LOG_EVENT_SOURCE_DRIFTING, 1, {3e-3, 1e-6}},
         "ntp.example",
         "ntp.example drifts away from the majority, by 3.0 ms so far, 1.000 ppm now: not "
         "followed"},
        /* "Leap second ..." */
        {{LOG_EVENT_LEAP_ARMED, LOG_NO_SOURCE, {1}},
         "",
         "a leap second (1 s) is announced for the end of this day"},
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
