/* SPDX-License-Identifier: BSD-2-Clause */
/* test_manners.c - noond called as chronyd or ntpd, with the flags that people have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/args.h"
#include "daemon/config_load.h"
#include "daemon/manners.h"

enum { WORDS_MAX = 32 };

static struct args args;

/* Parses a whole command line; words are separated by one space, "_" stands for one inside. */
static enum args_result parse(const char *line)
{
    static char copy[512];
    static char *argv[WORDS_MAX];
    char *rest = copy, *word;
    int argc = 0;

    snprintf(copy, sizeof copy, "%s", line);
    while ((word = strsep(&rest, " ")) != NULL && argc < WORDS_MAX - 1) {
        for (char *at = word; *at; at++) {
            *at = *at == '_' ? ' ' : *at;
        }
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return args_parse(&args, argc, argv, NULL);
}

static void the_name_and_the_flags_say_whose_they_are(void **state)
{
    static const struct {
        const char *line;
        enum args_manner manner;
    } rows[] = {
        {"noond -d", MANNER_NOON},
        {"/usr/sbin/chronyd -F 1", MANNER_CHRONY},
        {"ntpd -p /var/run/ntpd.pid -4 -g -u 105:109", MANNER_NTP},
        {"/usr/sbin/ntpd -p /run/ntpd.pid -c /etc/ntpsec/ntp.conf -g -N -u ntpsec:ntpsec",
         MANNER_NTP},
        {"ntpd -v -d -s -f /app/ntpd.conf", MANNER_OPENNTPD},
        {"ntpd -dsf /app/ntpd.conf", MANNER_OPENNTPD},
        {"ntpd -d -f /etc/openntpd/ntpd.conf", MANNER_OPENNTPD},
        {"ntpd -s", MANNER_OPENNTPD},
        {"ntpd -s /var/log/ntpstats", MANNER_NTP},
        {"ntpd -f /var/lib/ntp/drift", MANNER_NTP},
        {"ntpd -gq", MANNER_NTP},
        {"ntpd -n", MANNER_NTP},
        {"ntpd", MANNER_NTP},
        {"ntpd --panicgate --quit", MANNER_NTP},
        {"openntpd -d", MANNER_OPENNTPD},
        {"ntpd -d -s --role=time -u 1:2", MANNER_OPENNTPD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse(rows[i].line) != ARGS_RUN || args.manner != rows[i].manner) {
            fail_msg("%s: manner %d", rows[i].line, (int)args.manner);
        }
    }
}

static void what_people_have_written_means_what_it_meant(void **state)
{
    (void)state;
    assert_int_equal(parse("ntpd -p /var/run/ntpd.pid -4 -g -u 105:109"), ARGS_RUN);
    assert_string_equal(args.order.pid_file, "/var/run/ntpd.pid");
    assert_string_equal(args.user, "105:109");
    assert_true(args.ipv4_only && args.order.first_free && !args.foreground && !args.print);
    assert_int_equal(parse("ntpd -v -d -s -f /app/ntpd.conf"), ARGS_RUN);
    assert_string_equal(args.config_file, "/app/ntpd.conf");
    assert_true(args.foreground && args.order.step_once);
    assert_null(args.state_dir);
    assert_int_equal(args.order.likely, DIALECT_OPENNTPD);
    assert_int_equal(parse("chronyd -F 1"), ARGS_RUN);
    assert_string_equal(args.order.pid_default, "/run/chrony/chronyd.pid");
    assert_false(args.foreground);
    assert_int_equal(parse("ntpd -x -q -6 -n -s /stats -f /drift"), ARGS_RUN);
    assert_true(args.order.slew && args.ipv6_only && args.no_fork && !args.observe && !args.check);
    assert_int_equal(args.once, ONCE_SET);
    assert_string_equal(args.order.log_dir, "/stats");
    assert_string_equal(args.order.drift_file, "/drift");
    assert_int_equal(parse("chronyd -d -x -u _chrony -L -1 -t 5 -s -r -U -f /c --role=server"),
                     ARGS_RUN);
    assert_true(args.foreground && args.observe && args.seconds == 5 && args.log_level == 0);
    assert_int_equal(args.role, ROLE_SERVER);
    assert_int_equal(parse("ntpd -d -s -f /app/ntpd.conf --role=time -u 5:6"), ARGS_RUN);
    assert_int_equal(args.role, ROLE_TIME);
    assert_string_equal(args.user, "5:6");
    assert_int_equal(parse("chronyd -q server_a.example --role=time -u 5:6"), ARGS_RUN);
    assert_int_equal(args.role, ROLE_TIME);
    assert_int_equal(args.order.line_count, 1);
    assert_int_equal(parse("ntpd -d -s -n"), ARGS_RUN);
    assert_true(args.check);
}

static void flags_that_can_not_be_kept_are_refused_with_what_to_do(void **state)
{
    static const char *const rows[] = {
        "chronyd -Z",       "chronyd -P 100", "ntpd -I eth0",    "ntpd -g -t 5",
        "ntpd -g -i /jail", "ntpd -g extra",  "chronyd -t soon", "chronyd -4 -6",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parse(rows[i]) != ARGS_BAD) {
            fail_msg("%s is not refused", rows[i]);
        }
    }
    assert_int_equal(parse("chronyd -v"), ARGS_EXIT);
    assert_int_equal(parse("ntpd -g -V"), ARGS_EXIT);
}

/* Alone on a line, with a value where one belongs. */
static void each_flag_is_taken_as_its_row_says(void **state)
{
    static const struct {
        enum args_manner manner;
        const char *name;
    } daemons[] = {
        {MANNER_CHRONY, "chronyd"}, {MANNER_NTP, "ntpd -g"}, {MANNER_OPENNTPD, "openntpd"}};

    (void)state;
    for (size_t i = 0; i < sizeof daemons / sizeof daemons[0]; i++) {
        struct manners_flag flag;
        size_t count = 0, letters = 0;

        for (; manners_flag(daemons[i].manner, count, &flag); count++) {
            char line[60];

            snprintf(line, sizeof line, "%s -%c%s", daemons[i].name, flag.letter,
                     flag.takes_value ? " 1" : "");
            enum args_result result = parse(line);
            if ((result == ARGS_BAD) != flag.refused ||
                flag.means_nothing != (result == ARGS_RUN && args.remark)) {
                fail_msg("%s: %d", line, (int)result);
            }
            assert_true(strlen(flag.text) > 10);
            if (flag.name && !strchr(flag.name, '_')) { /* which stands for a space here */
                snprintf(line, sizeof line, "%s --%s%s", daemons[i].name, flag.name,
                         flag.takes_value ? "=1" : "");
                if (parse(line) != result) {
                    fail_msg("%s is not %c", line, flag.letter);
                }
            }
        }
        for (const char *at = manners_letters(daemons[i].manner); *at; at++) {
            letters += *at != ':';
        }
        assert_int_equal(count, letters + (daemons[i].manner == MANNER_NTP)); /* and -? */
    }
}

static void flags_for_the_process_go_before_the_file(void **state)
{
    (void)state;
    assert_int_equal(parse("chronyd -m -P 7"), ARGS_RUN);
    assert_true(args.order.lock_memory && args.order.priority == 7);
    assert_int_equal(parse("ntpd -g -k /keys -P 3"), ARGS_RUN);
    assert_string_equal(args.order.key_file, "/keys");
    assert_int_equal(args.order.priority, 3);
}

static bool only_ntpsec(const char *path)
{
    return strcmp(path, "/etc/ntpsec/ntp.conf") == 0;
}

static bool none(const char *path)
{
    (void)path;
    return false;
}

static void each_name_has_its_own_configuration_file(void **state)
{
    (void)state;
    assert_string_equal(manners_file(MANNER_NTP, only_ntpsec), "/etc/ntpsec/ntp.conf");
    assert_string_equal(manners_file(MANNER_NTP, none), "/etc/ntp.conf");
    assert_string_equal(manners_file(MANNER_OPENNTPD, none), "/etc/openntpd/ntpd.conf");
    assert_string_equal(manners_file(MANNER_CHRONY, none), "/etc/chrony/chrony.conf");
    assert_string_equal(manners_file(MANNER_NOON, none), "/etc/noon/noon.conf");
}

static struct config *load(const char *line, const char *path)
{
    static char text[4096];
    struct config *config;

    assert_int_equal(parse(line), ARGS_RUN);
    args.order.file = path;
    config = config_load(&args.order, NULL, text, sizeof text);
    if (!config) {
        fail_msg("%s: %s", line, text);
    }
    return config;
}

static void flags_go_before_the_file(void **state)
{
    char path[] = "/tmp/noon-manners-XXXXXX";
    static const char text[] = "server 192.0.2.1\ndriftfile /a\n";
    int fd = mkstemp(path);
    struct config *config;

    (void)state;
    assert_true(fd >= 0 && write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(fd);
    config = load("ntpd -g -f /b", path);
    assert_string_equal(config->daemon.drift_file, "/b");
    assert_false(config->daemon.lock_memory || config->daemon.keys_of_ntp);
    assert_int_equal(config->dialect, DIALECT_NTP);
    assert_true(config->node.change.offset_s == 1000 && config->node.change.start == 1);
    assert_true(config->node.step.threshold_s == 0.128);
    config_free(config);
    config = load("ntpd -g -k /k -P 4", path);
    assert_string_equal(config->daemon.key_file, "/k");
    assert_true(config->daemon.keys_of_ntp && config->daemon.sched_priority == 4);
    config_free(config);
    config = load("chronyd -m", path);
    assert_true(config->daemon.lock_memory);
    config_free(config);
    config = load("ntpd -x", path);
    assert_true(config->node.step.threshold_s == 600 && config->node.change.start == 0);
    config_free(config);
    config = load("chronyd -d", path);
    assert_int_equal(config->dialect, DIALECT_CHRONY);
    assert_string_equal(config->daemon.pid_file, "/run/chrony/chronyd.pid");
    assert_true(config->node.step.threshold_s == 0);
    config_free(config);
    unlink(path);
}

static void chronyd_takes_lines_instead_of_a_file(void **state)
{
    struct config *config;

    (void)state;
    config = load("chronyd -q server_192.0.2.9_iburst maxdistance_2", "/nowhere");
    assert_int_equal(config->node.source_count, 1);
    assert_string_equal(config->node.sources[0].name, "192.0.2.9");
    assert_true(config->node.sources[0].iburst && config->node.max_distance_s == 2);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_and_the_flags_say_whose_they_are),
        cmocka_unit_test(what_people_have_written_means_what_it_meant),
        cmocka_unit_test(flags_that_can_not_be_kept_are_refused_with_what_to_do),
        cmocka_unit_test(each_flag_is_taken_as_its_row_says),
        cmocka_unit_test(flags_for_the_process_go_before_the_file),
        cmocka_unit_test(each_name_has_its_own_configuration_file),
        cmocka_unit_test(flags_go_before_the_file),
        cmocka_unit_test(chronyd_takes_lines_instead_of_a_file),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
