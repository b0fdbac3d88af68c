/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent, with this very program in all roles: it is started again as the time process, the
 * server and the helper, which behave as the first argument says.  What they tell to the service
 * manager comes back here.
 */
#include "daemon/supervisor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/life.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/tcp.h"
#include "sys/tcp_listen.h"
#include "sys/unix_socket.h"
#include "wire/ke_totals.h"

/* --- what the children do ---------------------------------------------------------------- */

static struct supervised given;

static void say(const char *text)
{
    life_tell(&given.life, text);
    if (supervised_send(&given, MESSAGE_STATUS, 0) != ERR_NONE) {
        _exit(99);
    }
}

static void tell(enum message_kind kind, uint32_t argument)
{
    if (supervised_send(&given, kind, argument) != ERR_NONE) {
        _exit(98);
    }
}

/* Waits for that message; returns what came with it. */
static int wait_message(enum message_kind kind, struct message *message)
{
    struct pollfd p = {.fd = given.channel, .events = POLLIN};
    int fd = -1;

    do {
        unix_close(&fd);
        if (poll(&p, 1, 5000) != 1 || supervised_receive(&given, message, &fd) != ERR_NONE) {
            _exit(97);
        }
    } while (message->kind == MESSAGE_SERVER); /* a server process was started meanwhile */
    if (message->kind != (uint32_t)kind) {
        _exit(97);
    }
    return fd;
}

/* Lives as a time process does, until it is told to end. */
static int live(void)
{
    for (;;) {
        struct signal_flags flags;

        supervised_awake(&given, clock_steady(), (struct duration){NS_PER_S});
        (void)signals_wait(NULL, 0, (struct duration){NS_PER_S / 20});
        flags = signals_take();
        if (flags.reload) {
            tell(MESSAGE_RELOADING, 0);
            tell(MESSAGE_READY, 0);
        }
        if (flags.terminate) {
            return 0;
        }
    }
}

static void use_helper(void)
{
    struct message message;
    char text[8] = "";

    tell(MESSAGE_START_HELPER, CHILD_RESOLVE);
    int fd = wait_message(MESSAGE_HELPER, &message);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    bool good = fd >= 0 && message.value == ERR_NONE && send(fd, "ping", 4, 0) == 4 &&
                poll(&p, 1, 5000) == 1 && recv(fd, text, 8, 0) == 4 && memcmp(text, "pong", 4) == 0;
    say(good ? "helper answers" : fd < 0 ? "no helper" : "helper is silent");
}

static void use_client_socket(void)
{
    struct message message;
    struct udp_socket s;
    char text[64];

    tell(MESSAGE_OPEN_CLIENT, ADDRESS_IPV4);
    s = (struct udp_socket){.fd = wait_message(MESSAGE_CLIENT, &message)};
    (void)snprintf(text, sizeof text, "client port %u", udp_local(&s).port);
    say(text);
    tell(MESSAGE_OPEN_CLIENT, 77);
    if (wait_message(MESSAGE_CLIENT, &message) >= 0 || message.value == ERR_NONE) {
        say("a family that is none");
    }
}

static void talk_nonsense(void)
{
    char bytes[64];

    for (unsigned i = 0; i < 200; i++) {
        memset(bytes, (int)i, sizeof bytes);
        (void)send(given.channel, bytes, i % 2 ? sizeof(struct message) : 1 + i % 63, 0);
        (void)usleep(200);
    }
}

static int be_time_process(const char *behaviour)
{
    char text[64];

    signals_open(SIGNALS_NORMAL);
    if (!supervised_open(&given) || given.status_listener < 0 || given.control_listener < 0) {
        return 3;
    }
    supervised_awake(&given, clock_steady(), (struct duration){NS_PER_S});
    (void)snprintf(text, sizeof text, "time %d", process_id());
    say(text);
    tell(MESSAGE_READY, 0);
    if (strcmp(behaviour, "end") == 0) {
        return 5;
    }
    if (strcmp(behaviour, "hang") == 0) {
        for (;;) {
            (void)pause();
        }
    }
    if (strcmp(behaviour, "helper") == 0) {
        use_helper();
        use_helper(); /* another one, for the first is taken for dead */
    } else if (strcmp(behaviour, "client") == 0) {
        use_client_socket();
    } else if (strcmp(behaviour, "rebind") == 0) {
        tell(MESSAGE_REBIND, 0);
    } else if (strcmp(behaviour, "nonsense") == 0) {
        talk_nonsense();
        say("talked nonsense");
    } else if (strcmp(behaviour, "restart-server") == 0) {
        tell(MESSAGE_RESTART_SERVER, 0);
    }
    return live();
}

/* Answers each datagram with its process id. */
static int be_server(void)
{
    struct udp_socket s;
    char text[32];

    if (udp_server_adopt(&s, SUPERVISOR_FD_SERVER) != ERR_NONE) {
        return 75;
    }
    signals_open(SIGNALS_NORMAL);
    while (!signals_take().terminate) {
        uint8_t bytes[64];
        struct udp_datagram d = {.bytes = bytes, .capacity = sizeof bytes};
        struct pollfd p = {.fd = s.fd, .events = POLLIN};
        struct utc_time stamp;

        if (signals_wait(&p, 1, (struct duration){NS_PER_S}) > 0 &&
            udp_receive(&s, &d) == ERR_NONE) {
            int length = snprintf(text, sizeof text, "%d", process_id());
            struct udp_message m = {
                .bytes = (const uint8_t *)text, .size = (size_t)length, .to = d.from, .from = d.to};
            if (udp_send(&s, &m, &stamp) != ERR_NONE) {
                return 76;
            }
        }
    }
    return 0;
}

/* The key exchange server: shows by what it is given that it is one. */
static int be_nts_server(void)
{
    struct address from;
    struct page ring;
    bool good = process_given_fds() == 5 && unix_peer_uid(3) >= 0 &&
                page_adopt(&ring, 4, COOKIE_RING_LAYOUT, true) == ERR_NONE;
    int fd = -1;

    while (good) {
        struct pollfd p = {.fd = 7, .events = POLLIN};

        if (poll(&p, 1, -1) == 1 && tcp_accept(7, &fd, &from) == ERR_NONE) {
            char text[16];
            int length = snprintf(text, sizeof text, "%d", process_id());

            (void)!send(fd, text, (size_t)length, MSG_NOSIGNAL);
            (void)close(fd);
        }
    }
    return 77;
}

static int be_helper(void)
{
    char text[8];
    struct pollfd p = {.fd = 3, .events = POLLIN};

    while (poll(&p, 1, -1) == 1 && recv(3, text, sizeof text, 0) == 4) {
        if (send(3, "pong", 4, 0) != 4) {
            return 1;
        }
    }
    return 0;
}

/* --- the tests --------------------------------------------------------------------------- */

struct run {
    int pid;
    int manager; /* the service manager's socket */
    char directory[64];
    struct address server;
    struct duration look;
    const char *behaviour;
    uint16_t nts_port; /* 0: no key exchange server */
    unsigned plans;    /* in the parent: how often it was asked */
};

static struct run run;
static char *program;

/* Two server sockets at first; after a reload one, on another port. */
static bool make_plan(void *context, bool serve, struct supervisor_plan *plan)
{
    static const char *const roles[CHILD_ROLES] = {"time", "server", "resolve", "keys",
                                                   "nts-server"};
    struct run *r = context;

    (void)serve;
    memset(plan, 0, sizeof *plan);
    for (int i = 0; i < CHILD_ROLES; i++) {
        words_add(&plan->arguments[i], "%s", program);
        words_add(&plan->arguments[i], "%s", r->behaviour);
        words_add(&plan->arguments[i], "--role=%s", roles[i]);
    }
    plan->premises.user = privilege_self();
    plan->endpoint_count = 1;
    plan->endpoints[0].sockets = 1;
    plan->endpoints[0].options.local = r->server;
    plan->endpoints[0].options.stamps = true;
    if (r->plans++ > 0) {
        plan->endpoints[0].options.local.bytes[3] = 2;
    }
    if (r->nts_port != 0) {
        struct endpoint *endpoint = &plan->endpoints[plan->endpoint_count++];

        *endpoint = (struct endpoint){.stream = true, .options.local = r->server};
        endpoint->options.local.port = r->nts_port;
    }
    plan->acquisition[0].local.port = (uint16_t)(r->server.port + 1);
    (void)snprintf(plan->premises.run_directory, PREMISES_PATH_SIZE, "%s/run", r->directory);
    (void)snprintf(plan->premises.state_directory, PREMISES_PATH_SIZE, "%s/state", r->directory);
    (void)snprintf(plan->premises.pidfile, PREMISES_PATH_SIZE, "%s/run/noond.pid", r->directory);
    return true;
}

static int open_run(void **state)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct udp_socket probe;
    struct udp_options options = {.local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};

    (void)state;
    run = (struct run){.pid = -1}; /* looks as far apart as in life */
    (void)snprintf(run.directory, sizeof run.directory, "/tmp/noon-test-supervisor-XXXXXX");
    assert_non_null(mkdtemp(run.directory));
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s/notify", run.directory);
    run.manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(run.manager, (struct sockaddr *)&name, sizeof name), 0);
    (void)setenv("NOTIFY_SOCKET", name.sun_path, 1);
    /* A port that was free a moment ago. */
    assert_int_equal(udp_server_open(&probe, &options), ERR_NONE);
    run.server = udp_local(&probe);
    udp_close(&probe);
    return 0;
}

static int close_run(void **state)
{
    char command[128];

    (void)state;
    if (run.pid > 0) {
        (void)kill(run.pid, SIGKILL);
        (void)waitpid(run.pid, NULL, 0);
    }
    (void)close(run.manager);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)snprintf(command, sizeof command, "rm -rf '%s'", run.directory);
    return system(command);
}

static void start(const char *behaviour)
{
    run.behaviour = behaviour;
    run.pid = fork();
    if (run.pid == 0) {
        struct log_sink log;
        const struct supervisor_setup setup = {
            .helper = program, .log = &log, .look = run.look, .plan = make_plan, .context = &run};

        (void)prctl(PR_SET_PDEATHSIG, (long)SIGKILL);
        /* What it logs is not of interest: the tests look at what it does. */
        log_open(&log, "noond", false, (enum log_severity)(LOG_SEVERITY_ERROR + 1));
        _exit(supervisor_run(&setup));
    }
}

/* The next word to the service manager that begins so; what was said before is skipped. */
static void expect(const char *begin, char *text, size_t size)
{
    for (int i = 0; i < 100; i++) {
        struct pollfd p = {.fd = run.manager, .events = POLLIN};

        if (poll(&p, 1, 20000) != 1) { /* on a machine however busy */
            fail_msg("never said: %s", begin);
        }
        ssize_t got = recv(run.manager, text, size - 1, 0);
        assert_true(got >= 0);
        text[got] = '\0';
        if (strncmp(text, begin, strlen(begin)) == 0) {
            return;
        }
    }
    fail_msg("never said: %s", begin);
}

static void expect_said(const char *begin)
{
    char text[256];

    expect(begin, text, sizeof text);
}

/* The process id that the next start of the time process tells. */
static int expect_time_process(void)
{
    char text[256];

    expect("STATUS=time ", text, sizeof text);
    return (int)strtol(text + strlen("STATUS=time "), NULL, 10);
}

static int wait_end(void)
{
    int status = -1;

    assert_int_equal(waitpid(run.pid, &status, 0), run.pid);
    run.pid = -1;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The server process's id, by asking it. */
static int ask_server(const struct address *where)
{
    struct udp_socket s;
    const struct udp_options options = {.stamps = false};
    char text[32] = "";

    assert_int_equal(udp_client_open(&s, where, &options), ERR_NONE);
    for (int i = 0; i < 500; i++) { /* until it is bound, on a machine however busy */
        struct utc_time stamp;
        struct udp_message m = {.bytes = (const uint8_t *)"?", .size = 1};
        struct udp_datagram d = {.bytes = (uint8_t *)text, .capacity = sizeof text - 1};
        struct pollfd p = {.fd = s.fd, .events = POLLIN};
        enum err ignored = udp_send(&s, &m, &stamp);

        (void)ignored;
        if (poll(&p, 1, 100) == 1 && udp_receive(&s, &d) == ERR_NONE) {
            break;
        }
        (void)usleep(10000); /* a refusal comes at once */
    }
    udp_close(&s);
    return (int)strtol(text, NULL, 10);
}

static bool exists(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/run/%s", run.directory, name);
    return access(path, F_OK) == 0;
}

static void all_is_there_while_it_runs_and_gone_afterwards(void **state)
{
    (void)state;
    start("live");
    int time_pid = expect_time_process();
    expect_said("READY=1");
    assert_true(exists("status.sock") && exists("control.sock") && exists("time") &&
                exists("noond.pid"));
    assert_true(ask_server(&run.server) > 0);
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    expect_said("STOPPING=1");
    assert_int_equal(wait_end(), 0);
    assert_false(exists("status.sock") || exists("control.sock") || exists("noond.pid"));
    assert_int_equal(kill(time_pid, 0), -1);
}

static void what_is_killed_is_started_again(void **state)
{
    (void)state;
    start("live");
    int first = expect_time_process();
    int server = ask_server(&run.server);
    assert_true(server > 0);
    assert_int_equal(kill(server, SIGKILL), 0);
    int next_server = ask_server(&run.server);
    assert_true(next_server > 0 && next_server != server);
    assert_int_equal(kill(first, SIGKILL), 0);
    int second = expect_time_process();
    assert_true(second != first);
    assert_int_equal(ask_server(&run.server), next_server); /* the other is not concerned */
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(wait_end(), 0);
}

static void a_deliberate_end_ends_all_with_its_status(void **state)
{
    (void)state;
    start("end");
    (void)expect_time_process();
    assert_int_equal(wait_end(), 5);
}

static void a_reload_is_passed_on_and_told(void **state)
{
    (void)state;
    start("live");
    (void)expect_time_process();
    expect_said("READY=1");
    assert_int_equal(kill(run.pid, SIGHUP), 0);
    expect_said("RELOADING=1\nMONOTONIC_USEC=");
    expect_said("READY=1");
}

static void a_time_process_that_hangs_is_killed(void **state)
{
    (void)state;
    run.look.ns = NS_PER_S / 10;
    start("hang");
    int first = expect_time_process();
    int second = expect_time_process();
    assert_true(second != first);
    assert_int_equal(kill(first, 0), -1);
}

static void one_that_keeps_its_promise_is_not(void **state)
{
    (void)state;
    run.look.ns = NS_PER_S / 10;
    start("live");
    int first = expect_time_process();
    (void)usleep(700000); /* seven looks */
    assert_int_equal(kill(first, 0), 0);
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(wait_end(), 0);
}

static void a_helper_is_started_when_asked_for(void **state)
{
    (void)state;
    start("helper");
    expect_said("STATUS=helper answers");
    expect_said("STATUS=helper answers");
}

static void a_bound_socket_is_given_when_asked_for(void **state)
{
    char expected[64];
    char text[256];

    (void)state;
    start("client");
    (void)snprintf(expected, sizeof expected, "STATUS=client port %u", run.server.port + 1U);
    expect("STATUS=client", text, sizeof text);
    assert_string_equal(text, expected);
    struct pollfd p = {.fd = run.manager, .events = POLLIN};
    while (poll(&p, 1, 300) == 1) {
        ssize_t got = recv(run.manager, text, sizeof text - 1, 0);

        text[got > 0 ? got : 0] = '\0';
        assert_null(strstr(text, "none"));
    }
}

static void other_sockets_are_bound_by_a_new_plan(void **state)
{
    struct address other = run.server;

    (void)state;
    start("rebind");
    (void)expect_time_process();
    other.bytes[3] = 2;
    assert_true(ask_server(&other) > 0);
}

static void the_server_is_restarted_without_losing_its_socket(void **state)
{
    (void)state;
    start("restart-server");
    (void)expect_time_process();
    assert_true(ask_server(&run.server) > 0);
}

/* The id of the key exchange server, by connecting to it. */
static int ask_nts_server(void)
{
    struct address where = run.server;

    where.port = run.nts_port;
    for (int i = 0; i < 500; i++) {
        char text[16] = "";
        int fd = -1;

        if (tcp_connect(&fd, &where) == ERR_NONE) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};

            (void)poll(&p, 1, 1000);
            (void)!send(fd, "?", 1, MSG_NOSIGNAL); /* who says nothing is not accepted */
            p.events = POLLIN;
            ssize_t got = poll(&p, 1, 1000) == 1 ? recv(fd, text, sizeof text - 1, 0) : 0;
            (void)close(fd);
            if (got > 0) {
                return (int)strtol(text, NULL, 10);
            }
        }
        (void)usleep(20000);
    }
    return 0;
}

static void the_key_exchange_server_is_kept_running(void **state)
{
    (void)state;
    run.nts_port = (uint16_t)(run.server.port + 7);
    start("live");
    int first = ask_nts_server();
    assert_true(first > 0);
    assert_int_equal(kill(first, SIGKILL), 0);
    int second = ask_nts_server();
    assert_true(second > 0 && second != first);
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(wait_end(), 0);
}

static void nonsense_of_a_child_harms_nobody(void **state)
{
    (void)state;
    start("nonsense");
    expect_said("STATUS=talked nonsense");
    assert_true(ask_server(&run.server) > 0);
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(wait_end(), 0);
}

static void a_taken_port_or_a_running_daemon_is_a_clear_end(void **state)
{
    struct udp_socket rival;
    struct udp_options options = {.local = run.server};

    (void)state;
    assert_int_equal(udp_server_open(&rival, &options), ERR_NONE);
    start("live");
    assert_int_equal(wait_end(), 1);
    udp_close(&rival);
    start("live");
    (void)expect_time_process();
    int first = run.pid;
    run.server.port = (uint16_t)(run.server.port + 2);
    start("live");
    assert_int_equal(wait_end(), 1);
    assert_true(exists("noond.pid") && exists("status.sock")); /* still the first one's */
    run.pid = first;
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(wait_end(), 0);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, open_run, close_run)

static int be_child(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--role=time") == 0) {
            return be_time_process(argv[1]);
        }
        if (strcmp(argv[i], "--role=server") == 0) {
            return be_server();
        }
        if (strcmp(argv[i], "--role=nts-server") == 0) {
            return be_nts_server();
        }
        if (strcmp(argv[i], "--role=resolve") == 0) {
            return be_helper();
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(all_is_there_while_it_runs_and_gone_afterwards),
        WITH_RUN(what_is_killed_is_started_again),
        WITH_RUN(a_deliberate_end_ends_all_with_its_status),
        WITH_RUN(a_reload_is_passed_on_and_told),
        WITH_RUN(a_time_process_that_hangs_is_killed),
        WITH_RUN(one_that_keeps_its_promise_is_not),
        WITH_RUN(a_helper_is_started_when_asked_for),
        WITH_RUN(a_bound_socket_is_given_when_asked_for),
        WITH_RUN(other_sockets_are_bound_by_a_new_plan),
        WITH_RUN(the_server_is_restarted_without_losing_its_socket),
        WITH_RUN(the_key_exchange_server_is_kept_running),
        WITH_RUN(nonsense_of_a_child_harms_nobody),
        WITH_RUN(a_taken_port_or_a_running_daemon_is_a_clear_end),
    };
    int status = be_child(argc, argv);

    if (status >= 0) {
        return status;
    }
    program = argv[0];
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
