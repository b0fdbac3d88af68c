/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/unix_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct unix_owner ours = {.mode = 0660, .uid = -1, .gid = -1};
static const struct duration second = {NS_PER_S};
static char path[64];

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/noon-test-unix.%d", (int)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void a_question_is_answered(void **state)
{
    int listener;
    int client;
    int server;
    char text[16];
    size_t done = 0;

    (void)state;
    assert_int_equal(unix_listen(&listener, path, &ours), ERR_NONE);
    assert_int_equal(unix_accept(listener, &server), ERR_AGAIN);
    assert_int_equal(unix_connect(&client, path, second), ERR_NONE);
    assert_int_equal(unix_accept(listener, &server), ERR_NONE);
    assert_true(unix_is_listener(listener));
    assert_false(unix_is_listener(server));
    assert_false(unix_is_listener(STDIN_FILENO));
    assert_int_equal(unix_peer_uid(server), getuid());
    assert_int_equal(unix_read(server, text, sizeof text, &done), ERR_AGAIN);
    assert_int_equal(unix_write(client, "hello", 5, &done), ERR_NONE);
    assert_int_equal(unix_read(server, text, sizeof text, &done), ERR_NONE);
    assert_int_equal(done, 5);
    unix_close(&client);
    assert_int_equal(unix_read(server, text, sizeof text, &done), ERR_UNREACHABLE);
    assert_int_equal(unix_write(server, "b", 1, &done), ERR_UNREACHABLE);
    unix_close(&server);
    unix_close(&listener);
    assert_int_equal(listener, -1);
}

static void mode_and_owner_are_as_asked_whatever_the_umask(void **state)
{
    struct stat st;
    int listener;
    mode_t old = umask(077);
    struct unix_owner owner = {.mode = 0666, .uid = -1, .gid = -1};

    (void)state;
    assert_int_equal(unix_listen(&listener, path, &owner), ERR_NONE);
    assert_int_equal(umask(old), 077); /* given back */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    unix_close(&listener);
    if (geteuid() == 0) {
        owner = (struct unix_owner){.mode = 0660, .uid = 0, .gid = 54321};
        assert_int_equal(unix_listen(&listener, path, &owner), ERR_NONE);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0660);
        assert_int_equal(st.st_gid, 54321);
        unix_close(&listener);
    }
}

static void a_dead_socket_is_replaced_and_a_living_one_respected(void **state)
{
    int first;
    int second_listener;
    int client;

    (void)state;
    assert_int_equal(unix_connect(&client, path, second), ERR_NOT_FOUND);
    assert_int_equal(unix_listen(&first, path, &ours), ERR_NONE);
    assert_int_equal(unix_listen(&second_listener, path, &ours), ERR_IN_USE);
    assert_int_equal(second_listener, -1);
    unix_close(&first);
    assert_int_equal(unix_connect(&client, path, second), ERR_NOT_FOUND);
    assert_int_equal(unix_listen(&second_listener, path, &ours), ERR_NONE);
    unix_close(&second_listener);
}

static void impossible_names_are_refused(void **state)
{
    char name[200];
    int fd;

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(unix_listen(&fd, name, &ours), ERR_RANGE);
    assert_int_equal(unix_connect(&fd, name, second), ERR_RANGE);
    assert_int_equal(unix_listen(&fd, "/nonexistent/noon.sock", &ours), ERR_NOT_FOUND);
    assert_int_equal(fd, -1);
}

static void a_reader_does_not_wait_for_ever(void **state)
{
    int listener;
    int client;
    char byte;
    size_t done = 0;

    (void)state;
    assert_int_equal(unix_listen(&listener, path, &ours), ERR_NONE);
    assert_int_equal(unix_connect(&client, path, (struct duration){50000000}), ERR_NONE);
    assert_int_equal(unix_read(client, &byte, 1, &done), ERR_AGAIN);
    unix_close(&client);
    unix_close(&listener);
}

static void descriptors_are_passed(void **state)
{
    int pair[2];
    int pipe_fds[2];
    int got = -1;
    char text[8];

    (void)state;
    assert_int_equal(unix_pair(pair), ERR_NONE);
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_AGAIN);
    assert_int_equal(unix_send_fd(pair[0], "take", 4, pipe_fds[1]), ERR_NONE);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_NONE);
    assert_memory_equal(text, "take", 4);
    assert_true(got > pipe_fds[1]);
    assert_true((fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(write(got, "!", 1), 1);
    assert_int_equal(read(pipe_fds[0], text, 8), 1);
    unix_close(&got);
    assert_int_equal(unix_send_fd(pair[0], "none", 4, -1), ERR_NONE);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_NONE);
    assert_int_equal(got, -1);
    /* Of another size: refused, and what came with it closed. */
    assert_int_equal(unix_send_fd(pair[0], "longer", 6, pipe_fds[1]), ERR_NONE);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_FORMAT);
    assert_int_equal(got, -1);
    assert_int_equal(unix_send_fd(pair[0], "x", 1, -1), ERR_NONE);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_FORMAT);
    (void)close(pipe_fds[1]);
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 1000), 1);
    assert_int_equal(p.revents, POLLHUP); /* no copy is left anywhere */
    unix_close(&pair[0]);
    assert_int_equal(unix_receive_fd(pair[1], text, 4, &got), ERR_UNREACHABLE);
    unix_close(&pair[1]);
    (void)close(pipe_fds[0]);
}

static void last_words_are_heard_of_one_who_had_not_listened(void **state)
{
    int pair[2];
    int got = -1;
    char text[8];

    (void)state;
    assert_int_equal(unix_pair(pair), ERR_NONE);
    assert_int_equal(unix_send_fd(pair[0], "hear", 4, -1), ERR_NONE);
    assert_int_equal(unix_send_fd(pair[1], "good", 4, -1), ERR_NONE);
    assert_int_equal(unix_send_fd(pair[1], "bye.", 4, -1), ERR_NONE);
    unix_close(&pair[1]);
    assert_int_equal(unix_receive_fd(pair[0], text, 4, &got), ERR_NONE);
    assert_memory_equal(text, "good", 4);
    assert_int_equal(unix_receive_fd(pair[0], text, 4, &got), ERR_NONE);
    assert_memory_equal(text, "bye.", 4);
    assert_int_equal(unix_receive_fd(pair[0], text, 4, &got), ERR_UNREACHABLE);
    unix_close(&pair[0]);
}

#define WITH_PATH(test) cmocka_unit_test_setup_teardown(test, make_path, remove_path)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PATH(a_question_is_answered),
        WITH_PATH(mode_and_owner_are_as_asked_whatever_the_umask),
        WITH_PATH(a_dead_socket_is_replaced_and_a_living_one_respected),
        cmocka_unit_test(impossible_names_are_refused),
        WITH_PATH(a_reader_does_not_wait_for_ever),
        cmocka_unit_test(descriptors_are_passed),
        cmocka_unit_test(last_words_are_heard_of_one_who_had_not_listened),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
