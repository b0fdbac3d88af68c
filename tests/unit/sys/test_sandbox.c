/* SPDX-License-Identifier: BSD-2-Clause */
/* Enters each role's sandbox in a child and tries what is allowed and what is not. */
#include "sys/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/page.h"
#include "sys/signals.h"
#include "sys/storage.h"
#include "sys/udp.h"

static char directory[64];

static const char *in_directory(const char *name)
{
    static char text[128];

    (void)snprintf(text, sizeof text, "%s/%s", directory, name);
    return text;
}

static int make_directory(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/noon-test-sandbox-XXXXXX");
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

/* 0 when both parts are on; 77 when this kernel lacks one. */
static int enter(enum sandbox_role role, bool with_directory)
{
    struct sandbox_paths paths = {.read = {"/etc", "/no/such/path"}, .read_count = 2};
    struct sandbox_report report;

    if (with_directory) {
        paths.write[0] = directory;
        paths.write_count = 1;
    }
    if (sandbox_enter(role, &paths, &report) == ERR_NONE) {
        return report.syscalls && report.files && report.landlock_abi > 0 ? 0 : 90;
    }
    return report.syscalls && report.files ? 91 : 77;
}

static int run_in_child(int (*run)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect_result(int (*run)(void), int expected)
{
    int result = run_in_child(run);

    if (result == 77) {
        skip();
    }
    assert_int_equal(result, expected);
}

static bool denied(int result)
{
    return result == -1 && (errno == EPERM || errno == EACCES);
}

/* What the time process does all day. */
static int time_role_can_work(void)
{
    struct udp_socket s;
    struct address server = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}, .port = 9};
    const struct udp_options options = {.stamps = true};
    char text[16];
    size_t size = 0;
    struct clocks clocks;
    struct clock_state state;
    struct clock_control control;
    struct pollfd none = {.fd = -1};
    struct page page;

    if (storage_replace(in_directory("before"), "x", 1, 0600) != ERR_NONE ||
        page_create(&page, in_directory("time"), 1, 100) != ERR_NONE) {
        return 1;
    }
    signals_open(SIGNALS_NORMAL);
    int entered = enter(SANDBOX_TIME, true);
    if (entered != 0) {
        return entered;
    }
    if (udp_client_open(&s, &server, &options) != ERR_NONE || !s.stamps) {
        return 2;
    }
    udp_close(&s);
    if (storage_replace(in_directory("drift"), "1.5", 3, 0600) != ERR_NONE ||
        storage_read(in_directory("drift"), text, sizeof text, &size) != ERR_NONE || size != 3) {
        return 3;
    }
    if (storage_read("/etc/hostname", text, 1, &size) == ERR_DENIED) {
        return 4;
    }
    clocks_read(&clocks);
    clock_control_none(&control);
    if (clock_control_state(&control, &state) != ERR_NONE || entropy_u64() == 0) {
        return 5;
    }
    page_write(&page, "x", 1);
    (void)signals_wait(&none, 1, (struct duration){1000000});
    void *heap = malloc(1 << 22);
    if (heap == NULL) {
        return 6;
    }
    memset(heap, 1, 1 << 22);
    free(heap);
    int fd = storage_append_open(in_directory("log"), 0644);
    if (fd < 0 || storage_append(fd, "line", 4) != ERR_NONE) {
        return 7;
    }
    return 0;
}

static int time_role_can_do_no_more(void)
{
    char outside[80];
    (void)snprintf(outside, sizeof outside, "%s-beside", directory);
    int entered = enter(SANDBOX_TIME, true);

    if (entered != 0) {
        return entered;
    }
    if (!denied(open("/proc/self/status", O_RDONLY)) || !denied(open(outside, O_CREAT, 0600)) ||
        !denied(open("/etc/noon-test", O_CREAT | O_WRONLY, 0600))) {
        return 1;
    }
    if (!denied(socket(AF_INET, SOCK_STREAM, 0)) || !denied(socket(AF_INET, SOCK_RAW, 1)) ||
        !denied(socket(AF_PACKET, SOCK_DGRAM, 0)) || !denied(socket(AF_UNIX, SOCK_STREAM, 0))) {
        return 2;
    }
    if (!denied(fork()) || !denied(kill(getppid(), 0)) || !denied(chdir("/"))) {
        return 3;
    }
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
        MAP_FAILED) {
        return 4;
    }
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || !denied(mprotect(memory, 4096, PROT_READ | PROT_EXEC))) {
        return 5;
    }
    return 0;
}

static int executing_kills(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    int entered = enter(SANDBOX_TIME, true);

    if (entered != 0) {
        return entered;
    }
    (void)execv("/bin/true", arguments);
    return 1;
}

/* The server answers on the sockets that it was given, and has nothing else. */
static int server_role_answers_and_nothing_else(void)
{
    struct udp_options options = {.local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};
    struct udp_socket server;
    struct udp_socket client;
    struct utc_time stamp;
    struct timex t = {0};
    const struct udp_options none = {.stamps = false};
    struct udp_batch *batch = udp_batch_open(8, 64);

    if (batch == NULL || udp_server_open(&server, &options) != ERR_NONE) {
        return 1;
    }
    struct address to = udp_local(&server);
    if (udp_client_open(&client, &to, &none) != ERR_NONE) {
        return 2;
    }
    int entered = enter(SANDBOX_SERVER, false);
    if (entered != 0) {
        return entered;
    }
    struct udp_message message = {.bytes = (const uint8_t *)"ask", .size = 3};
    if (udp_send(&client, &message, &stamp) != ERR_NONE) {
        return 3;
    }
    struct pollfd p = {.fd = server.fd, .events = POLLIN};
    if (signals_wait(&p, 1, (struct duration){NS_PER_S}) != 1 ||
        udp_batch_receive(batch, &server) != 1) {
        return 4;
    }
    udp_batch_answer(batch, 0)[0] = 'a';
    udp_batch_answer_size(batch, 0, 1);
    if (udp_batch_send(batch, &server) != 1) {
        return 5;
    }
    if (!denied(socket(AF_INET, SOCK_DGRAM, 0)) || !denied(open("/etc/passwd", O_RDONLY)) ||
        !denied(clock_adjtime(CLOCK_REALTIME, &t)) || !denied(fork()) ||
        !denied(bind(client.fd, NULL, 0)) || !denied(unlink(in_directory("x")))) {
        return 6;
    }
    return 0;
}

static int resolver_reads_and_asks_and_cannot_set_the_clock(void)
{
    struct timex t = {0};
    int entered = enter(SANDBOX_RESOLVE, false);

    if (entered != 0) {
        return entered;
    }
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int file = open("/etc/passwd", O_RDONLY);
    if (udp < 0 || tcp < 0 || file < 0) {
        return 1;
    }
    if (!denied(clock_adjtime(CLOCK_REALTIME, &t)) || !denied(fork()) ||
        !denied(open(in_directory("x"), O_CREAT | O_WRONLY, 0600)) ||
        !denied(open("/etc/noon-test", O_CREAT | O_WRONLY, 0600))) {
        return 2;
    }
    return 0;
}

static void the_time_process_can_work_inside(void **state)
{
    (void)state;
    expect_result(time_role_can_work, 0);
}

static void the_time_process_can_do_no_more(void **state)
{
    (void)state;
    expect_result(time_role_can_do_no_more, 0);
}

static void executing_a_program_kills(void **state)
{
    (void)state;
    expect_result(executing_kills, 128 + SIGSYS);
}

static void the_server_answers_and_nothing_else(void **state)
{
    (void)state;
    expect_result(server_role_answers_and_nothing_else, 0);
}

static void the_resolver_asks_and_cannot_set_the_clock(void **state)
{
    (void)state;
    expect_result(resolver_reads_and_asks_and_cannot_set_the_clock, 0);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(the_time_process_can_work_inside),
        WITH_DIRECTORY(the_time_process_can_do_no_more),
        WITH_DIRECTORY(executing_a_program_kills),
        WITH_DIRECTORY(the_server_answers_and_nothing_else),
        WITH_DIRECTORY(the_resolver_asks_and_cannot_set_the_clock),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
