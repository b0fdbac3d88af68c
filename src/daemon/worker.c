/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker.h"

#include <stdlib.h>
#include <string.h>

#include "core/server/reply.h"
#include "daemon/descriptors.h"
#include "daemon/worker_ask.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/privilege.h"
#include "sys/process.h"
#include "sys/sandbox.h"
#include "sys/signals.h"
#include "sys/udp.h"
#include "wire/clients.h"

enum {
    CLIENTS_KEPT = 524288, /* octets */
    CLIENTS_TOLD = 1024,
    CLIENTS_BYTES = 128 * CLIENTS_TOLD, /* of the encoded table; what does not fit is left out */
    ROUNDS_MAX = 8,                     /* batches of one socket in a row */
    REPORT_NS = 1000000000,
    LATENCY_MAX_NS = 1000000,
    LATENCY_MEMORY = 4096, /* answers */
    FIRST_LOOK_NS = 1000000,
    FIRST_LOOKS = 2000,
};

/* The page's payload: the counters, then the encoded client table. */
struct worker_record {
    struct server_status counters;
    uint32_t clients_size;
    uint8_t clients[];
};

struct worker {
    struct udp_socket sockets[SUPERVISOR_SOCKETS_MAX];
    struct pollfd fds[SUPERVISOR_SOCKETS_MAX];
    uint8_t ports[SUPERVISOR_SOCKETS_MAX]; /* ASK_PORT_* */
    size_t count;
    struct page line_page, report_page, record_page;
    struct worker_ask ask;
    struct time_line line;
    uint64_t generation; /* of the line; 0: none was read yet */
    struct access_tree access;
    struct server_tables tables;
    struct udp_batch *batch;
    struct client_status *told;
    struct worker_record *record;
    double latency_ns;            /* from the reading of T3 until the answer leaves: mean */
    uint64_t reported;            /* requests counted in the last report */
    struct steady_time report_at; /* the next one */
};

size_t worker_page_size(void)
{
    return sizeof(struct worker_record) + CLIENTS_BYTES;
}

/* Everything that is allocated, is allocated here. */
static bool make_tables(struct worker *w, const struct config *config)
{
    size_t wanted = access_nodes(config->node.access_count);
    struct access_node *nodes = calloc(wanted, sizeof *nodes);
    void *memory = aligned_alloc(64, CLIENTS_KEPT);
    struct siphash_key key;
    size_t bad = 0;

    w->batch = udp_batch_open(UDP_BATCH_MAX, NTP_PACKET_MAX);
    w->told = calloc(CLIENTS_TOLD, sizeof *w->told);
    w->record = calloc(1, worker_page_size());
    if (nodes == NULL || memory == NULL || w->batch == NULL || w->told == NULL ||
        w->record == NULL) {
        free(nodes);
        free(memory);
        return false;
    }
    access_init(&w->access, nodes, wanted);
    if (access_build(&w->access, config->node.access, config->node.access_count, &bad) !=
        ERR_NONE) {
        return false; /* `nodes` and `memory` end with the process */
    }
    entropy_fill(&key, sizeof key);
    memset(memory, 0, CLIENTS_KEPT);
    server_tables_init(&w->tables, memory, CLIENTS_KEPT, &key);
    return true;
}

/* False: this process was not started by a supervisor. */
static bool take_descriptors(struct worker *w, const struct config *config)
{
    size_t given = process_given_fds();

    for (size_t i = SUPERVISOR_FD_SERVER - PROCESS_FDS_FIRST;
         i < given && w->count < SUPERVISOR_SOCKETS_MAX; i++) {
        struct udp_socket *s = &w->sockets[w->count];

        if (udp_server_adopt(s, PROCESS_FDS_FIRST + (int)i) == ERR_NONE) {
            uint16_t port = udp_local(s).port;

            w->ports[w->count] = port == config->daemon.command_port && port != config->daemon.port
                                     ? ASK_PORT_CHRONYC
                                     : ASK_PORT_NTP;
            w->fds[w->count++] = (struct pollfd){.fd = s->fd, .events = POLLIN};
        }
    }
    return w->count > 0 &&
           page_adopt(&w->line_page, SUPERVISOR_FD_LINE, TIME_LINE_LAYOUT, false) == ERR_NONE &&
           page_adopt(&w->report_page, SUPERVISOR_FD_COUNTERS, PAGE_LAYOUT_COUNTERS, true) ==
               ERR_NONE &&
           page_adopt(&w->record_page, SUPERVISOR_FD_RECORD, PAGE_LAYOUT_RECORD, false) ==
               ERR_NONE &&
           page_capacity(&w->report_page) >= worker_page_size();
}

/* The newest line; an older one when it is just being written. */
static void read_line(struct worker *w)
{
    uint64_t generation = page_generation(&w->line_page);
    struct time_line line;
    size_t size = 0;

    if (generation != w->generation &&
        page_read(&w->line_page, &line, sizeof line, &size) == ERR_NONE && size == sizeof line) {
        w->line = line;
        w->generation = generation;
    }
}

static void count_drop(struct worker *w, enum drop_reason reason)
{
    w->tables.counters.requests++;
    w->tables.counters.drops[reason]++;
}

/* True: it was a question about the daemon, and has been dealt with. */
static bool answer_question(struct worker *w, unsigned i, uint8_t port)
{
    const struct udp_datagram *datagram = udp_batch_at(w->batch, i);
    const struct question question = {.bytes = datagram->bytes,
                                      .size = datagram->size,
                                      .from = datagram->from,
                                      .to = datagram->to,
                                      .port = port};
    size_t size = 0;

    if (port == ASK_PORT_NTP && !worker_ask_is_question(datagram->bytes, datagram->size)) {
        return false;
    }
    enum drop_reason reason =
        worker_ask_answer(&w->ask, &question, udp_batch_answer(w->batch, i), NTP_PACKET_MAX, &size);
    if (reason == DROP_NONE) {
        w->tables.counters.requests++;
        w->tables.counters.answers++;
        udp_batch_answer_size(w->batch, i, size);
    } else {
        count_drop(w, reason);
    }
    return true;
}

/* Answers one request of the batch; *now is when it was answered. */
static bool answer_one(struct worker *w, unsigned i, const struct clock_pair *pair,
                       struct steady_time *now)
{
    const struct udp_datagram *datagram = udp_batch_at(w->batch, i);
    const struct server_view view = {
        .line = &w->line, .access = &w->access, .serving = w->generation != 0};
    struct request request = {.bytes = datagram->bytes,
                              .size = datagram->size,
                              .from = datagram->from,
                              .to = datagram->to,
                              .flags = datagram->truncated ? REQUEST_TRUNCATED : 0};
    struct reply reply = {.bytes = udp_batch_answer(w->batch, i)};

    if (view.serving && !server_received(&w->line, pair, datagram->stamp, &request.received)) {
        count_drop(w, DROP_AMBIGUOUS_STAMP);
        return false;
    }
    *now = request.now = clock_steady();
    request.leaves.ns = now->ns + (int64_t)w->latency_ns;
    (void)server_reply(&view, &w->tables, &request, &reply);
    udp_batch_answer_size(w->batch, i, reply.size);
    return reply.size > 0;
}

/*
 * Answers of a batch leave one after the other while it is sent: on average in the middle of the
 * call.  That much later than T3 was read, T3 is to be; but never later than the answer leaves, or
 * its client measures a negative delay, for which OpenNTPD leaves a server alone for an hour.  So
 * the least that was met lately counts, not the mean, which a lost processor moves.
 */
static void learn_latency(struct worker *w, double read_ns, unsigned answers,
                          struct steady_time start, struct steady_time end)
{
    double latency_ns = (double)(start.ns + (end.ns - start.ns) / 2) - read_ns / (double)answers;

    if (latency_ns >= 0 && latency_ns < w->latency_ns) {
        w->latency_ns = latency_ns;
    } else if (latency_ns < LATENCY_MAX_NS) {
        w->latency_ns += (latency_ns - w->latency_ns) / LATENCY_MEMORY;
    }
}

static unsigned serve_batch(struct worker *w, size_t socket)
{
    struct udp_socket *s = &w->sockets[socket];
    unsigned count = udp_batch_receive(w->batch, s);
    unsigned answers = 0;
    double read_ns = 0;
    struct clocks clocks;

    if (count == 0) {
        return 0;
    }
    read_line(w);
    clocks_read(&clocks);
    const struct clock_pair pair = {.real = clocks.system, .mono = clocks.mono};
    for (unsigned i = 0; i < count; i++) {
        struct steady_time now;

        if (!answer_question(w, i, w->ports[socket]) && answer_one(w, i, &pair, &now)) {
            read_ns += (double)now.ns;
            answers++;
        }
    }
    struct steady_time start = clock_steady();
    (void)udp_batch_send(w->batch, s);
    if (answers > 0) {
        learn_latency(w, read_ns, answers, start, clock_steady());
    }
    return count;
}

static void report(struct worker *w, struct steady_time now)
{
    struct clients_record clients = {.count = CLIENTS_TOLD, .clients = w->told};

    w->tables.counters.serving = access_allows_somebody(&w->access);
    w->record->counters = w->tables.counters;
    client_log_list(&w->tables.clients, &w->line, &clients);
    w->record->clients_size = (uint32_t)clients_encode(&clients, w->record->clients, CLIENTS_BYTES);
    page_write(&w->report_page, w->record, sizeof *w->record + (size_t)w->record->clients_size);
    w->reported = w->tables.counters.requests;
    w->report_at.ns = now.ns + REPORT_NS;
}

/*
 * The sockets are bound before the time process has said its first word.  Who asks meanwhile waits
 * in the queue for some milliseconds instead of being dropped: OpenNTPD, for one, would ask again
 * after five minutes only.
 */
static bool await_first_line(struct worker *w)
{
    const struct duration look = {FIRST_LOOK_NS};
    bool stop = false;

    for (int i = 0; i < FIRST_LOOKS && !stop && page_generation(&w->line_page) == 0; i++) {
        (void)signals_wait(NULL, 0, look);
        stop = signals_take().terminate;
    }
    return !stop;
}

static void serve(struct worker *w)
{
    bool stop = !await_first_line(w);

    report(w, clock_steady());
    while (!stop) {
        struct steady_time now = clock_steady();
        bool news = w->tables.counters.requests != w->reported;

        if (news && now.ns >= w->report_at.ns) {
            report(w, now);
            news = false;
        }
        struct duration timeout = {news ? w->report_at.ns - now.ns : -1};
        if (signals_wait(w->fds, w->count, timeout) > 0) {
            for (size_t i = 0; i < w->count; i++) {
                for (int round = 0; w->fds[i].revents != 0 && round < ROUNDS_MAX &&
                                    serve_batch(w, i) == UDP_BATCH_MAX;
                     round++) {
                }
            }
        }
        stop = signals_take().terminate;
    }
    report(w, clock_steady());
}

static bool confine(const struct args *args, const struct log_sink *log)
{
    struct user_ids user = privilege_self();
    struct sandbox_report report;

    /* The parent has put the number there: no user database is needed. */
    if ((args->user != NULL && privilege_find_user(args->user, &user) != ERR_NONE) ||
        privilege_drop(&user, PRIVILEGE_KEEP_NONE) != ERR_NONE) {
        log_line(log, LOG_SEVERITY_ERROR,
                 "the server process can't give up its rights: not "
                 "started");
        return false;
    }
    if (sandbox_enter(SANDBOX_SERVER, NULL, &report) != ERR_NONE) {
        log_format(log, LOG_SEVERITY_INFO,
                   "the server process runs with an incomplete sandbox: "
                   "system calls %s, files %s",
                   report.syscalls ? "closed" : "open", report.files ? "closed" : "open");
    }
    return true;
}

int worker_run(const struct args *args, const struct config *config, const struct log_sink *log)
{
    struct worker *w = calloc(1, sizeof *w);

    if (w == NULL || !make_tables(w, config)) {
        log_line(log, LOG_SEVERITY_ERROR, "the server process has too little memory");
        return SUPERVISOR_EXIT_RESTART;
    }
    if (!take_descriptors(w, config)) {
        log_line(log, LOG_SEVERITY_ERROR, "--role is for noond itself");
        return 2;
    }
    if (!worker_ask_open(&w->ask, config, &w->record_page)) {
        log_line(log, LOG_SEVERITY_ERROR, "the server process has too little memory");
        return SUPERVISOR_EXIT_RESTART;
    }
    signals_open(SIGNALS_NORMAL);
    if (!confine(args, log)) {
        return SUPERVISOR_EXIT_RESTART;
    }
    serve(w);
    return 0;
}

/* For the time process.  What the server has written is not trusted. */

static size_t read_record(const struct page *page, uint8_t *bytes, size_t capacity)
{
    size_t size = 0;

    /* Written once a second: a reader that is overtaken is not overtaken twice. */
    for (int try = 0; try < 2; try++) {
        if (page_read(page, bytes, capacity, &size) == ERR_NONE) {
            return size >= sizeof(struct worker_record) ? size : 0;
        }
    }
    return 0;
}

void worker_status_read(const struct page *page, struct server_status *status)
{
    uint8_t bytes[sizeof(struct worker_record) + CLIENTS_BYTES];

    memset(status, 0, sizeof *status);
    if (read_record(page, bytes, sizeof bytes) > 0) {
        /* Any octet may stand where a truth value is expected. */
        uint8_t *serving = bytes + offsetof(struct worker_record, counters.serving);

        *serving = *serving != 0;
        memcpy(status, bytes + offsetof(struct worker_record, counters), sizeof *status);
    }
}

size_t worker_clients_read(const struct page *page, uint8_t *out, size_t capacity)
{
    uint8_t bytes[sizeof(struct worker_record) + CLIENTS_BYTES];
    size_t size = read_record(page, bytes, sizeof bytes);
    struct clients_record none = {.clients = NULL};
    uint32_t length = 0;

    if (size == 0) {
        return 0;
    }
    memcpy(&length, bytes + offsetof(struct worker_record, clients_size), sizeof length);
    const uint8_t *clients = bytes + offsetof(struct worker_record, clients);
    if (length > size - sizeof(struct worker_record) || length > capacity ||
        !clients_decode(&none, 0, clients, length)) {
        return 0;
    }
    memcpy(out, clients, length);
    return length;
}
