/* SPDX-License-Identifier: BSD-2-Clause */
/* test_environment.c - what NOON_SERVERS and NOON_ALLOW stand for, and what of them is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config_load.h"
#include "daemon/environment.h"

static void entries_become_lines(void **state)
{
    static const struct {
        const char *value, *lines;
        bool allow;
    } rows[] = {
        {"a.example", "server a.example iburst\n", false},
        {"a, b ,,c", "server a iburst\nserver b iburst\nserver c iburst\n", false},
        {"a nts maxpoll 6,b", "server a nts maxpoll 6\nserver b iburst\n", false},
        {"pool p.example iburst maxsources 2\n server s",
         "pool p.example iburst maxsources 2\n"
         "server s\n",
         false},
        {"poolside.example", "server poolside.example iburst\n", false},
        {"", "", false},
        {"  ", "", false},
        {"10.0.0.0/8", "allow 10.0.0.0/8\n", true},
        {"10.0.0.0/8 fd00::/8,all", "allow 10.0.0.0/8\nallow fd00::/8\nallow all\n", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char lines[400] = "", why[ENVIRONMENT_WHY_SIZE] = "";

        assert_true((rows[i].allow ? environment_allow : environment_servers)(rows[i].value, lines,
                                                                              sizeof lines, why));
        assert_string_equal(lines, rows[i].lines);
    }
}

static void nonsense_is_named(void **state)
{
    char lines[40] = "", why[ENVIRONMENT_WHY_SIZE] = "";

    (void)state;
    assert_false(environment_servers(" , ,", lines, sizeof lines, why));
    assert_string_equal(why,
                        "NOON_SERVERS has no entry; write for example "
                        "NOON_SERVERS=\"ntp1.example.net, ntp2.example.net nts\", or unset it");
    assert_false(environment_allow("10.0.0.0/8 10.1.0.0/16 10.2.0.0/16", lines, sizeof lines, why));
    assert_non_null(strstr(why, "NOON_ALLOW is too long"));
}

/* The configuration of a file and these variables; NULL: text[] says why not. */
static struct config *load(const char *file, const char *servers, const char *allow, char *text,
                           size_t size)
{
    static struct environment environment;
    struct config_order order = {.file = file};
    char why[ENVIRONMENT_WHY_SIZE] = "";

    if (servers) {
        assert_int_equal(setenv("NOON_SERVERS", servers, 1), 0);
    } else {
        unsetenv("NOON_SERVERS");
    }
    if (allow) {
        assert_int_equal(setenv("NOON_ALLOW", allow, 1), 0);
    } else {
        unsetenv("NOON_ALLOW");
    }
    assert_true(environment_read(&environment, &order, why));
    return config_load(&order, NULL, text, size);
}

static void the_environment_goes_before_the_sources_of_the_file(void **state)
{
    char path[] = "/tmp/noon-environment-XXXXXX";
    char text[2000];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    fputs("server of-the-file\npool another\nallow 192.0.2.0/24\nmakestep 2 3\n", file);
    fclose(file);

    struct config *config = load(path, "one,two", "10.0.0.0/8", text, sizeof text);
    assert_non_null(config);
    assert_int_equal(config->node.source_count, 2);
    assert_string_equal(config->node.sources[0].name, "one");
    assert_true(config->node.sources[0].iburst && config->node.sources[1].iburst);
    assert_int_equal(config->node.access_count, 2);
    assert_true(config->node.step.threshold_s == 2);
    config_free(config);

    config = load(path, NULL, "", text, sizeof text);
    assert_non_null(config);
    assert_string_equal(config->node.sources[0].name, "of-the-file");
    assert_int_equal(config->node.access_count, 1);
    config_free(config);

    assert_null(load(path, "one,two three", NULL, text, sizeof text));
    assert_non_null(strstr(text, "NOON_SERVERS:2: "));
    assert_null(load(path, NULL, "10.0.0.0/8,10.0.0.0/99", text, sizeof text));
    assert_non_null(strstr(text, "NOON_ALLOW:2: "));
    unlink(path);
}

static void the_file_may_be_named_there(void **state)
{
    (void)state;
    unsetenv("NTP_CONF_FILE");
    assert_null(environment_file());
    setenv("NTP_CONF_FILE", "", 1);
    assert_null(environment_file());
    setenv("NTP_CONF_FILE", "/config/ntp.conf", 1);
    assert_string_equal(environment_file(), "/config/ntp.conf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_become_lines),
        cmocka_unit_test(nonsense_is_named),
        cmocka_unit_test(the_environment_goes_before_the_sources_of_the_file),
        cmocka_unit_test(the_file_may_be_named_there),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
