/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts itself as the child. */
#include "sys/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char self[] = "/proc/self/exe";

static struct process_end wait_for(int pid)
{
    struct process_end end = {.pid = -1};

    for (int i = 0; i < 500; i++) {
        if (process_ended(&end)) {
            assert_int_equal(end.pid, pid);
            return end;
        }
        (void)usleep(10000);
    }
    fail();
    return end;
}

/* The child: reports through its descriptor 4 what it finds. */
static int child_counts_fds(void)
{
    size_t given = process_given_fds();

    for (int fd = 3 + (int)given; fd < 200; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            return 101;
        }
    }
    return given == 2 && write(4, "here", 4) == 4 ? 11 : 100;
}

static void a_child_gets_its_descriptors_and_no_others(void **state)
{
    char role[] = "--fds";
    char *arguments[] = {self, role, NULL};
    int pipe_fds[2];
    int other[2];
    int pid = -1;
    char text[8] = "";

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(pipe(other), 0); /* not given, and not closed on exec */
    const int fds[] = {STDIN_FILENO, pipe_fds[1]};
    assert_int_equal(process_start(&pid, self, arguments, fds, 2), ERR_NONE);
    struct process_end end = wait_for(pid);
    assert_int_equal(end.status, 11);
    assert_false(end.killed);
    assert_int_equal(read(pipe_fds[0], text, 8), 4);
    assert_string_equal(text, "here");
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
    (void)close(other[0]);
    (void)close(other[1]);
}

/* Descriptors whose numbers are those of others' places. */
static void crossed_descriptors_arrive_in_order(void **state)
{
    char role[] = "--cross";
    char *arguments[] = {self, role, NULL};
    int pid = -1;
    int a[2];
    int b[2];
    char text[4] = "";

    (void)state;
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    /* 4 and 3, so that each stands in the other's way */
    int four = fcntl(a[1], F_DUPFD, 50);
    int three = fcntl(b[1], F_DUPFD, 50);
    int saved3 = fcntl(3, F_DUPFD, 60);
    int saved4 = fcntl(4, F_DUPFD, 60);
    (void)dup2(four, 4);
    (void)dup2(three, 3);
    const int fds[] = {4, 3};
    enum err err = process_start(&pid, self, arguments, fds, 2);
    (void)dup2(saved3, 3);
    (void)dup2(saved4, 4);
    assert_int_equal(err, ERR_NONE);
    assert_int_equal(wait_for(pid).status, 12);
    int from_a = a[0] == 3 ? saved3 : a[0] == 4 ? saved4 : a[0];
    assert_int_equal(read(from_a, text, 1), 1);
    assert_string_equal(text, "3");
    (void)close(four);
    (void)close(three);
    (void)close(saved3);
    (void)close(saved4);
}

static void what_can_not_be_executed_is_said_at_once(void **state)
{
    char *arguments[] = {self, NULL};
    int pid = 0;
    struct process_end end;

    (void)state;
    assert_int_equal(process_start(&pid, "/nonexistent/noon-helper", arguments, NULL, 0),
                     ERR_NOT_FOUND);
    assert_int_equal(pid, -1);
    assert_int_equal(process_start(&pid, "/etc/passwd", arguments, NULL, 0), ERR_DENIED);
    assert_false(process_ended(&end)); /* and nothing is left behind */
}

static void a_killed_child_says_by_what(void **state)
{
    char role[] = "--sleep";
    char *arguments[] = {self, role, NULL};
    int pid = -1;

    (void)state;
    assert_int_equal(process_start(&pid, self, arguments, NULL, 0), ERR_NONE);
    process_signal(pid, SIGTERM);
    struct process_end end = wait_for(pid);
    assert_true(end.killed);
    assert_int_equal(end.status, 128 + SIGTERM);
    process_signal(-1, SIGTERM); /* never everybody */
}

static void a_child_dies_with_its_parent(void **state)
{
    char role[] = "--sleep";
    char *arguments[] = {self, role, NULL};
    int pipe_fds[2];
    int pid = -1;
    char byte;

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t parent = fork();
    if (parent == 0) {
        const int fds[] = {pipe_fds[1]};

        _exit(process_start(&pid, self, arguments, fds, 1) == ERR_NONE ? 0 : 1);
    }
    (void)close(pipe_fds[1]);
    int status = 1;
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    assert_int_equal(read(pipe_fds[0], &byte, 1), 0); /* closed: the child is gone */
    (void)close(pipe_fds[0]);
}

static void a_program_knows_where_it_lies(void **state)
{
    char text[4096];
    char tiny[2];
    char *real = realpath(self, NULL);

    (void)state;
    assert_true(process_directory(text, sizeof text));
    assert_int_equal(strncmp(real, text, strlen(text)), 0);
    assert_int_equal(real[strlen(text)], '/');
    assert_false(process_directory(tiny, sizeof tiny));
    assert_int_equal(process_id(), getpid());
    char path[4096];
    assert_true(process_beside("noond", strrchr(real, '/') + 1, path, sizeof path));
    assert_string_equal(path, real);
    assert_true(process_beside("/bin/noond", "true", path, sizeof path));
    assert_string_equal(path, "/bin/true");
    assert_false(process_beside("/bin/noond", "no-such-program", path, sizeof path));
    assert_false(process_beside("/bin/noond", "true", path, 5));
    free(real);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--fds") == 0) {
        return child_counts_fds();
    }
    if (argc > 1 && strcmp(argv[1], "--cross") == 0) {
        return write(3, "3", 1) == 1 && write(4, "4", 1) == 1 ? 12 : 1;
    }
    if (argc > 1 && strcmp(argv[1], "--sleep") == 0) {
        (void)pause();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_gets_its_descriptors_and_no_others),
        cmocka_unit_test(crossed_descriptors_arrive_in_order),
        cmocka_unit_test(what_can_not_be_executed_is_said_at_once),
        cmocka_unit_test(a_killed_child_says_by_what),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(a_program_knows_where_it_lies),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
