/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/cli/made.h"

static const char *screen(struct made *made, const struct watch_history *history,
                          const struct watch_screen *size)
{
    static char buffer[16384];
    struct text text = text_begin(buffer, sizeof buffer);

    view_watch(&text, &made->view, &made->record, history, size);
    assert_false(text.overrun);
    return buffer;
}

static void the_screen_has_sentence_chart_and_sources(void **state)
{
    struct watch_screen size = {.columns = 80, .rows = 24, .interval_s = 2};
    struct watch_history history = {0};
    struct made made;

    (void)state;
    made_synchronised(&made);
    made.record.node.clock_error_s = -0.28;
    watch_history_add(&history, &made.record.node);
    made.record.node.clock_error_s = 3e-5;
    watch_history_add(&history, &made.record.node);
    assert_string_equal(
        screen(&made, &history, &size),
        "noon  15:07:00  every 2.0 s, q ends\n"
        "\n"
        "Right to within 312 us: follows 10.0.0.4 and 2 others of 4 sources, stratum 3,\n"
        "since 14:02.\n"
        "\n"
        "* error of the clock   - bound\n"
        "    1 s |\n"
        " 100 ms |*\n"
        "  10 ms |\n"
        "   1 ms |\n"
        " 100 us |--\n"
        "  10 us | *\n"
        "   1 us |\n"
        "   less |\n"
        "\n"
        "  SOURCE                ST  POLL REACH  LAST    OFFSET   DELAY STATE\n"
        "* 10.0.0.4               2   64s 16/16   12s    +12 us  240 us selected\n"
        "+ 10.0.0.5               2   64s 16/16   12s    -31 us  240 us combined\n"
        "+ 10.0.0.6:11123         2   64s 16/16   12s    +12 us  240 us combined\n"
        "x ntp.example (10.0.0..  2   64s 16/16   12s   +200 ms  240 us falseticker\n");
}

static void every_size_of_screen_is_kept(void **state)
{
    struct watch_history history = {0};
    struct made made;

    (void)state;
    made_synchronised(&made);
    for (int i = 0; i < 300; i++) {
        watch_history_add(&history, &made.record.node);
    }
    assert_int_equal(history.count, WATCH_POINTS);
    for (unsigned columns = 1; columns < 130; columns += 3) {
        for (unsigned rows = 1; rows < 40; rows++) {
            struct watch_screen size = {.columns = columns, .rows = rows, .interval_s = 1};
            unsigned lines = 0;

            for (const char *at = screen(&made, &history, &size); *at != '\0'; lines++) {
                const char *end = strchr(at, '\n');

                assert_non_null(end);
                assert_true((size_t)(end - at) <= columns);
                at = end + 1;
            }
            assert_true(lines > 0 && lines <= rows);
        }
    }
}

static void colours_do_not_count_and_never_leak(void **state)
{
    struct watch_screen size = {.columns = 70, .rows = 24, .interval_s = 1};
    struct watch_history history = {0};
    struct made made;
    const char *text;

    (void)state;
    made_synchronised(&made);
    made.view.color = true;
    text = screen(&made, &history, &size);
    assert_non_null(strstr(text, "\033[32mselected\033[0m\n"));
    assert_non_null(strstr(text, "\033[31mfalseticke\033[0m\n")); /* cut, and the colour ended */
}

static void a_silent_daemon_is_told_over_the_old_table(void **state)
{
    struct watch_screen size = {
        .columns = 30, .rows = 24, .interval_s = 1, .problem = "noond does not answer at all: sad"};
    struct watch_history history = {0};
    struct made made;
    const char *text;

    (void)state;
    made_synchronised(&made);
    text = screen(&made, &history, &size);
    assert_non_null(strstr(text, "\nnoond does not answer at all:\nsad\n"));
    assert_null(strstr(text, "Right to within"));
    assert_non_null(strstr(text, "10.0.0.4"));
}

static void the_chart_keeps_the_newest_points_and_leaves_gaps(void **state)
{
    struct watch_history history = {0};
    struct node_status node = {.state = NODE_UNSYNCHRONISED, .bound_s = 0.5};
    char buffer[2000];
    struct text text = text_begin(buffer, sizeof buffer);

    (void)state;
    watch_history_add(&history, &node); /* nothing known: a gap */
    node.state = NODE_SYNCHRONISED;
    for (int i = 0; i < 5; i++) {
        node.clock_error_s = i == 4 ? 1e-9 : 0.02;
        watch_history_add(&history, &node);
    }
    view_watch_chart(&text, &history, 14); /* room for 4 */
    assert_string_equal(buffer, "    1 s |----\n"
                                " 100 ms |\n"
                                "  10 ms |***\n"
                                "   1 ms |\n"
                                " 100 us |\n"
                                "  10 us |\n"
                                "   1 us |\n"
                                "   less |   *\n");
    text = text_begin(buffer, sizeof buffer);
    view_watch_chart(&text, &history, 40);
    assert_int_equal(strncmp(buffer, "    1 s | -----\n", 16), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_screen_has_sentence_chart_and_sources),
        cmocka_unit_test(every_size_of_screen_is_kept),
        cmocka_unit_test(colours_do_not_count_and_never_leak),
        cmocka_unit_test(a_silent_daemon_is_told_over_the_old_table),
        cmocka_unit_test(the_chart_keeps_the_newest_points_and_leaves_gaps),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
