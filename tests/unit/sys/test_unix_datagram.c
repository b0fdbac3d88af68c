/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/unix_datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/noon-datagram-XXXXXX";
static char server_path[64], client_path[64];
static const struct unix_owner owner = {.mode = 0660, .uid = -1, .gid = -1};

static int make_directory(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(server_path, sizeof server_path, "%s/server", directory);
    snprintf(client_path, sizeof client_path, "%s/client", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(server_path);
    (void)unlink(client_path);
    return rmdir(directory);
}

static void a_question_and_its_answer_go_by_path(void **state)
{
    char from[UNIX_DATAGRAM_PATH_SIZE], bytes[16];
    struct stat status;
    size_t size;
    int server, client;

    (void)state;
    assert_int_equal(unix_datagram_open(&server, server_path, &owner), ERR_NONE);
    assert_int_equal(unix_datagram_open(&client, client_path, &owner), ERR_NONE);
    assert_int_equal(stat(server_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(unix_datagram_receive(server, bytes, sizeof bytes, &size, from), ERR_AGAIN);
    assert_int_equal(unix_datagram_send(client, server_path, "question", 8), ERR_NONE);
    assert_int_equal(unix_datagram_receive(server, bytes, sizeof bytes, &size, from), ERR_NONE);
    assert_int_equal(size, 8);
    assert_string_equal(from, client_path);
    assert_int_equal(unix_datagram_send(server, from, "answer", 6), ERR_NONE);
    assert_int_equal(unix_datagram_receive(client, bytes, sizeof bytes, &size, from), ERR_NONE);
    assert_memory_equal(bytes, "answer", 6);
    unix_close(&server);
    unix_close(&client);
}

static void what_is_too_long_says_how_long_it_was(void **state)
{
    char from[UNIX_DATAGRAM_PATH_SIZE], bytes[4];
    size_t size;
    int server, client;

    (void)state;
    assert_int_equal(unix_datagram_open(&server, server_path, &owner), ERR_NONE);
    assert_int_equal(unix_datagram_open(&client, client_path, &owner), ERR_NONE);
    assert_int_equal(unix_datagram_send(client, server_path, "0123456789", 10), ERR_NONE);
    assert_int_equal(unix_datagram_receive(server, bytes, sizeof bytes, &size, from), ERR_NONE);
    assert_int_equal(size, 10);
    unix_close(&client);
    unix_close(&server);
}

static void who_lives_keeps_the_path_and_who_died_loses_it(void **state)
{
    int first, second;

    (void)state;
    assert_int_equal(unix_datagram_open(&first, server_path, &owner), ERR_NONE);
    assert_int_equal(unix_datagram_open(&second, server_path, &owner), ERR_IN_USE);
    assert_int_equal(second, -1);
    unix_close(&first);
    assert_int_equal(unix_datagram_open(&second, server_path, &owner), ERR_NONE);
    unix_close(&second);
    assert_int_not_equal(unix_datagram_send(-1, "", "x", 1), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_and_its_answer_go_by_path),
        cmocka_unit_test(what_is_too_long_says_how_long_it_was),
        cmocka_unit_test(who_lives_keeps_the_path_and_who_died_loses_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
