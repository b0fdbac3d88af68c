/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/inspect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/process.h"

/* A child that has given up a right, holds two sockets more, and waits to be killed. */
static int start_child(void)
{
    int ready[2];
    char octet;

    assert_int_equal(pipe(ready), 0);
    int child = fork();
    if (child == 0) {
        int pair[2];

        process_name("patient");
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && write(ready[1], "r", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    assert_true(child > 0);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void a_process_is_seen_as_it_is(void **state)
{
    struct inspected self, child;
    int pid = start_child();

    (void)state;
    assert_int_equal(inspect_process(getpid(), &self), ERR_NONE);
    assert_int_equal(inspect_process(pid, &child), ERR_NONE);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_string_equal(child.name, "patient");
    assert_int_equal(child.parent, getpid());
    assert_int_equal(child.uid, geteuid());
    assert_true(strlen(child.user) > 0);
    assert_true(child.no_new_privileges);
    assert_int_equal(child.effective, self.effective);
    assert_int_equal(child.threads, 1);
    assert_true(child.resident_octets > 10000);
    assert_true(child.descriptors_known);
    assert_int_equal(child.sockets, self.sockets + 2);
    assert_true(child.descriptors >= self.descriptors + 2);
}

static void children_are_found(void **state)
{
    int pids[8] = {0};
    int first = start_child(), second = start_child();
    size_t count = inspect_children(getpid(), pids, 8);

    (void)state;
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    waitpid(first, NULL, 0);
    waitpid(second, NULL, 0);
    assert_int_equal(count, 2);
    assert_int_equal(pids[0], first < second ? first : second);
    assert_int_equal(pids[1], first < second ? second : first);
}

static void who_has_ended_is_not_found(void **state)
{
    struct inspected process;
    int pid = start_child();

    (void)state;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(inspect_process(pid, &process), ERR_NOT_FOUND);
}

static void capabilities_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(inspect_capability(CAP_CHOWN), "CAP_CHOWN");
    assert_string_equal(inspect_capability(CAP_SYS_TIME), "CAP_SYS_TIME");
    assert_int_equal(INSPECT_SYS_TIME, CAP_SYS_TIME);
    assert_int_equal(INSPECT_IPC_LOCK, CAP_IPC_LOCK);
    assert_int_equal(INSPECT_SYS_NICE, CAP_SYS_NICE);
    assert_string_equal(inspect_capability(CAP_NET_BIND_SERVICE), "CAP_NET_BIND_SERVICE");
    assert_string_equal(inspect_capability(CAP_LAST_CAP), "CAP_CHECKPOINT_RESTORE");
    assert_null(inspect_capability(CAP_LAST_CAP + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_seen_as_it_is),
        cmocka_unit_test(children_are_found),
        cmocka_unit_test(who_has_ended_is_not_found),
        cmocka_unit_test(capabilities_have_their_names),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
