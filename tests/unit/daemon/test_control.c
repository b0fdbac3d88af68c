/* SPDX-License-Identifier: BSD-2-Clause */
/* test_control.c - the daemon's end of its two Unix sockets, with real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/control.h"
#include "sys/unix_socket.h"

static struct control *control;
static char directory[64], paths[2][96];
static unsigned handled;

static void handler(void *context, const struct control_request *request, bool may_write,
                    struct control_response *response)
{
    (void)context;
    (void)may_write;
    handled++;
    response->result = CONTROL_OK;
    control_response_text(response, request->argument);
}

static int set_up(void **state)
{
    struct unix_owner owner = {.mode = 0600, .uid = -1, .gid = -1};
    int fds[2];

    (void)state;
    snprintf(directory, sizeof directory, "/tmp/noon-control.XXXXXX");
    if (!mkdtemp(directory)) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%d", directory, i);
        if (unix_listen(&fds[i], paths[i], &owner) != ERR_NONE) {
            return -1;
        }
    }
    control = control_open(fds[0], fds[1], 4096, handler, NULL);
    handled = 0;
    return control ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    control_close(control);
    unlink(paths[0]);
    unlink(paths[1]);
    rmdir(directory);
    return 0;
}

static void serve(int64_t at_s)
{
    struct pollfd fds[CONTROL_POLLFDS];

    for (int i = 0; i < 4; i++) {
        unsigned count = control_poll(control, fds);

        poll(fds, count, 5);
        control_serve(control, fds, count, (struct steady_time){at_s * NS_PER_S});
    }
}

static int dial(int which)
{
    int fd = -1;

    assert_int_equal(unix_connect(&fd, paths[which], (struct duration){NS_PER_S}), ERR_NONE);
    return fd;
}

/* Sends a request and returns the reply's result; the body goes to text[]. */
static enum control_result ask(int which, enum control_command command, char text[64])
{
    struct control_request request = {.command = command, .argument = "hello"};
    struct control_reply_header header = {.result = CONTROL_BUSY};
    uint8_t bytes[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    size_t size = control_request_encode(&request, bytes, sizeof bytes);
    int fd = dial(which);
    ssize_t got;

    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    serve(1);
    got = read(fd, bytes, sizeof bytes);
    assert_true(got >= CONTROL_HEADER_SIZE);
    assert_true(control_reply_decode(&header, bytes));
    assert_int_equal(got, CONTROL_HEADER_SIZE + (ssize_t)header.body_size);
    snprintf(text, 64, "%.*s", (int)header.body_size, (const char *)bytes + CONTROL_HEADER_SIZE);
    close(fd);
    serve(1);
    return header.result;
}

static void questions_are_answered_on_both_sockets(void **state)
{
    char text[64];

    (void)state;
    assert_int_equal(ask(0, CONTROL_STATUS, text), CONTROL_OK);
    assert_string_equal(text, "hello");
    assert_int_equal(ask(1, CONTROL_STATUS, text), CONTROL_OK);
    assert_int_equal(handled, 2);
    assert_false(control_busy(control));
}

static void the_status_socket_changes_nothing(void **state)
{
    char text[64];

    (void)state;
    assert_int_equal(ask(0, CONTROL_SHUTDOWN, text), CONTROL_DENIED);
    assert_int_equal(handled, 0);
    assert_int_equal(ask(1, CONTROL_SHUTDOWN, text), CONTROL_OK);
}

static void nonsense_loses_its_connection_and_harms_nobody(void **state)
{
    char text[64];
    int fd = dial(1);

    (void)state;
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    serve(1);
    assert_int_equal(read(fd, text, sizeof text), 0);
    close(fd);
    assert_int_equal(ask(0, CONTROL_STATUS, text), CONTROL_OK);
}

static void the_silent_are_dropped_after_five_seconds(void **state)
{
    char octet;
    int fd = dial(0);

    (void)state;
    serve(1);
    assert_true(control_busy(control));
    serve(5);
    assert_true(control_busy(control));
    serve(7);
    assert_false(control_busy(control));
    assert_int_equal(read(fd, &octet, 1), 0);
    close(fd);
}

static void a_crowd_pushes_out_the_longest_silent(void **state)
{
    int fds[CONTROL_CONNECTIONS + 4];
    char text[64];

    (void)state;
    for (unsigned i = 0; i < CONTROL_CONNECTIONS + 4; i++) {
        fds[i] = dial(0);
        serve(1);
    }
    assert_int_equal(ask(0, CONTROL_STATUS, text), CONTROL_OK);
    for (unsigned i = 0; i < CONTROL_CONNECTIONS + 4; i++) {
        close(fds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_are_answered_on_both_sockets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_status_socket_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_loses_its_connection_and_harms_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_silent_are_dropped_after_five_seconds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_pushes_out_the_longest_silent, set_up, tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
