/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[64], file[128];
static struct config config;
static struct sensors sensors;
static const struct log_sink quiet = {.least = LOG_SEVERITY_ERROR};

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/noon-sensors-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(file, sizeof file, "%s/temp1_input", directory);
    memset(&config, 0, sizeof config);
    config.node.tempcomp.kind = TEMPCOMP_AUTO;
    config.node.tempcomp.interval_s = 10;
    config.daemon.temperature_file = file;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(directory);
}

static void write_file(const char *content)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    fputs(content, out);
    fclose(out);
}

static double read_at(double s)
{
    struct event_temperature temperatures = {0};

    assert_true(sensors_read(&sensors, &config, (struct steady_time){(int64_t)(s * 1e9)},
                             &temperatures, &quiet));
    assert_int_equal(temperatures.count, 1);
    return temperatures.value[0];
}

static void the_file_is_read_as_often_as_was_said(void **state)
{
    struct event_temperature temperatures;

    (void)state;
    write_file("45250\n");
    sensors_find(&sensors, &config, &quiet);
    assert_true(read_at(100) == 45250);
    assert_int_equal(sensors_deadline(&sensors).ns, 110 * NS_PER_S);
    assert_false(sensors_read(&sensors, &config, (struct steady_time){109 * NS_PER_S},
                              &temperatures, &quiet));
    write_file("-1.5");
    assert_true(read_at(110) == -1.5);
}

static void what_is_no_number_is_nothing(void **state)
{
    static const char *const contents[] = {
        "",
        "\n",
        "warm\n",
        "12 000\n\n\n",
        "1e400",
        "nan",
        "123456789012345678901234567890123456789012345678901234567890123456789\n"};
    double s = 100;

    (void)state;
    write_file("1\n");
    sensors_find(&sensors, &config, &quiet);
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++, s += 10) {
        write_file(contents[i]);
        double value = read_at(s);

        if (!isnan(value) && value != 12) { /* of "12 000": up to the space */
            fail_msg("\"%s\": %g", contents[i], value);
        }
    }
    unlink(file);
    assert_true(isnan(read_at(s)));
    assert_true(sensors.failed);
    write_file("7\n");
    assert_true(read_at(s + 10) == 7);
    assert_false(sensors.failed);
}

static void its_directory_stays_open_to_the_sandbox(void **state)
{
    char path[SENSOR_PATH_SIZE];

    (void)state;
    write_file("1\n");
    sensors_find(&sensors, &config, &quiet);
    assert_string_equal(sensors_directory(&sensors, &config, path), directory);
    config.node.tempcomp.kind = TEMPCOMP_OFF;
    sensors_find(&sensors, &config, &quiet);
    assert_null(sensors_directory(&sensors, &config, path));
    assert_int_equal(sensors_deadline(&sensors).ns, INT64_MAX);
}

static void all_sensors_of_the_machine_are_at_most_eight_and_in_order(void **state)
{
    (void)state;
    write_file("1\n");
    config.daemon.temperature_file = NULL;
    sensors_find(&sensors, &config, &quiet);
    assert_true(sensors.count <= TEMPCOMP_SENSORS_MAX);
    for (unsigned i = 1; i < sensors.count; i++) {
        assert_true(strcmp(sensors.path[i - 1], sensors.path[i]) < 0);
    }
}

static void a_sensor_has_a_name_that_the_next_start_finds(void **state)
{
    char device[128];

    (void)state;
    write_file("1\n");
    config.daemon.temperature_file = file;
    sensors_find(&sensors, &config, &quiet);
    assert_int_equal(sensors.names.count, 1);
    assert_string_equal(sensors.names.name[0], file);
    /* Of a device its own name, since the kernel's numbers change. */
    snprintf(device, sizeof device, "%s/name", directory);
    FILE *out = fopen(device, "w");
    assert_non_null(out);
    fputs("coretemp\n", out);
    fclose(out);
    char name[LEARNT_NAME_SIZE] = "";
    sensors_device_name(file, name);
    assert_string_equal(name, "coretemp/temp1_input");
    unlink(device);
    name[0] = '\0';
    sensors_device_name(file, name);
    assert_string_equal(name, "");
    /* Two alike have none. */
    config.daemon.temperature_file = NULL;
    sensors_find(&sensors, &config, &quiet);
    assert_int_equal(sensors.names.count, sensors.count);
    for (unsigned i = 0; i < sensors.count; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_true(sensors.names.name[i][0] == '\0' ||
                        strcmp(sensors.names.name[i], sensors.names.name[k]) != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_is_read_as_often_as_was_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_number_is_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_directory_stays_open_to_the_sandbox, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_sensors_of_the_machine_are_at_most_eight_and_in_order,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sensor_has_a_name_that_the_next_start_finds, set_up,
                                        tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
