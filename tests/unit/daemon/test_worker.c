/* SPDX-License-Identifier: BSD-2-Clause */
/* The server process, started as the parent starts it: this very program with "--worker". */
#include "daemon/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/server/rules.h"
#include "daemon/descriptors.h"
#include "daemon/worker_report.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/udp.h"
#include "wire/clients.h"
#include "wire/line.h"
#include "wire/ntp_packet.h"

static char *program;

/* 127.0.0.0/8 may ask, 127.6.6.6 may not. */
static int be_worker(void)
{
    static const struct access_rule rules[] = {
        {.prefix = {.family = ADDRESS_IPV4, .bytes = {127}}, .bits = 8, .allow = true},
        {.prefix = {.family = ADDRESS_IPV4, .bytes = {127, 6, 6, 6}}, .bits = 32},
    };
    const struct config config = {
        .node = {.access = rules, .access_count = 2, .client_log_octets = 524288}};
    const struct args args = {.user = geteuid() == 0 ? "65534:65534" : NULL};
    struct log_sink log;

    log_open(&log, "worker", false, LOG_SEVERITY_WARNING);
    return worker_run(&args, &config, &log);
}

struct setting {
    int pid;
    struct page line, record, counters, rules;
    struct udp_socket socket;
    struct address where;
    struct server_status status; /* as last read */
};

static void publish(struct setting *s, int64_t real_error_ns)
{
    struct clocks now;
    struct time_line line = {.bound_s = 1e-3,
                             .growth_s_per_s = 1e-6,
                             .tolerance_ns = 100000000,
                             .root_delay_s = 0.01,
                             .refid = 0x01020304,
                             .stratum = 3,
                             .precision_log2 = -20,
                             .synchronised = true};

    clocks_read(&now);
    line.from = now.mono;
    line.utc = now.system;
    line.reference = now.system;
    line.void_after.ns = now.mono.ns + 3600 * NS_PER_S;
    line.real_minus_mono_ns = now.system.ns - now.mono.ns + real_error_ns;
    page_write(&s->line, &line, sizeof line);
}

static int start_worker(void **state)
{
    static struct setting setting;
    struct udp_options options = {.local = {.family = ADDRESS_IPV4}, .stamps = true};
    char word[] = "--worker";
    char *arguments[] = {program, word, NULL};
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    setting = (struct setting){.pid = -1};
    assert_int_equal(page_create(&setting.line, NULL, TIME_LINE_LAYOUT, sizeof(struct time_line)),
                     ERR_NONE);
    assert_int_equal(page_create(&setting.counters, NULL, PAGE_LAYOUT_COUNTERS, worker_page_size()),
                     ERR_NONE);
    assert_int_equal(page_create(&setting.record, NULL, PAGE_LAYOUT_RECORD, status_size_max(4)),
                     ERR_NONE);
    assert_int_equal(
        page_create(&setting.rules, NULL, PAGE_LAYOUT_RULES, sizeof(struct runtime_rules)),
        ERR_NONE);
    assert_int_equal(udp_server_open(&setting.socket, &options), ERR_NONE);
    setting.where = udp_local(&setting.socket);
    setting.where.bytes[0] = 127;
    setting.where.bytes[3] = 1;
    int line_reader = page_reader_fd(&setting.line);
    int record_reader = page_reader_fd(&setting.record);
    int rules_reader = page_reader_fd(&setting.rules);
    const int fds[] = {null_fd,          null_fd, line_reader, record_reader, setting.counters.fd,
                       null_fd,          null_fd, null_fd,     null_fd,       rules_reader,
                       null_fd,          null_fd, null_fd,     null_fd,       null_fd,
                       setting.socket.fd};
    assert_int_equal(process_start(&setting.pid, program, arguments, fds, 16), ERR_NONE);
    (void)close(rules_reader);
    (void)close(null_fd);
    (void)close(line_reader);
    (void)close(record_reader);
    /* Its first report says that it is ready. */
    for (int i = 0; i < 500 && page_generation(&setting.counters) == 0; i++) {
        (void)usleep(10000);
    }
    assert_true(page_generation(&setting.counters) > 0);
    *state = &setting;
    return 0;
}

static int stop_worker(void **state)
{
    struct setting *s = *state;
    struct process_end end = {.pid = -1};

    if (s->pid > 0) {
        process_signal(s->pid, SIGTERM);
        for (int i = 0; i < 500 && !process_ended(&end); i++) {
            (void)usleep(10000);
        }
        assert_int_equal(end.status, 0);
        assert_false(end.killed);
    }
    udp_close(&s->socket);
    page_close(&s->line);
    page_close(&s->record);
    page_close(&s->counters);
    page_close(&s->rules);
    return 0;
}

/* Asks from that address; returns the size of the answer, 0: none within `wait_ms`. */
static size_t ask(struct setting *s, const char *from, int wait_ms, struct ntp_packet *reply)
{
    struct udp_socket client;
    struct udp_options options = {.stamps = false};
    uint8_t bytes[256];
    struct ntp_packet request = {.version = 4, .mode = NTP_MODE_CLIENT, .transmit = {0x1234}};
    struct utc_time stamp;
    size_t size = 0;

    assert_true(address_parse(&options.local, from));
    assert_int_equal(udp_client_open(&client, &s->where, &options), ERR_NONE);
    ntp_packet_encode(&request, bytes);
    struct udp_message m = {.bytes = bytes, .size = NTP_HEADER_SIZE};
    assert_int_equal(udp_send(&client, &m, &stamp), ERR_NONE);
    struct pollfd p = {.fd = client.fd, .events = POLLIN};
    struct udp_datagram d = {.bytes = bytes, .capacity = sizeof bytes};
    if (poll(&p, 1, wait_ms) == 1 && udp_receive(&client, &d) == ERR_NONE) {
        assert_int_equal(ntp_packet_decode(reply, bytes, d.size), DROP_NONE);
        size = d.size;
    }
    udp_close(&client);
    return size;
}

/* Waits until so many requests were reported. */
static void wait_report(struct setting *s, uint64_t requests)
{
    for (int i = 0; i < 300; i++) {
        worker_status_read(&s->counters, &s->status);
        if (s->status.requests >= requests) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("never reported");
}

static void the_published_line_is_served(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 0);
    struct utc_time before = clock_system();
    assert_int_equal(ask(s, "127.0.0.1", 2000, &reply), NTP_HEADER_SIZE);
    struct utc_time after = clock_system();
    assert_int_equal(reply.mode, NTP_MODE_SERVER);
    assert_int_equal(reply.stratum, 3);
    assert_int_equal(reply.leap, NTP_LEAP_NONE);
    assert_true(reply.origin.raw == 0x1234);
    struct utc_time received = utc_from_ntp_ts(reply.receive, before);
    struct utc_time sent = utc_from_ntp_ts(reply.transmit, before);
    assert_true(received.ns >= before.ns - 1000 && received.ns <= sent.ns);
    assert_true(sent.ns <= after.ns + 1000);
    wait_report(s, 1);
    assert_int_equal(s->status.requests, 1);
    assert_int_equal(s->status.answers, 1);
    assert_true(s->status.serving);
}

static void without_a_line_nobody_is_answered(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;

    assert_int_equal(ask(s, "127.0.0.1", 100, &reply), 0);
    wait_report(s, 1);
    assert_int_equal(s->status.drops[DROP_NOT_SERVING], 1);
    publish(s, 0);
    assert_int_equal(ask(s, "127.0.0.1", 2000, &reply), NTP_HEADER_SIZE);
}

static void who_is_not_allowed_is_counted_and_not_answered(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 0);
    assert_int_equal(ask(s, "127.6.6.6", 100, &reply), 0);
    assert_int_equal(ask(s, "127.6.6.7", 2000, &reply), NTP_HEADER_SIZE);
    wait_report(s, 2);
    assert_int_equal(s->status.drops[DROP_ACCESS], 1);
    assert_int_equal(s->status.answers, 1);
}

static void rules_made_at_runtime_hold_for_the_next_request(void **state)
{
    static struct runtime_rules rules;
    struct access_rule rule = {
        .prefix = {.family = ADDRESS_IPV4, .bytes = {127, 6, 6, 6}}, .bits = 32, .allow = true};
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 0);
    assert_int_equal(ask(s, "127.6.6.6", 100, &reply), 0);
    rules = (struct runtime_rules){.forget = 0};
    assert_int_equal(rules_add(&rules.time, &rule), ERR_NONE);
    page_write(&s->rules, &rules, sizeof rules);
    assert_int_equal(ask(s, "127.6.6.6", 2000, &reply), NTP_HEADER_SIZE);
    rule = (struct access_rule){.all = true};
    assert_int_equal(rules_add(&rules.time, &rule), ERR_NONE);
    page_write(&s->rules, &rules, sizeof rules);
    assert_int_equal(ask(s, "127.0.0.1", 100, &reply), 0);
    wait_report(s, 3);
    assert_int_equal(s->status.drops[DROP_ACCESS], 2);
}

/*
 * Waits for a list of so many clients with so many requests in all: the list is made more rarely
 * than counters are, the longer it took the last time.
 */
static void wait_clients(const struct setting *s, struct clients_record *record, uint64_t known,
                         uint64_t requests)
{
    static uint8_t bytes[256 << 10];
    uint64_t found = 0;

    for (int i = 0; i < 3000; i++) {
        size_t size = worker_clients_read(&s->counters, bytes, sizeof bytes);

        if (size > 0 && clients_decode(record, 8, bytes, size)) {
            found = 0;
            for (size_t k = 0; k < record->count; k++) {
                found += record->clients[k].requests;
            }
            if (record->known == known && found == requests) {
                return;
            }
        }
        (void)usleep(10000);
    }
    fail_msg("%llu clients with %llu requests in the list", (unsigned long long)record->known,
             (unsigned long long)found);
}

static void counters_of_clients_begin_anew_by_order(void **state)
{
    static const struct runtime_rules rules = {.forget = 1};
    struct client_status clients[8];
    struct clients_record record = {.clients = clients};
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(s, "127.1.2.3", 2000, &reply), NTP_HEADER_SIZE);
    }
    page_write(&s->rules, &rules, sizeof rules);
    assert_int_equal(ask(s, "127.1.2.3", 2000, &reply), NTP_HEADER_SIZE);
    wait_report(s, 4);
    wait_clients(s, &record, 1, 1);
    assert_int_equal(record.count, 1);
    assert_int_equal(clients[0].requests, 1);
    assert_int_equal(clients[0].answers, 1);
}

static void a_stepped_clock_makes_stamps_worthless(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 5 * NS_PER_S); /* the clock differs by 5 s from what was published */
    assert_int_equal(ask(s, "127.0.0.1", 100, &reply), 0);
    wait_report(s, 1);
    assert_int_equal(s->status.drops[DROP_AMBIGUOUS_STAMP], 1);
}

static void a_request_that_waited_is_dropped(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;

    publish(s, 0);
    (void)usleep(1100000); /* in its first second it answers who has waited for it */
    assert_int_equal(ask(s, "127.0.0.1", 2000, &reply), NTP_HEADER_SIZE);
    process_signal(s->pid, SIGSTOP);
    (void)usleep(50000); /* its threads may be on their way on another processor */
    assert_int_equal(ask(s, "127.0.0.1", 200, &reply), 0);
    process_signal(s->pid, SIGCONT);
    wait_report(s, 2);
    assert_int_equal(s->status.drops[DROP_STALE], 1);
    assert_int_equal(s->status.answers, 1);
}

static void clients_are_listed(void **state)
{
    struct setting *s = *state;
    struct ntp_packet reply;
    static uint8_t bytes[256 << 10];
    struct client_status clients[8];
    struct clients_record record = {.clients = clients};

    publish(s, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(s, "127.1.2.3", 2000, &reply), NTP_HEADER_SIZE);
    }
    assert_int_equal(ask(s, "127.6.6.6", 50, &reply), 0);
    wait_report(s, 4);
    wait_clients(s, &record, 2, 4);
    size_t size = worker_clients_read(&s->counters, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_int_equal(worker_clients_read(&s->counters, bytes, size - 1), 0);
    assert_true(clients_decode(&record, 8, bytes, size));
    assert_int_equal(record.known, 2);
    for (size_t i = 0; i < record.count; i++) {
        bool refused = clients[i].address.bytes[1] == 6;

        assert_int_equal(clients[i].requests, refused ? 1 : 3);
        assert_int_equal(clients[i].answers, refused ? 0 : 3);
    }
}

static void many_at_once_are_all_answered(void **state)
{
    enum { MANY = 200 };
    struct setting *s = *state;
    static struct udp_socket clients[MANY];
    const struct udp_options options = {.stamps = false};
    struct ntp_packet request = {.version = 4, .mode = NTP_MODE_CLIENT};
    uint8_t bytes[NTP_HEADER_SIZE];
    unsigned answered = 0;

    publish(s, 0);
    for (unsigned i = 0; i < MANY; i++) {
        struct utc_time stamp;
        struct udp_message m = {.bytes = bytes, .size = sizeof bytes};

        request.transmit.raw = i + 1;
        ntp_packet_encode(&request, bytes);
        assert_int_equal(udp_client_open(&clients[i], &s->where, &options), ERR_NONE);
        assert_int_equal(udp_send(&clients[i], &m, &stamp), ERR_NONE);
    }
    for (unsigned i = 0; i < MANY; i++) {
        struct pollfd p = {.fd = clients[i].fd, .events = POLLIN};
        struct udp_datagram d = {.bytes = bytes, .capacity = sizeof bytes};
        struct ntp_packet reply;

        if (poll(&p, 1, 2000) == 1 && udp_receive(&clients[i], &d) == ERR_NONE &&
            ntp_packet_decode(&reply, bytes, d.size) == DROP_NONE && reply.origin.raw == i + 1) {
            answered++;
        }
        udp_close(&clients[i]);
    }
    assert_int_equal(answered, MANY);
    wait_report(s, MANY);
    assert_int_equal(s->status.answers, MANY);
}

/* Not started by the parent. */
static void without_descriptors_it_ends(void **state)
{
    char word[] = "--worker";
    char *arguments[] = {program, word, NULL};
    struct process_end end = {.pid = -1};
    int pid = -1;

    (void)state;
    assert_int_equal(process_start(&pid, program, arguments, NULL, 0), ERR_NONE);
    for (int i = 0; i < 500 && !process_ended(&end); i++) {
        (void)usleep(10000);
    }
    assert_int_equal(end.status, 2);
}

/* The page's writer may have been taken over. */
static void what_it_writes_is_not_trusted(void **state)
{
    struct page page;
    struct server_status status;
    uint8_t *bytes = malloc(worker_page_size());
    static uint8_t out[300 << 10];

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(page_create(&page, NULL, PAGE_LAYOUT_COUNTERS, worker_page_size()), ERR_NONE);
    worker_status_read(&page, &status);
    assert_false(status.serving); /* nothing was written yet */
    for (unsigned i = 0; i < 60; i++) {
        size_t size = i % 10 == 0 ? worker_page_size() : (size_t)rand() % 4096;

        for (size_t k = 0; k < size; k++) {
            bytes[k] = i % 2 ? (uint8_t)rand() : 0xff;
        }
        page_write(&page, bytes, size);
        worker_status_read(&page, &status);
        uint8_t serving;
        memcpy(&serving, &status.serving, 1);
        assert_true(serving <= 1);
        assert_true(worker_clients_read(&page, out, sizeof out) <= sizeof out);
    }
    free(bytes);
    page_close(&page);
}

#define WITH_WORKER(test) cmocka_unit_test_setup_teardown(test, start_worker, stop_worker)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKER(the_published_line_is_served),
        WITH_WORKER(without_a_line_nobody_is_answered),
        WITH_WORKER(who_is_not_allowed_is_counted_and_not_answered),
        WITH_WORKER(rules_made_at_runtime_hold_for_the_next_request),
        WITH_WORKER(counters_of_clients_begin_anew_by_order),
        WITH_WORKER(a_stepped_clock_makes_stamps_worthless),
        WITH_WORKER(a_request_that_waited_is_dropped),
        WITH_WORKER(clients_are_listed),
        WITH_WORKER(many_at_once_are_all_answered),
        cmocka_unit_test(without_descriptors_it_ends),
        cmocka_unit_test(what_it_writes_is_not_trusted),
    };

    if (argc > 1 && strcmp(argv[1], "--worker") == 0) {
        return be_worker();
    }
    program = argv[0];
    /* Where it is built with a leak checker: that would stop threads by ptrace in the sandbox. */
    (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
