/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/signals.h"

#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"

struct arrived {
    volatile sig_atomic_t terminate, reload, child;
    volatile sig_atomic_t single;
};

/* The only thing of which there is one a process by nature: a handler gets nothing but a number. */
static struct arrived *arrived(void)
{
    static struct arrived flags;

    return &flags;
}

static void on_signal(int number)
{
    struct arrived *flags = arrived();

    if (number == SIGHUP) {
        flags->reload = 1;
    } else if (number == SIGCHLD) {
        flags->child = 1;
    } else if (number != SIGALRM) {
        flags->terminate = 1;
    }
    if (flags->single && (flags->terminate || flags->reload || flags->child)) {
        (void)alarm(1);
    }
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    (void)sigemptyset(&action.sa_mask);
    must(sigaction(number, &action, NULL) == 0);
}

static void caught_set(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGCHLD);
    (void)sigaddset(set, SIGALRM);
}

void signals_open(enum signals_mode mode)
{
    sigset_t set;

    *arrived() = (struct arrived){.single = mode == SIGNALS_SINGLE};
    install(SIGTERM, on_signal);
    install(SIGINT, on_signal);
    install(SIGHUP, on_signal);
    install(SIGCHLD, on_signal);
    install(SIGALRM, on_signal);
    install(SIGPIPE, SIG_IGN);
    caught_set(&set);
    (void)sigprocmask(mode == SIGNALS_SINGLE ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* Cleared before it is believed: a signal in between is seen by the next call. */
static bool take(volatile sig_atomic_t *flag)
{
    bool was = *flag != 0;

    if (was) {
        *flag = 0;
    }
    return was;
}

struct signal_flags signals_take(void)
{
    struct arrived *flags = arrived();
    struct signal_flags taken = {.terminate = take(&flags->terminate),
                                 .reload = take(&flags->reload),
                                 .child = take(&flags->child)};

    if (flags->single && (taken.terminate || taken.reload || taken.child)) {
        (void)alarm(0);
        /* One that came just now would lose its alarm by that. */
        if (flags->terminate || flags->reload || flags->child) {
            (void)alarm(1);
        }
    }
    return taken;
}

static int wait_single(struct pollfd *fds, size_t count, struct duration timeout)
{
    int64_t ms = timeout.ns / 1000000 + (timeout.ns % 1000000 != 0);

    if (timeout.ns < 0) {
        ms = -1;
    } else if (ms > INT_MAX) {
        ms = INT_MAX;
    }
    return poll(fds, (nfds_t)count, (int)ms);
}

static int wait_normal(struct pollfd *fds, size_t count, struct duration timeout)
{
    struct timespec limit = {.tv_sec = timeout.ns / NS_PER_S, .tv_nsec = timeout.ns % NS_PER_S};
    sigset_t none;

    (void)sigemptyset(&none);
    return ppoll(fds, (nfds_t)count, timeout.ns < 0 ? NULL : &limit, &none);
}

int signals_wait(struct pollfd *fds, size_t count, struct duration timeout)
{
    int ready =
        arrived()->single ? wait_single(fds, count, timeout) : wait_normal(fds, count, timeout);

    if (ready <= 0) {
        for (size_t i = 0; i < count; i++) {
            fds[i].revents = 0; /* not written when a signal came first */
        }
        return 0;
    }
    return ready;
}

void signals_reset(void)
{
    sigset_t set;

    install(SIGTERM, SIG_DFL);
    install(SIGINT, SIG_DFL);
    install(SIGHUP, SIG_DFL);
    install(SIGCHLD, SIG_DFL);
    install(SIGALRM, SIG_DFL);
    install(SIGPIPE, SIG_DFL);
    caught_set(&set);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}
