/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/cli/made.h"

static const char *page(struct made *made, const struct source_status *source)
{
    static char buffer[8192];
    struct text text = text_begin(buffer, sizeof buffer);

    view_source_page(&text, &made->view, &made->record, source);
    assert_false(text.overrun);
    return buffer;
}

static void a_source_with_its_history_on_one_page(void **state)
{
    struct made made;
    struct source_status *source = &made.sources[3];

    (void)state;
    made_synchronised(&made);
    source->drops[DROP_ORIGIN] = 3;
    source->drops[DROP_DELAY] = 1;
    source->last_drop = DROP_ORIGIN;
    source->kod = 1;
    source->address_changes = 2;
    source->resolved_at = made_time(14, 59, 0);
    source->prefer = true;
    source->pool = true;
    source->hours[0] = (struct source_hour){20, 20};
    source->hours[1] = (struct source_hour){56, 40};
    source->hours[2] = (struct source_hour){56, 4};
    source->hours[30] = (struct source_hour){56, 0};
    assert_string_equal(
        page(&made, source),
        "source          ntp.example (10.0.0.7), of a pool, prefer\n"
        "state           falseticker: disagrees with the majority of the sources, since 14:02 (1 h "
        "5 min ago)\n"
        "name            has an address, looked up 14:59; 2 changes of address\n"
        "used because    written in the configuration, or added by command\n"
        "it says         stratum 2, follows 10.0.1.1, leap none, root delay 500 us, root "
        "dispersion 800 us\n"
        "offset          +200 ms +- 9.0 us now; last measured +31 us\n"
        "error           at most 1.2 ms (root distance)\n"
        "path            round trip 240 us, at best 200 us, queueing 15 us\n"
        "frequency       0.021 ppm slower than ours\n"
        "measurements    24 in memory, weight 0 %, stamped by the kernel\n"
        "against         10.0.0.4: +200 ms +- 13 us\n"
        "                10.0.0.5: +200 ms +- 13 us\n"
        "                10.0.0.6:11123: +200 ms +- 13 us\n"
        "asked           every 64 s, NTP version 4; next in 52 s\n"
        "answers         16 of the last 16; in all 70 requests, 69 answers, 68 used; last 15:06 "
        "(12 s ago)\n"
        "trouble         0 send errors, 1 kiss-o'-death packet, 0 jumps of its time\n"
        "refused (last)  3: not an answer to what was asked (duplicate, late or forged)\n"
        "refused         1: the round trip was longer than allowed\n"
        "history         a character an hour: # all answered, + most, - fewer, . none\n"
        "two days before |                        | 0 of 0 answered\n"
        "the day before  |                 .      | 0 of 56 answered\n"
        "last 24 hours   |                     -+#| 64 of 132 answered\n");
}

static void a_source_never_heard_of_has_a_short_page(void **state)
{
    struct made made;
    struct source_status *source;

    (void)state;
    made_init(&made);
    source = made_silent(&made, "time.invalid", SOURCE_UNRESOLVED);
    source->resolve = RESOLVE_STATE_NO_NAME;
    source->offline = true;
    assert_string_equal(
        page(&made, source),
        "source          time.invalid\n"
        "state           unresolved: its name has no address yet, since 14:02 (1 h 5 min ago)\n"
        "name            the name does not exist (yet)\n"
        "asked           every 64 s, NTP version 4; offline: not asked now\n"
        "answers         0 of the last 0; in all 0 requests, 0 answers, 0 used; last never\n"
        "history         a character an hour: # all answered, + most, - fewer, . none\n"
        "two days before |                        | 0 of 0 answered\n"
        "the day before  |                        | 0 of 0 answered\n"
        "last 24 hours   |                        | 0 of 0 answered\n");
}

static void the_chart_runs_from_the_oldest_hour_to_the_present_one(void **state)
{
    char buffer[1000];
    struct text text = text_begin(buffer, sizeof buffer);
    struct source_status source = {.stratum = 2};

    (void)state;
    source.hours[71] = (struct source_hour){10, 10}; /* the oldest */
    source.hours[48] = (struct source_hour){10, 5};
    source.hours[47] = (struct source_hour){10, 4};
    source.hours[24] = (struct source_hour){10, 0};
    source.hours[23] = (struct source_hour){10, 12}; /* answers of the hour before */
    source.hours[0] = (struct source_hour){0, 1};    /* nothing asked, yet answered */
    view_source_reach_chart(&text, &source);
    assert_string_equal(buffer, "two days before |#                      +| 15 of 20 answered\n"
                                "the day before  |-                      .| 4 of 20 answered\n"
                                "last 24 hours   |#                      #| 13 of 10 answered\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_with_its_history_on_one_page),
        cmocka_unit_test(a_source_never_heard_of_has_a_short_page),
        cmocka_unit_test(the_chart_runs_from_the_oldest_hour_to_the_present_one),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
