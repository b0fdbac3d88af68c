/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/view_sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "unit/cli/made.h"

static const char *table(struct made *made, unsigned columns)
{
    static char buffer[8192];
    struct text text = text_begin(buffer, sizeof buffer);

    view_sources(&text, &made->view, &made->record, columns);
    assert_false(text.overrun);
    return buffer;
}

static void the_table_shows_each_source_with_its_state(void **state)
{
    struct made made;
    struct source_status *silent;

    (void)state;
    made_synchronised(&made);
    silent = made_silent(&made, "time.invalid", SOURCE_UNRESOLVED);
    silent->poll_log2 = 10;
    assert_string_equal(
        table(&made, 0),
        "  SOURCE                 ST  POLL REACH  LAST    OFFSET      +-   DELAY   ERROR STATE\n"
        "* 10.0.0.4                2   64s 16/16   12s    +12 us  9.0 us  240 us  1.2 ms selected\n"
        "+ 10.0.0.5                2   64s 16/16   12s    -31 us  9.0 us  240 us  1.2 ms combined\n"
        "+ 10.0.0.6:11123          2   64s 16/16   12s    +12 us  9.0 us  240 us  1.2 ms combined\n"
        "x ntp.example (10.0.0.7)  2   64s 16/16   12s   +200 ms  9.0 us  240 us  1.2 ms "
        "falseticker\n"
        "? time.invalid            -   17m   0/0 never         -       -       -       - "
        "unresolved\n");
}

static void a_narrow_screen_gets_fewer_columns_and_shorter_names(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    strcpy(made.sources[3].name, "a-rather-long-name.ntp.example");
    assert_string_equal(
        table(&made, 80),
        "  SOURCE                ST  POLL REACH  LAST    OFFSET   DELAY STATE\n"
        "* 10.0.0.4               2   64s 16/16   12s    +12 us  240 us selected\n"
        "+ 10.0.0.5               2   64s 16/16   12s    -31 us  240 us combined\n"
        "+ 10.0.0.6:11123         2   64s 16/16   12s    +12 us  240 us combined\n"
        "x a-rather-long-name...  2   64s 16/16   12s   +200 ms  240 us falseticker\n");
}

static void no_line_is_wider_than_the_screen(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    memset(made.sources[0].name, 'n', sizeof made.sources[0].name - 1);
    made.sources[0].state = SOURCE_UNSYNCHRONISED;
    for (unsigned columns = 78; columns < 300; columns++) {
        for (const char *line = table(&made, columns); *line != '\0';) {
            const char *end = strchr(line, '\n');

            assert_true((size_t)(end - line) <= columns);
            line = end + 1;
        }
    }
}

static void every_state_has_a_mark_that_the_help_explains(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < SOURCE_STATE_COUNT; i++) {
        char mark[] = {' ', view_source_mark(i), ' ', ' ', '\0'};

        assert_non_null(strstr(view_sources_help, mark));
    }
    assert_int_equal(view_source_mark(SOURCE_SELECTED), '*');
    assert_int_equal(view_source_mark(SOURCE_KOD), '?');
    assert_int_equal(view_source_mark(250), '?');
}

static void spans_are_given_in_the_unit_that_fits(void **state)
{
    static const struct {
        int age_s;
        const char *text;
    } rows[] = {{0, "   0s "},    {119, " 119s "},  {120, "   2m "},
                {7199, " 119m "}, {7200, "   2h "}, {172800, "   2d "}};
    struct made made;

    (void)state;
    made_init(&made);
    (void)made_source(&made, "10.0.0.1", 1, SOURCE_TRUECHIMER);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        made.sources[0].last_sample.ns = made.view.now.ns - rows[i].age_s * NS_PER_S;
        if (strstr(table(&made, 0), rows[i].text) == NULL) {
            fail_msg("%d s is not shown as \"%s\"", rows[i].age_s, rows[i].text);
        }
    }
}

static void requests_of_the_first_minutes_are_counted_as_they_are(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    (void)made_source(&made, "10.0.0.1", 1, SOURCE_MEASURING);
    made.sources[0].sent = 3;
    made.sources[0].reach = 5;
    assert_non_null(strstr(table(&made, 0), " 2/3 "));
}

static void colours_are_used_only_where_they_are_wanted(void **state)
{
    struct made made;

    (void)state;
    made_synchronised(&made);
    assert_null(strchr(table(&made, 0), '\033'));
    made.view.color = true;
    assert_non_null(strstr(table(&made, 0), "\033[32mselected\033[0m\n"));
    assert_non_null(strstr(table(&made, 0), "\033[31mfalseticker\033[0m\n"));
}

static void a_node_without_sources_says_so(void **state)
{
    struct made made;

    (void)state;
    made_init(&made);
    assert_non_null(strstr(table(&made, 0), "\n  no source is configured\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_shows_each_source_with_its_state),
        cmocka_unit_test(a_narrow_screen_gets_fewer_columns_and_shorter_names),
        cmocka_unit_test(no_line_is_wider_than_the_screen),
        cmocka_unit_test(every_state_has_a_mark_that_the_help_explains),
        cmocka_unit_test(spans_are_given_in_the_unit_that_fits),
        cmocka_unit_test(requests_of_the_first_minutes_are_counted_as_they_are),
        cmocka_unit_test(colours_are_used_only_where_they_are_wanted),
        cmocka_unit_test(a_node_without_sources_says_so),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
