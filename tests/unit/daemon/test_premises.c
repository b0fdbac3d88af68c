/* SPDX-License-Identifier: BSD-2-Clause */
/* Possession of a directory, taken and left. */
#include "daemon/premises.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/unix_socket.h"

static char directory[64];
static struct log_sink silent;

static int open_directory(void **state)
{
    (void)state;
    log_open(&silent, "test", false, (enum log_severity)(LOG_SEVERITY_ERROR + 1));
    (void)snprintf(directory, sizeof directory, "/tmp/noon-test-premises-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int close_directory(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

static struct premises_plan plan_here(void)
{
    struct premises_plan plan = {.user = privilege_self(), .give = true};

    (void)snprintf(plan.run_directory, PREMISES_PATH_SIZE, "%s/run", directory);
    (void)snprintf(plan.state_directory, PREMISES_PATH_SIZE, "%s/state/deep", directory);
    (void)snprintf(plan.log_directory, PREMISES_PATH_SIZE, "%s/log", directory);
    (void)snprintf(plan.pidfile, PREMISES_PATH_SIZE, "%s/pid/noond.pid", directory);
    return plan;
}

/* Permissions; -1: it is not there. */
static int mode_of(const char *name)
{
    char path[128];
    struct stat seen;

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return stat(path, &seen) == 0 ? (int)(seen.st_mode & 0777) : -1;
}

static void all_is_made_with_its_modes_and_what_tells_of_a_daemon_is_removed(void **state)
{
    const struct premises_plan plan = plan_here();
    struct premises premises;

    (void)state;
    assert_true(premises_open(&premises, &plan, &silent));
    assert_int_equal(mode_of("run/status.sock"), 0666);
    assert_int_equal(mode_of("run/control.sock"), 0660);
    assert_int_equal(mode_of("run/time"), 0644);
    assert_int_equal(mode_of("state/deep"), 0755);
    assert_int_equal(mode_of("log"), 0755);
    assert_int_equal(mode_of("pid/noond.pid"), 0644);
    assert_non_null(premises.line.map);
    premises_close(&premises);
    assert_int_equal(mode_of("run/status.sock"), -1);
    assert_int_equal(mode_of("run/control.sock"), -1);
    assert_int_equal(mode_of("pid/noond.pid"), -1);
    assert_int_equal(mode_of("run/time"), 0644); /* for readers who have it open */
}

static void a_second_one_is_refused_and_takes_nothing_away(void **state)
{
    const struct premises_plan plan = plan_here();
    struct premises first, second;
    int fd;

    (void)state;
    assert_true(premises_open(&first, &plan, &silent));
    pid_t pid = fork(); /* our own id in the file would be no other daemon's */
    if (pid == 0) {
        bool refused = !premises_open(&second, &plan, &silent);

        premises_close(&second);
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/run/status.sock", directory);
    assert_int_equal(unix_connect(&fd, path, (struct duration){NS_PER_S}), ERR_NONE);
    unix_close(&fd);
    assert_true(mode_of("pid/noond.pid") > 0);
    premises_close(&first);
}

static void what_cannot_be_had_is_done_without(void **state)
{
    struct premises_plan plan = plan_here();
    struct premises premises;

    (void)state;
    /* A file where a directory should be. */
    (void)snprintf(plan.run_directory, PREMISES_PATH_SIZE, "/dev/null/run");
    (void)snprintf(plan.pidfile, PREMISES_PATH_SIZE, "/dev/null/run/noond.pid");
    assert_true(premises_open(&premises, &plan, &silent));
    assert_int_equal(premises.listeners[PREMISES_STATUS], -1);
    assert_int_equal(premises.listeners[PREMISES_CONTROL], -1);
    assert_null(premises.line.map);
    assert_false(premises.pidfile);
    premises_close(&premises);
}

static void nothing_is_made_where_nothing_is_wanted(void **state)
{
    const struct premises_plan plan = {.run_directory = ""};
    struct premises premises;

    (void)state;
    assert_true(premises_open(&premises, &plan, &silent));
    assert_int_equal(premises.listeners[PREMISES_STATUS], -1);
    assert_null(premises.line.map);
    premises_close(&premises);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, open_directory, close_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(all_is_made_with_its_modes_and_what_tells_of_a_daemon_is_removed),
        WITH_DIRECTORY(a_second_one_is_refused_and_takes_nothing_away),
        WITH_DIRECTORY(what_cannot_be_had_is_done_without),
        WITH_DIRECTORY(nothing_is_made_where_nothing_is_wanted),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
