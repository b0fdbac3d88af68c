/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tempcomp.c - the line `tempcomp`, in all its shapes. */
#include "fixture.h"

#include "config/print.h"
#include "support/near.h"

static struct fixture fixture;

static const struct memory_file files[] = {
    {"/points", "# by hand\n20000 0\n25000\t1.0\r\n\n30000 1.5"},
    {"/empty", ""},
    {"/one", "20000 0\n"},
    {"/words", "20000 0\nwarm 1\n"},
    {"/three", "20000 0 7\n"},
    {"/order", "20000 0\n20000 1\n"},
    {0},
};

#define SENSOR "/sys/class/hwmon/hwmon0/temp1_input"

static bool parse(const char *line)
{
    return parse_files(&fixture, files, line);
}

static void chronys_formula_is_understood(void **state)
{
    const struct tempcomp_options *tempcomp = &fixture.config.node.tempcomp;

    (void)state;
    assert_true(parse("tempcomp " SENSOR " 30 26000 0.5 0.000183 0.0\n"));
    assert_int_equal(tempcomp->kind, TEMPCOMP_FORMULA);
    assert_string_equal(fixture.config.daemon.temperature_file, SENSOR);
    assert_near(tempcomp->interval_s, 30, 0);
    assert_near(tempcomp->reference, 26000, 0);
    assert_near(tempcomp->k0, 0.5e-6, 1e-20);
    assert_near(tempcomp->k1, 0.000183e-6, 1e-22);
    assert_near(tempcomp->k2, 0, 0);
}

static void a_table_is_read_with_its_comments_and_ends_of_lines(void **state)
{
    const struct tempcomp_options *tempcomp = &fixture.config.node.tempcomp;

    (void)state;
    assert_true(parse("tempcomp " SENSOR " 0.2 /points\n"));
    assert_int_equal(tempcomp->kind, TEMPCOMP_POINTS);
    assert_near(tempcomp->interval_s, 1, 0); /* with a warning */
    assert_string_equal(message_at(&fixture, 0), "warning noon.conf:1: the sensor is read once a "
                                                 "second, not more often");
    assert_int_equal(tempcomp->point_count, 3);
    assert_near(tempcomp->points[1].temperature, 25000, 0);
    assert_near(tempcomp->points[1].comp_s_per_s, 1e-6, 1e-20);
}

static void learning_takes_one_sensor_or_all(void **state)
{
    (void)state;
    assert_true(parse("tempcomp auto\n"));
    assert_int_equal(fixture.config.node.tempcomp.kind, TEMPCOMP_AUTO);
    assert_near(fixture.config.node.tempcomp.interval_s, 30, 0);
    assert_null(fixture.config.daemon.temperature_file);
    assert_true(parse("tempcomp " SENSOR " 10 auto\n"));
    assert_int_equal(fixture.config.node.tempcomp.kind, TEMPCOMP_AUTO);
    assert_near(fixture.config.node.tempcomp.interval_s, 10, 0);
    assert_string_equal(fixture.config.daemon.temperature_file, SENSOR);
}

static void each_mistake_has_its_sentence(void **state)
{
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"tempcomp\n", "tempcomp takes auto, or the sensor's file, an interval"},
        {"tempcomp " SENSOR "\n", "expected for example \"tempcomp auto\""},
        {"tempcomp " SENSOR " 30 1 2 3\n", "expected for example"},
        {"tempcomp " SENSOR " often auto\n", "\"often\" is no interval; expected seconds"},
        {"tempcomp " SENSOR " 90000 auto\n", "\"90000\" is no interval"},
        {"tempcomp " SENSOR " 30 26000 0 warm 0\n", "\"warm\" is no number"},
        {"tempcomp " SENSOR " 30 /none\n", "\"/none\" can't be read; expected a file"},
        {"tempcomp " SENSOR " 30 /empty\n", "\"/empty\" has fewer than two points"},
        {"tempcomp " SENSOR " 30 /one\n", "\"/one\" has fewer than two points"},
        {"tempcomp " SENSOR " 30 /words\n", "the line of \"/words\" that begins with \"warm\""},
        {"tempcomp " SENSOR " 30 /three\n", "begins with \"20000\" is no point"},
        {"tempcomp " SENSOR " 30 /order\n", "the point at 20000 in \"/order\" is out of order"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(parse(rows[i].line));
        if (!strstr(message_at(&fixture, fixture.report.count - 1), rows[i].part)) {
            fail_msg("%s: %s", rows[i].line, message_at(&fixture, fixture.report.count - 1));
        }
    }
}

static void keep_line(void *context, const char *line)
{
    char *kept = context;

    if (strncmp(line, "tempcomp", 8) == 0) {
        strcpy(kept, line);
    }
}

static void it_is_printed_as_it_was_written(void **state)
{
    static const char *const lines[] = {"tempcomp auto", "tempcomp " SENSOR " 10 auto",
                                        "tempcomp " SENSOR " 30 26000 0.5 0.000183 0.0",
                                        "tempcomp " SENSOR " 30 /points"};
    char kept[1024];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        kept[0] = '\0';
        assert_true(parse(lines[i]));
        config_print(&fixture.config, keep_line, kept);
        assert_string_equal(kept, lines[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chronys_formula_is_understood),
        cmocka_unit_test(a_table_is_read_with_its_comments_and_ends_of_lines),
        cmocka_unit_test(learning_takes_one_sensor_or_all),
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(it_is_printed_as_it_was_written),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
