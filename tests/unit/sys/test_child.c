/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts itself as the child; the time is the test's own. */
#include "sys/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/unix_socket.h"

static char self[] = "/proc/self/exe";

static struct steady_time at_s(int64_t s)
{
    return (struct steady_time){s * NS_PER_S};
}

static enum err start(struct child *child, const char *role, int64_t now_s)
{
    char word[16];
    char *arguments[] = {self, word, NULL};
    const int fds[] = {STDIN_FILENO};
    const struct child_program program = {self, arguments, fds, 1};

    (void)snprintf(word, sizeof word, "%s", role);
    return child_start(child, &program, at_s(now_s));
}

/* Waits for its real end, which the child is told to have been at `now_s`. */
static struct process_end wait_end(struct child *child, int64_t now_s)
{
    struct process_end end = {.pid = -1};

    for (int i = 0; i < 2000 && !process_ended(&end); i++) {
        (void)usleep(10000);
    }
    assert_int_equal(end.pid, child->pid);
    child_ended(child, at_s(now_s));
    return end;
}

/* The child has said that it is ready. */
static void wait_ready(const struct child *child)
{
    struct pollfd p = {.fd = child->channel, .events = POLLIN};
    char text[4];

    assert_int_equal(poll(&p, 1, 20000), 1);
    assert_int_equal(recv(child->channel, text, sizeof text, 0), 2);
}

static void it_is_started_when_wanted_with_a_channel_and_its_descriptors(void **state)
{
    struct child child;

    (void)state;
    child_init(&child);
    assert_false(child_is_due(&child, at_s(1)));
    assert_int_equal(child_look(&child, at_s(1)).ns, INT64_MAX);
    child_want(&child, at_s(1));
    assert_true(child_is_due(&child, at_s(1)));
    assert_int_equal(start(&child, "--fds", 1), ERR_NONE);
    assert_false(child_is_due(&child, at_s(1)));
    wait_ready(&child);
    assert_int_equal(child_look(&child, at_s(1)).ns, INT64_MAX);
    struct process_end end = wait_end(&child, 2);
    assert_false(end.killed);
    assert_int_equal(end.status, 7);
    unix_close(&child.channel);
}

static void one_that_keeps_ending_is_started_with_longer_and_longer_pauses(void **state)
{
    static const int64_t pauses_s[] = {0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct child child;
    int64_t now_s = 1;

    (void)state;
    child_init(&child);
    child_want(&child, at_s(now_s));
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        child_ended(&child, at_s(now_s));
        assert_int_equal(child_look(&child, at_s(now_s)).ns, (now_s + pauses_s[i]) * NS_PER_S);
        assert_true(pauses_s[i] == 0 || !child_is_due(&child, at_s(now_s + pauses_s[i] - 1)));
        now_s += pauses_s[i];
        assert_true(child_is_due(&child, at_s(now_s)));
        child.started = at_s(now_s); /* and so on */
    }
    child_want(&child, at_s(now_s)); /* with other files, say: no reason to wait */
    assert_true(child_is_due(&child, at_s(now_s)));
}

static void a_pause_is_short_again_after_a_steady_time(void **state)
{
    struct child child;

    (void)state;
    child_init(&child);
    child_want(&child, at_s(1));
    for (int i = 0; i < 9; i++) {
        child_ended(&child, at_s(2));
    }
    child.started = at_s(100);
    child_ended(&child, at_s(100 + CHILD_STEADY_S)); /* not longer than that */
    assert_int_equal(child.due.ns, (100 + CHILD_STEADY_S + 60) * NS_PER_S);
    child.started = at_s(300);
    child_ended(&child, at_s(301 + CHILD_STEADY_S));
    assert_int_equal(child.due.ns, (301 + CHILD_STEADY_S) * NS_PER_S);
}

static void what_cannot_be_started_is_tried_again_later(void **state)
{
    char word[] = "no-such-program";
    char *arguments[] = {word, NULL};
    const struct child_program program = {"/nonexistent/program", arguments, NULL, 0};
    struct child child;

    (void)state;
    child_init(&child);
    child_want(&child, at_s(5));
    assert_int_equal(child_start(&child, &program, at_s(5)), ERR_NOT_FOUND);
    assert_int_equal(child.pid, -1);
    assert_int_equal(child.channel, -1);
    assert_true(child_is_due(&child, at_s(5)));
    assert_int_equal(child_start(&child, &program, at_s(5)), ERR_NOT_FOUND);
    assert_false(child_is_due(&child, at_s(5)));
    assert_true(child_is_due(&child, at_s(6)));
    const struct child_program later = {NULL, arguments, NULL, 0};
    assert_int_equal(child_start(&child, &later, at_s(6)), ERR_FULL);
    assert_false(child_is_due(&child, at_s(7)));
    assert_true(child_is_due(&child, at_s(8)));
}

static void it_ends_when_asked_to(void **state)
{
    struct child child;

    (void)state;
    child_init(&child);
    child_end(&child, at_s(1)); /* does not run: nothing happens */
    assert_false(child.ending);
    child_want(&child, at_s(1));
    assert_int_equal(start(&child, "--live", 1), ERR_NONE);
    child_end(&child, at_s(2));
    assert_true(child.ending);
    child_end(&child, at_s(4)); /* asked again: no more time for it */
    assert_int_equal(child_look(&child, at_s(4)).ns, (2 + CHILD_END_S) * NS_PER_S);
    struct process_end end = wait_end(&child, 4);
    assert_true(end.killed);
    assert_int_equal(end.status, 128 + SIGTERM);
    assert_true(child_is_due(&child, at_s(4))); /* an end that was asked for is no failure */
    unix_close(&child.channel);
}

static void it_is_killed_when_it_does_not_end(void **state)
{
    struct child child;

    (void)state;
    child_init(&child);
    assert_int_equal(start(&child, "--deaf", 1), ERR_NONE);
    wait_ready(&child);
    child_end(&child, at_s(2));
    struct steady_time until = child_look(&child, at_s(3));
    assert_int_equal(until.ns, (2 + CHILD_END_S) * NS_PER_S);
    struct steady_time again = child_look(&child, until);
    assert_true(again.ns > until.ns);
    struct process_end end = wait_end(&child, 8);
    assert_true(end.killed);
    assert_int_equal(end.status, 128 + SIGKILL);
    assert_int_equal(child_look(&child, at_s(9)).ns, INT64_MAX); /* nobody wants it any more */
    unix_close(&child.channel);
}

static void one_that_is_replaced_is_due_when_it_has_ended(void **state)
{
    struct child child;

    (void)state;
    child_init(&child);
    child_replace(&child, true, at_s(1)); /* does not run: is to be started */
    assert_true(child_is_due(&child, at_s(1)));
    assert_int_equal(start(&child, "--live", 1), ERR_NONE);
    child_replace(&child, true, at_s(2));
    assert_false(child_is_due(&child, at_s(100)));
    (void)wait_end(&child, 3);
    assert_true(child_is_due(&child, at_s(3)));
    assert_int_equal(start(&child, "--live", 3), ERR_NONE);
    child_replace(&child, false, at_s(4));
    (void)wait_end(&child, 5);
    assert_false(child_is_due(&child, at_s(1000)));
    unix_close(&child.channel);
}

static int be_child(const char *role)
{
    if (process_given_fds() != 2 || unix_peer_uid(3) < 0) {
        return 100;
    }
    if (strcmp(role, "--deaf") == 0) {
        (void)signal(SIGTERM, SIG_IGN);
    }
    if (strcmp(role, "--live") != 0 && send(3, "ok", 2, 0) != 2) {
        return 101;
    }
    for (int i = 0; strcmp(role, "--fds") != 0 && i < 600; i++) {
        (void)usleep(100000); /* its parent's end is its own too */
    }
    return 7;
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_started_when_wanted_with_a_channel_and_its_descriptors),
        cmocka_unit_test(one_that_keeps_ending_is_started_with_longer_and_longer_pauses),
        cmocka_unit_test(a_pause_is_short_again_after_a_steady_time),
        cmocka_unit_test(what_cannot_be_started_is_tried_again_later),
        cmocka_unit_test(it_ends_when_asked_to),
        cmocka_unit_test(one_that_is_replaced_is_due_when_it_has_ended),
        cmocka_unit_test(it_is_killed_when_it_does_not_end),
    };

    if (argc > 1) {
        return be_child(argv[1]);
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
