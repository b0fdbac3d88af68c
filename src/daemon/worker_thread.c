/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker_thread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/descriptors.h"
#include "sys/clock.h"
#include "sys/entropy.h"

enum {
    BATCH = 16,          /* answers that leave in one call: more would make the first ones wait */
    ROUNDS_MAX = 8,      /* batches of one socket in a row */
    DRAIN_NS = 50000000, /* for what waits when the process is to end */
    RESTED_NS = 15000,   /* a pause that caches notice */
    COLD_NS = 150000,    /* ... and one that the whole processor does */
    BUSY_NS = 60000,     /* requests so close to one another are gathered ... */
    GATHER_NS = 30000,   /* ... for so long at least */
    GATHER_MAX_NS = 100000,
    GATHER_REQUESTS = 4,
    STAMP_EVERY = 64, /* one batch of so many tells when it left */
    STAMP_EVERY_COLD = 4,
    DEPARTURES = 64,
    ALIGNMENT = 64,
};

/* Tokens of departure stamps: bit 63 marks the model's own, the rest is a handle of the core's. */
static const uint64_t model_token = UINT64_C(1) << 63;

/* One batch on its way. */
struct passage {
    struct worker_socket *socket;
    struct clock_pair pair; /* read when the requests had been received: the anchor */
    enum send_model_pace pace;
    unsigned count;          /* requests */
    unsigned answers;        /* so far */
    unsigned stamps;         /* departures whose stamps were asked for */
    bool learn;              /* this batch tells the model when it left */
    struct steady_time call; /* when the answers were handed over */
};

/*
 * Who has asked any of the threads.  They may be writing meanwhile: of a client who asks just now a
 * line may be made of two requests.
 */
static void page_of_clients(void *context, const struct client_wish *wish,
                            struct clients_record *page)
{
    const struct worker *w = context;
    size_t most = page->count;

    page->count = page->known = 0;
    for (unsigned i = 0; i < w->shared->worker_count; i++) {
        client_log_page(&w->shared->workers[i].tables.clients, &w->line, wish, page, most);
    }
}

static bool find_client(void *context, const struct address *address, struct client_status *client)
{
    const struct worker *w = context;

    for (unsigned i = 0; i < w->shared->worker_count; i++) {
        if (client_log_find(&w->shared->workers[i].tables.clients, address, &w->line, client)) {
            return true;
        }
    }
    return false;
}

bool worker_open(struct worker *w, struct worker_shared *shared, size_t clients_size)
{
    size_t size = (clients_size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    /* Zeroed by the system page for page as clients come. */
    uint8_t *memory = calloc(1, size + ALIGNMENT);
    uint64_t random[4];

    memset(w, 0, sizeof *w);
    w->shared = shared;
    if (memory == NULL || !worker_ask_open(&w->ask, shared->config, &shared->record_page) ||
        page_create(&w->counted, NULL, PAGE_LAYOUT_COUNTERS, sizeof(struct server_status)) !=
            ERR_NONE) {
        return false; /* the process ends */
    }
    memory += ALIGNMENT - (uintptr_t)memory % ALIGNMENT;
    w->ask.line = &w->line;
    w->ask.tables = (struct mru_tables){w, page_of_clients, find_client};
    server_tables_init(&w->tables, memory, size, &shared->key);
    entropy_fill(random, sizeof random);
    auth_tables_init(&w->tables.auth, random);
    w->secrets = shared->secrets;
    w->access = &shared->access;
    send_model_init(&w->model);
    return true;
}

bool worker_add(struct worker *w, int fd, uint8_t port)
{
    struct worker_socket *socket = &w->sockets[w->count];

    if (w->count == WORKER_SOCKETS_MAX || udp_server_adopt(&socket->socket, fd) != ERR_NONE) {
        return false;
    }
    socket->port = port;
    socket->batch = udp_batch_open(BATCH, NTP_PACKET_MAX);
    w->fds[w->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    w->count += socket->batch != NULL;
    return socket->batch != NULL;
}

/* The configuration's rules and these; on an error nobody is answered, rather than everybody. */
static void build_access(struct worker *w, const struct rules *rules)
{
    const struct node_options *options = &w->shared->config->node;
    size_t wanted = rules_nodes(options->access_count);

    if (w->own_access.nodes == NULL) {
        struct access_node *nodes = calloc(wanted, sizeof *nodes);

        access_init(&w->own_access, nodes, nodes != NULL ? wanted : 0);
    }
    w->access = &w->own_access;
    enum err ignored = rules_build(&w->own_access, options->access, options->access_count, rules);
    (void)ignored;
}

void worker_read_rules(struct worker *w)
{
    uint64_t generation = page_generation(&w->shared->rules_page);
    struct runtime_rules rules;
    size_t size = 0;

    if (generation == w->rules_generation ||
        page_read(&w->shared->rules_page, &rules, sizeof rules, &size) != ERR_NONE ||
        size != sizeof rules) {
        return;
    }
    build_access(w, &rules.time);
    worker_ask_rules(&w->ask, &rules.command);
    if (rules.forget != w->forgotten) {
        client_log_forget_counts(&w->tables.clients);
    }
    w->forgotten = rules.forget;
    w->rules_generation = generation;
}

/* The newest keys of cookies; before the first there are none. */
static void read_ring(struct worker *w)
{
    uint64_t generation = w->shared->nts ? page_generation(&w->shared->ring_page) : 0;
    struct cookie_ring ring;
    size_t size = 0;

    if (generation != w->ring_generation &&
        page_read(&w->shared->ring_page, &ring, sizeof ring, &size) == ERR_NONE &&
        size == sizeof ring) {
        cookie_keys_prepare(&w->cookies, &ring);
        w->secrets.cookies = &w->cookies;
        w->ring_generation = generation;
    }
}

/* The newest line; an older one when it is just being written. */
static void read_line(struct worker *w)
{
    uint64_t generation = page_generation(&w->shared->line_page);
    struct time_line line;
    size_t size = 0;

    if (generation != w->generation &&
        page_read(&w->shared->line_page, &line, sizeof line, &size) == ERR_NONE &&
        size == sizeof line) {
        w->line = line;
        w->generation = generation;
        w->synchronised = line.synchronised;
    }
    /* Who is to be sent elsewhere is told that there is no time here. */
    w->line.synchronised =
        w->synchronised && page_mark(&w->shared->line_page, PAGE_MARK_DRAINING) == 0;
}

static void count_drop(struct worker *w, enum drop_reason reason)
{
    w->tables.counters.requests++;
    w->tables.counters.drops[reason]++;
}

/* All of an answer to mode 6, in order: some clients expect that. */
static void send_control(struct worker *w, const struct passage *passage, unsigned i, size_t size)
{
    struct udp_batch *batch = passage->socket->batch;
    const struct udp_datagram *datagram = udp_batch_at(batch, i);
    struct udp_message message = {.bytes = udp_batch_answer(batch, i),
                                  .size = size,
                                  .to = datagram->from,
                                  .from = datagram->to};
    struct utc_time left;

    udp_batch_answer_size(batch, i, 0);
    while (message.size > 0 && udp_send(&passage->socket->socket, &message, &left) == ERR_NONE) {
        message.size = worker_ask_more(&w->ask, udp_batch_answer(batch, i));
    }
}

/* True: it was a question about the daemon, and has been dealt with. */
static bool answer_question(struct worker *w, const struct passage *passage, unsigned i)
{
    struct udp_batch *batch = passage->socket->batch;
    const struct udp_datagram *datagram = udp_batch_at(batch, i);
    const struct question question = {.bytes = datagram->bytes,
                                      .size = datagram->size,
                                      .from = datagram->from,
                                      .to = datagram->to,
                                      .port = passage->socket->port};
    size_t size = 0;

    if (question.port == ASK_PORT_NTP && !worker_ask_is_question(datagram->bytes, datagram->size)) {
        return false;
    }
    enum drop_reason reason =
        worker_ask_answer(&w->ask, &question, udp_batch_answer(batch, i), NTP_PACKET_MAX, &size);
    udp_batch_answer_size(batch, i, size);
    if (question.port == ASK_PORT_NTP) {
        send_control(w, passage, i, size);
    }
    if (question.port == ASK_PORT_CHRONYC) {
        w->tables.counters.command_requests++;
        w->tables.counters.command_drops += reason != DROP_NONE;
    } else if (reason == DROP_NONE) {
        w->tables.counters.requests++;
        w->tables.counters.answers++;
    } else {
        count_drop(w, reason);
    }
    return true;
}

/* The stamp of this answer's departure is wanted by its client, by the model, or by nobody. */
static void want_stamp(struct passage *passage, unsigned i, uint64_t handle)
{
    bool of_model = passage->learn && (passage->answers == 0 || i + 1 == passage->count);

    if (handle != 0) {
        udp_batch_stamp(passage->socket->batch, i, handle);
    } else if (of_model) {
        udp_batch_stamp(passage->socket->batch, i, model_token | passage->answers);
    }
    passage->stamps += handle != 0 || of_model;
}

static void answer_request(struct worker *w, struct passage *passage, unsigned i)
{
    struct udp_batch *batch = passage->socket->batch;
    const struct udp_datagram *datagram = udp_batch_at(batch, i);
    const struct server_view view = {.line = &w->line,
                                     .access = w->access,
                                     .limits = &w->shared->limits,
                                     .secrets = w->secrets,
                                     .serving = w->generation != 0,
                                     .fresh = passage->pair.mono.ns < w->shared->fresh_until.ns};
    struct request request = {.bytes = datagram->bytes,
                              .size = datagram->size,
                              .from = datagram->from,
                              .to = datagram->to,
                              .now = passage->pair.mono,
                              .flags = REQUEST_TELLABLE};
    struct reply reply = {.bytes = udp_batch_answer(batch, i)};

    if (view.serving &&
        !server_received(&w->line, &passage->pair, datagram->stamp, &request.received)) {
        count_drop(w, DROP_AMBIGUOUS_STAMP);
        return;
    }
    request.flags |= datagram->truncated ? REQUEST_TRUNCATED : 0;
    request.leaves.ns = request.now.ns + (int64_t)send_model_ns(&w->model, passage->pace,
                                                                passage->count, passage->answers);
    (void)server_reply(&view, &w->tables, &request, &reply);
    if (reply.size > 0) {
        want_stamp(passage, i, reply.handle);
        udp_batch_answer_size(batch, i, reply.size);
        passage->answers++;
    }
}

/* Departures that became known: for the clients of interleaved mode, and for the model. */
static void take_departures(struct worker *w, const struct passage *passage)
{
    const struct server_view view = {.line = &w->line};
    struct udp_departure departures[DEPARTURES];
    unsigned count = udp_batch_departures(passage->socket->batch, &passage->socket->socket,
                                          departures, DEPARTURES);

    for (unsigned i = 0; i < count; i++) {
        uint64_t token = departures[i].token;
        struct steady_time left;

        if (!server_received(&w->line, &passage->pair, departures[i].stamp, &left)) {
            continue;
        }
        if ((token & model_token) == 0) {
            server_sent(&view, &w->tables, token, left);
        } else if (left.ns >= passage->call.ns) { /* not of an earlier batch */
            send_model_left(&w->model, passage->pace, (unsigned)(token & ~model_token),
                            (double)(left.ns - passage->call.ns));
        }
    }
}

/* Hands the answers over, and learns how long it takes. */
static void send_answers(struct worker *w, struct passage *passage)
{
    passage->call = clock_steady();
    (void)udp_batch_send(passage->socket->batch, &passage->socket->socket);
    w->busy_until = clock_steady();
    if (passage->answers == 0) {
        return;
    }
    send_model_written(&w->model, passage->pace, passage->count,
                       (double)(passage->call.ns - passage->pair.mono.ns));
    send_model_call(&w->model, passage->pace, passage->answers,
                    (double)(w->busy_until.ns - passage->call.ns));
    if (passage->stamps > 0) {
        take_departures(w, passage);
    }
}

/* What its sockets have met. */
static void add_troubles(struct worker *w)
{
    struct server_status *counters = &w->tables.counters;

    counters->unsent_full = counters->unsent_no_route = counters->unsent_refused = 0;
    counters->receive_errors = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct udp_batch_troubles *troubles = udp_batch_troubles(w->sockets[i].batch);

        counters->unsent_full += troubles->full;
        counters->unsent_no_route += troubles->unreachable;
        counters->unsent_refused += troubles->refused;
        counters->receive_errors += troubles->receive;
    }
}

/* Lets the main thread see what was counted, and wakes it for the first time in a while. */
static void tell_main(struct worker *w)
{
    const uint64_t one = 1;

    add_troubles(w);
    page_write(&w->counted, &w->tables.counters, sizeof w->tables.counters);
    if (atomic_load_explicit(&w->shared->quiet, memory_order_relaxed) &&
        atomic_exchange_explicit(&w->shared->quiet, false, memory_order_acq_rel)) {
        ssize_t written = write(w->shared->news_fd, &one, sizeof one);
        (void)written; /* full: it is awake */
    }
}

static enum send_model_pace pace_after(int64_t pause_ns)
{
    return pause_ns > COLD_NS ? SEND_COLD : pause_ns > RESTED_NS ? SEND_RESTED : SEND_HOT;
}

unsigned worker_serve_socket(struct worker *w, struct worker_socket *socket)
{
    struct passage passage = {.socket = socket,
                              .count = udp_batch_receive(socket->batch, &socket->socket)};
    struct clocks clocks;

    if (passage.count == 0) {
        return 0;
    }
    read_line(w);
    read_ring(w);
    worker_read_rules(w);
    clocks_read(&clocks);
    passage.pair = (struct clock_pair){.real = clocks.system, .mono = clocks.mono};
    passage.pace = pace_after(clocks.mono.ns - w->busy_until.ns);
    if (w->batches == 0 || (passage.pace != SEND_HOT && w->batches % STAMP_EVERY_COLD == 0)) {
        passage.learn = true;
    }
    w->batches = w->batches == 0 ? STAMP_EVERY : w->batches - 1;
    for (unsigned i = 0; i < passage.count; i++) {
        if (!answer_question(w, &passage, i)) {
            answer_request(w, &passage, i);
        }
    }
    send_answers(w, &passage);
    tell_main(w);
    return passage.count;
}

/* As many requests come meanwhile to one of many threads as to a single one. */
static void rest(int64_t gap_ns)
{
    int64_t ns = GATHER_REQUESTS * gap_ns;
    struct timespec length = {.tv_nsec = ns < GATHER_NS       ? GATHER_NS
                                         : ns > GATHER_MAX_NS ? GATHER_MAX_NS
                                                              : ns};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL);
}

/*
 * One that keeps sending can't keep the other sockets, or the end, waiting.
 *
 * To be woken costs more than to answer.  While requests come in quick succession the thread does
 * not wait for the next one but rests a moment and takes those that have come by then.  Clients
 * don't notice: arrival and departure of their packets are stamped as they are, and the time
 * between is subtracted.
 */
static void serve_rounds(struct worker *w, struct worker_socket *socket)
{
    int64_t before_ns = w->busy_until.ns;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        unsigned count = worker_serve_socket(w, socket);

        if (count == 0) {
            return;
        }
        if (count < BATCH) {
            int64_t since_ns = clock_steady().ns - before_ns;

            if (since_ns > BUSY_NS + (int64_t)count * BUSY_NS) {
                return;
            }
            rest(since_ns / count);
        }
        before_ns = w->busy_until.ns;
    }
}

/* What has come before the end is answered: nobody else may come for it. */
static void drain(struct worker *w)
{
    const int64_t until_ns = clock_steady().ns + DRAIN_NS;
    bool some = true;

    while (some && clock_steady().ns < until_ns) {
        some = false;
        for (size_t i = 0; i < w->count; i++) {
            some = worker_serve_socket(w, &w->sockets[i]) > 0 || some;
        }
    }
}

void *worker_serve(void *worker)
{
    struct worker *w = worker;

    w->fds[w->count] = (struct pollfd){.fd = w->shared->stop_fd, .events = POLLIN};
    while (!atomic_load_explicit(&w->shared->stop, memory_order_acquire)) {
        if (poll(w->fds, (nfds_t)w->count + 1, -1) <= 0) {
            continue;
        }
        for (size_t i = 0; i < w->count; i++) {
            if ((w->fds[i].revents & (POLLERR | POLLHUP)) != 0) {
                struct passage late = {.socket = &w->sockets[i], .pace = SEND_COLD};
                struct clocks clocks;

                clocks_read(&clocks);
                late.pair = (struct clock_pair){.real = clocks.system, .mono = clocks.mono};
                late.call = late.pair.mono; /* too late for the model */
                take_departures(w, &late);
            }
            if (w->fds[i].revents != 0) {
                serve_rounds(w, &w->sockets[i]);
            }
        }
    }
    drain(w);
    return NULL;
}
