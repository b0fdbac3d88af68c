/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parent is to do, by configuration and flags. */
#include "daemon/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct user_ids user = {.uid = 990, .gid = 991, .name = "noon"};

static struct config config;
static struct config_space *space;

static int open_space(void **state)
{
    (void)state;
    space = calloc(1, sizeof *space);
    return space == NULL ? -1 : 0;
}

static int close_space(void **state)
{
    (void)state;
    free(space);
    return 0;
}

static void parse(const char *text)
{
    struct config_input input = {.file = "test.conf", .text = text, .size = strlen(text)};
    static struct config_report report;

    report = (struct config_report){.count = 0};
    config_init(&config, space);
    assert_true(config_parse(&config, &input, &report));
}

/* The words of one child, with spaces between. */
static const char *words_of(struct supervisor_plan *plan, enum child_role role)
{
    static char text[2 * WORDS_SIZE];
    char *list[WORDS_MAX + 1];

    text[0] = '\0';
    words_list(&plan->arguments[role], list);
    for (size_t i = 0; list[i] != NULL; i++) {
        size_t at = strlen(text);

        (void)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? " " : "", list[i]);
    }
    return text;
}

struct row {
    const char *name, *text;
    enum child_role role;
    const char *expected;
};

static const struct row rows[] = {
    {"noond's own words, the role and the user last", "", CHILD_TIME,
     "noond -d -f a.conf --role=time -u 990:991"},
    {"the same for the server", "", CHILD_SERVER, "noond -d -f a.conf --role=server -u 990:991"},
    {"the resolver needs no more", "", CHILD_RESOLVE, "noon-helper --role=resolve -u 990:991"},
    {"the system's certificates are trusted", "", CHILD_KEYS, "noon-helper --role=keys -u 990:991"},
    {"and others, by their set", "ntstrustedcerts /a.pem\nntstrustedcerts 3 /b.pem\n", CHILD_KEYS,
     "noon-helper --role=keys -u 990:991 --trust=0:/a.pem --trust=3:/b.pem"},
    {"with the cipher suites that are allowed", "ntsciphersuites TLS_AES_128_GCM_SHA256\n",
     CHILD_KEYS, "noon-helper --role=keys -u 990:991 --suites=TLS_AES_128_GCM_SHA256"},
    {"or only others", "nosystemcert\nntstrustedcerts /a.pem\n", CHILD_KEYS,
     "noon-helper --role=keys -u 990:991 --trust=0:/a.pem --no-system-certs"},
    {"certificates that are shown", "allow\nntsservercert /c.pem\nntsserverkey /k.pem\n", CHILD_NTS,
     "noon-helper --role=nts-server -u 990:991 --cert=/c.pem --key=/k.pem --dir=/state "
     "--rotate=604800 --sessions=100 --threads=1"},
    {"and all that is said of the service",
     "allow\nport 1123\nntsservercert /c.pem\nntsserverkey /k.pem\nntsdumpdir /dump\n"
     "ntsntpserver ntp.example\nntsrotate 3600\nntsprocesses 2\nmaxntsconnections 7\n"
     "ntsratelimit interval -2 burst 3\nntsaeads 15 30\nntsciphersuites TLS_AES_256_GCM_SHA384\n",
     CHILD_NTS,
     "noon-helper --role=nts-server -u 990:991 --cert=/c.pem --key=/k.pem --dir=/dump "
     "--server=ntp.example --port=1123 --rotate=3600 --sessions=7 --threads=2 "
     "--limit=-2,3,2 --suites=TLS_AES_256_GCM_SHA384 --algorithm=15 --algorithm=30"},
};

static void each_child_gets_its_words(void **state)
{
    char name[] = "noond", foreground[] = "-d", file[] = "-f", path[] = "a.conf";
    char *const arguments[] = {name, foreground, file, path, NULL};
    const struct args args = {.state_dir = "/state"};
    static struct supervisor_plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        parse(rows[i].text);
        assert_true(plan_make(&args, &config, &user, arguments, &plan));
        if (strcmp(words_of(&plan, rows[i].role), rows[i].expected) != 0) {
            fail_msg("%s:\n%s\n%s", rows[i].name, words_of(&plan, rows[i].role), rows[i].expected);
        }
    }
}

static void too_many_words_are_no_plan(void **state)
{
    static char word[] = "pool.example";
    static char *arguments[WORDS_MAX + 1];
    const struct args args = {.state_dir = NULL};
    static struct supervisor_plan plan;

    (void)state;
    parse("");
    for (int i = 0; i < WORDS_MAX; i++) {
        arguments[i] = word;
    }
    assert_false(plan_make(&args, &config, &user, arguments, &plan));
    arguments[WORDS_MAX - 3] = NULL; /* the role, -u and the user */
    assert_true(plan_make(&args, &config, &user, arguments, &plan));
}

static void directories_and_pid_file_follow_flags_and_configuration(void **state)
{
    const struct args bare = {.state_dir = NULL},
                      flags = {.state_dir = "/state", .run_dir = "/somewhere"};
    struct premises_plan plan;

    (void)state;
    parse("");
    plan_premises(&bare, &config, &user, &plan);
    assert_string_equal(plan.run_directory, "/run/noon");
    assert_string_equal(plan.state_directory, "/var/lib/noon");
    assert_string_equal(plan.pidfile, "/run/noon/noond.pid");
    assert_string_equal(plan.log_directory, "");
    assert_true(plan.give && plan.user.uid == 990);
    parse("pidfile /x/y.pid\nlog tracking\nlogdir /logs\n");
    plan_premises(&flags, &config, &user, &plan);
    assert_string_equal(plan.run_directory, "/somewhere");
    assert_string_equal(plan.state_directory, "/state");
    assert_string_equal(plan.pidfile, "/x/y.pid");
    assert_string_equal(plan.log_directory, "/logs");
    parse("pidfile /\n"); /* chrony's way to say none */
    plan_premises(&flags, &config, &user, &plan);
    assert_string_equal(plan.pidfile, "");
    plan_premises(&flags, &config, NULL, &plan); /* alone: nothing is given away */
    assert_false(plan.give);
    assert_string_equal(plan.state_directory, "");
}

static void a_user_is_found_by_name_and_by_number_or_named_as_missing(void **state)
{
    struct log_sink log;
    struct user_ids found;
    struct args args = {.user = "12:34"};

    (void)state;
    log_open(&log, "test", false, (enum log_severity)(LOG_SEVERITY_ERROR + 1));
    parse("user nobody-of-this-name\n");
    assert_true(plan_user(&args, &config, &log, &found)); /* the flag goes before the file */
    assert_int_equal(found.uid, 12);
    assert_int_equal(found.gid, 34);
    args.user = NULL;
    assert_false(plan_user(&args, &config, &log, &found));
    parse("user root\n");
    assert_true(plan_user(&args, &config, &log, &found));
    assert_int_equal(found.uid, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_child_gets_its_words),
        cmocka_unit_test(too_many_words_are_no_plan),
        cmocka_unit_test(directories_and_pid_file_follow_flags_and_configuration),
        cmocka_unit_test(a_user_is_found_by_name_and_by_number_or_named_as_missing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_space, close_space);
}
