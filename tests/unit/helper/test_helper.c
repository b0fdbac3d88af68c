/* SPDX-License-Identifier: BSD-2-Clause */
/* The program itself, as noond starts it: its path is the first argument. */
#include "wire/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/unix_socket.h"
#include "unit/helper/name_server.h"

static char *program;

struct helper {
    int pid, fd;
    struct udp_socket server;
};

static void start(struct helper *helper)
{
    char where[ADDRESS_TEXT_SIZE];
    char dns[ADDRESS_TEXT_SIZE + 8];
    char role[] = "--role=resolve";
    char user[] = "--user=65534:65534";
    int pair[2];

    name_server_open(&helper->server, where);
    (void)snprintf(dns, sizeof dns, "--dns=%s", where);
    char *arguments[] = {program, role, dns, geteuid() == 0 ? user : NULL, NULL};
    assert_int_equal(unix_pair(pair), ERR_NONE);
    assert_int_equal(process_start(&helper->pid, program, arguments, &pair[1], 1), ERR_NONE);
    unix_close(&pair[1]);
    helper->fd = pair[0];
}

static struct process_end wait_end(struct helper *helper)
{
    struct process_end end = {.pid = -1};

    for (int i = 0; i < 500 && !process_ended(&end); i++) {
        (void)usleep(10000);
    }
    assert_int_equal(end.pid, helper->pid);
    udp_close(&helper->server);
    return end;
}

static struct resolve_answer ask(struct helper *helper, const char *name)
{
    struct resolve_question question = {.query = 42, .family = ADDRESS_IPV4};
    uint8_t bytes[RESOLVE_ANSWER_SIZE];
    struct resolve_answer answer;
    int fd = -1;

    (void)snprintf(question.name, sizeof question.name, "%s", name);
    resolve_question_encode(&question, bytes);
    assert_int_equal(unix_send_fd(helper->fd, bytes, RESOLVE_QUESTION_SIZE, -1), ERR_NONE);
    for (;;) {
        struct pollfd fds[] = {{.fd = helper->fd, .events = POLLIN},
                               {.fd = helper->server.fd, .events = POLLIN}};

        assert_true(poll(fds, 2, 5000) > 0);
        if (fds[1].revents != 0) {
            name_server_work(&helper->server);
        }
        if (fds[0].revents != 0) {
            break;
        }
    }
    assert_int_equal(unix_receive_fd(helper->fd, bytes, sizeof bytes, &fd), ERR_NONE);
    assert_true(resolve_answer_decode(&answer, bytes, sizeof bytes));
    assert_int_equal(answer.query, 42);
    return answer;
}

static void questions_are_answered_until_the_socket_is_closed(void **state)
{
    struct helper helper;

    (void)state;
    start(&helper);
    assert_int_equal(ask(&helper, "two.test").count, 2);
    assert_int_equal(ask(&helper, "none.test").result, RESOLVE_NO_NAME);
    assert_int_equal(ask(&helper, "localhost").result, RESOLVE_OK);
    unix_close(&helper.fd);
    struct process_end end = wait_end(&helper);
    assert_false(end.killed);
    assert_int_equal(end.status, 0);
}

static void garbage_on_the_socket_is_survived(void **state)
{
    struct helper helper;
    uint8_t bytes[2 * RESOLVE_QUESTION_SIZE];

    (void)state;
    start(&helper);
    for (unsigned i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)rand();
        }
        size_t size = i % 3 == 0 ? RESOLVE_QUESTION_SIZE : 1 + (size_t)rand() % sizeof bytes;
        enum err err = unix_send_fd(helper.fd, bytes, size, i % 5 == 0 ? 0 : -1);

        if (err == ERR_AGAIN) {
            (void)usleep(1000);
        }
    }
    assert_int_equal(ask(&helper, "two.test").result, RESOLVE_OK);
    process_signal(helper.pid, SIGTERM);
    assert_int_equal(wait_end(&helper).status, 0);
    unix_close(&helper.fd);
}

static void it_runs_confined_and_as_another_user(void **state)
{
    struct helper helper;
    char path[64];
    char line[256];
    bool seccomp = false;
    bool no_caps = false;
    bool no_new = false;

    (void)state;
    start(&helper);
    (void)ask(&helper, "two.test"); /* it is ready */
    (void)snprintf(path, sizeof path, "/proc/%d/status", helper.pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        seccomp = seccomp || strcmp(line, "Seccomp:\t2\n") == 0;
        no_caps = no_caps || strcmp(line, "CapPrm:\t0000000000000000\n") == 0;
        no_new = no_new || strcmp(line, "NoNewPrivs:\t1\n") == 0;
        if (geteuid() == 0 && strncmp(line, "Uid:", 4) == 0) {
            assert_string_equal(line, "Uid:\t65534\t65534\t65534\t65534\n");
        }
    }
    (void)fclose(file);
    assert_true(seccomp && no_caps && no_new);
    unix_close(&helper.fd);
    assert_int_equal(wait_end(&helper).status, 0);
}

static void without_a_socket_or_a_role_it_only_explains(void **state)
{
    char role[] = "--role=resolve";
    char bad[] = "--role=clock";
    char *none[] = {program, NULL};
    char *wrong[] = {program, bad, NULL};
    char *no_socket[] = {program, role, NULL};
    char *const *rows[] = {none, wrong, no_socket};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct helper helper = {.server = {.fd = -1}};

        assert_int_equal(process_start(&helper.pid, program, rows[i], NULL, 0), ERR_NONE);
        assert_int_equal(wait_end(&helper).status, 2);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered_until_the_socket_is_closed),
        cmocka_unit_test(garbage_on_the_socket_is_survived),
        cmocka_unit_test(it_runs_confined_and_as_another_user),
        cmocka_unit_test(without_a_socket_or_a_role_it_only_explains),
    };

    if (argc != 2) {
        return 2;
    }
    program = argv[1];
    /* Where it is built with a leak checker: that would stop threads by ptrace in the sandbox. */
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
