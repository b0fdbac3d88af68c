/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A service manager's end, at a path or an abstract name ("@..."). */
static int listen_as_manager(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return fd;
}

static void expect(int fd, const char *text)
{
    char got[600];
    ssize_t size = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

    assert_true(size >= 0);
    got[size] = '\0';
    assert_string_equal(got, text);
}

static void speak_to(const char *name)
{
    struct notify notify;
    int manager = listen_as_manager(name);

    (void)setenv("NOTIFY_SOCKET", name, 1);
    (void)setenv("WATCHDOG_USEC", "30000000", 1);
    notify_open(&notify);
    assert_null(getenv("NOTIFY_SOCKET")); /* children don't speak for us */
    assert_null(getenv("WATCHDOG_USEC"));
    assert_int_equal(notify.watchdog.ns, 30 * NS_PER_S);
    notify_ready(&notify);
    expect(manager, "READY=1");
    notify_reloading(&notify, (struct steady_time){123456789});
    expect(manager, "RELOADING=1\nMONOTONIC_USEC=123456");
    notify_status(&notify, "right to\nREADY=1\x7f within 3 us");
    expect(manager, "STATUS=right toREADY=1 within 3 us");
    notify_watchdog(&notify);
    expect(manager, "WATCHDOG=1");
    /* Twice as often as it is expected, but not when something hangs. */
    assert_int_equal(notify_keep_alive(&notify, (struct steady_time){NS_PER_S}, true).ns,
                     16 * NS_PER_S);
    expect(manager, "WATCHDOG=1");
    assert_int_equal(notify_keep_alive(&notify, (struct steady_time){15 * NS_PER_S}, true).ns,
                     16 * NS_PER_S);
    assert_int_equal(notify_keep_alive(&notify, (struct steady_time){16 * NS_PER_S}, false).ns,
                     31 * NS_PER_S);
    notify_stopping(&notify);
    expect(manager, "STOPPING=1");
    (void)close(manager);
    notify_ready(&notify); /* nobody listens any more: no harm */
    notify_close(&notify);
}

static void the_manager_is_told_by_path_and_by_abstract_name(void **state)
{
    char path[64];

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/noon-test-notify.%d", (int)getpid());
    speak_to(path);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "@noon-test-notify.%d", (int)getpid());
    speak_to(path);
}

static void a_long_status_is_cut(void **state)
{
    struct notify notify;
    int pair[2];
    char text[1000];
    char got[1000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    notify = (struct notify){.fd = pair[0]};
    notify_status(&notify, text);
    assert_int_equal(recv(pair[1], got, sizeof got, MSG_DONTWAIT), 511);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void without_a_manager_nothing_happens(void **state)
{
    static const char *const names[] = {"relative", "/nonexistent/socket", "@", ""};
    struct notify notify;

    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    notify_open(&notify);
    assert_int_equal(notify.fd, -1);
    notify_ready(&notify);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)setenv("NOTIFY_SOCKET", names[i], 1);
        (void)setenv("WATCHDOG_USEC", "1000", 1);
        notify_open(&notify);
        assert_int_equal(notify.fd, -1);
        assert_int_equal(notify.watchdog.ns, 0);
        notify_status(&notify, "x");
    }
}

static void a_watchdog_meant_for_another_process_is_not_ours(void **state)
{
    struct notify notify;
    char name[64];

    (void)state;
    (void)snprintf(name, sizeof name, "@noon-test-watchdog.%d", (int)getpid());
    int manager = listen_as_manager(name);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    (void)setenv("WATCHDOG_USEC", "1000", 1);
    (void)setenv("WATCHDOG_PID", "1", 1);
    notify_open(&notify);
    assert_int_equal(notify.watchdog.ns, 0);
    notify_close(&notify);
    (void)close(manager);
}

static void descriptors_are_given_to_the_manager_and_taken_back(void **state)
{
    struct notify notify;
    char name[64], pid[32], text[256];
    int fds[3], got[8];
    _Alignas(struct cmsghdr) char control[256];
    struct iovec part = {text, sizeof text - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};

    (void)state;
    (void)snprintf(name, sizeof name, "@noon-test-store.%d", (int)getpid());
    int manager = listen_as_manager(name);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    notify_open(&notify);
    for (int i = 0; i < 3; i++) {
        fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
    }
    notify_store(&notify, fds, 3);
    ssize_t size = recv(manager, text, sizeof text - 1, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=noon-server");
    size = recvmsg(manager, &message, 0);
    assert_true(size > 0);
    text[size] = '\0';
    assert_string_equal(text, "FDSTORE=1\nFDNAME=noon-server\nFDPOLL=0");
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    assert_non_null(header);
    assert_int_equal(header->cmsg_len, CMSG_LEN(3 * sizeof(int)));
    /* Without LISTEN_PID of this process nothing is taken; whose name is not ours is left out. */
    (void)setenv("LISTEN_FDS", "3", 1);
    (void)setenv("LISTEN_PID", "1", 1);
    assert_int_equal(notify_kept(got, 8), 0);
    assert_null(getenv("LISTEN_FDS"));
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    (void)setenv("LISTEN_FDS", "0", 1);
    assert_int_equal(notify_kept(got, 8), 0);
    for (int i = 0; i < 3; i++) {
        (void)close(fds[i]);
    }
    notify_close(&notify);
    (void)close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manager_is_told_by_path_and_by_abstract_name),
        cmocka_unit_test(a_long_status_is_cut),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(a_watchdog_meant_for_another_process_is_not_ours),
        cmocka_unit_test(descriptors_are_given_to_the_manager_and_taken_back),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
