/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t steady_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void a_signal_before_waiting_is_not_lost(void **state)
{
    struct pollfd none = {.fd = -1};

    (void)state;
    signals_open(SIGNALS_NORMAL);
    assert_int_equal(raise(SIGHUP), 0);
    assert_false(signals_take().reload); /* blocked: it waits for the wait */
    int64_t start = steady_ns();
    assert_int_equal(signals_wait(&none, 1, (struct duration){5 * NS_PER_S}), 0);
    assert_true(steady_ns() - start < NS_PER_S);
    struct signal_flags flags = signals_take();
    assert_true(flags.reload);
    assert_false(flags.terminate);
    assert_false(signals_take().reload);
}

/* In single mode the signal comes between the look at the flags and poll(). */
static void in_single_mode_a_signal_at_the_worst_moment_costs_a_second(void **state)
{
    struct pollfd none = {.fd = -1};

    (void)state;
    signals_open(SIGNALS_SINGLE);
    assert_false(signals_take().terminate);
    assert_int_equal(raise(SIGTERM), 0);
    int64_t start = steady_ns();
    assert_int_equal(signals_wait(&none, 1, (struct duration){10 * NS_PER_S}), 0);
    int64_t took = steady_ns() - start;
    assert_true(took > NS_PER_S / 2 && took < 3 * NS_PER_S);
    assert_true(signals_take().terminate);
    /* Taken: nobody is woken any more. */
    start = steady_ns();
    assert_int_equal(signals_wait(&none, 1, (struct duration){1300000000}), 0);
    assert_true(steady_ns() - start >= 1300000000);
}

static void the_end_of_a_child_wakes(void **state)
{
    (void)state;
    signals_open(SIGNALS_NORMAL);
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    assert_int_equal(signals_wait(NULL, 0, (struct duration){5 * NS_PER_S}), 0);
    assert_true(signals_take().child);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void ready_descriptors_are_told_and_the_time_is_kept(void **state)
{
    int fds[2];
    struct pollfd p;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    for (int mode = SIGNALS_NORMAL; mode <= SIGNALS_SINGLE; mode++) {
        char byte;

        signals_open((enum signals_mode)mode);
        p = (struct pollfd){.fd = fds[0], .events = POLLIN, .revents = POLLERR};
        int64_t start = steady_ns();
        assert_int_equal(signals_wait(&p, 1, (struct duration){20500000}), 0);
        assert_true(steady_ns() - start >= 20500000);
        assert_int_equal(p.revents, 0);
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_int_equal(signals_wait(&p, 1, (struct duration){-1}), 1);
        assert_int_equal(p.revents, POLLIN);
        assert_int_equal(read(fds[0], &byte, 1), 1);
    }
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void after_a_reset_signals_do_what_they_always_do(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        signals_open(SIGNALS_NORMAL);
        (void)raise(SIGTERM); /* blocked */
        signals_reset();
        _exit(7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_before_waiting_is_not_lost),
        cmocka_unit_test(in_single_mode_a_signal_at_the_worst_moment_costs_a_second),
        cmocka_unit_test(the_end_of_a_child_wakes),
        cmocka_unit_test(ready_descriptors_are_told_and_the_time_is_kept),
        cmocka_unit_test(after_a_reset_signals_do_what_they_always_do),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
