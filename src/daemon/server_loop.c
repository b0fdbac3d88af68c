/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/server_loop.h"

#include <stdlib.h>
#include <string.h>

#include "core/server/reply.h"
#include "daemon/worker_report.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "wire/clients.h"

enum { ALIGNMENT = 64, CLIENTS_TOLD = 1024 };

struct server_loop {
    struct udp_socket *sockets;
    size_t count;
    struct time_line line;
    bool draining;
    struct access_tree access;
    struct auth_secrets secrets;
    struct access_node *nodes;
    struct server_tables tables;
    struct siphash_key key;
    void *memory;       /* of the tables */
    size_t memory_size; /* that the tables use of it */
    struct limits limits;
    struct client_status *told;
};

static bool build_access(struct server_loop *loop, const struct node_options *options,
                         const struct rules *rules)
{
    size_t wanted = rules_nodes(options->access_count);
    struct access_node *nodes = calloc(wanted, sizeof *nodes);

    if (!nodes) {
        return false;
    }
    free(loop->nodes);
    loop->nodes = nodes;
    loop->secrets = (struct auth_secrets){options->keys, options->key_count};
    access_init(&loop->access, nodes, wanted);
    return rules_build(&loop->access, options->access, options->access_count, rules) == ERR_NONE;
}

/* Tables of the size that the options ask for; what was counted stays. */
static bool build_tables(struct server_loop *loop, const struct node_options *options)
{
    size_t size = server_memory(options);
    uint8_t *memory = calloc(1, size + ALIGNMENT);
    struct server_status counters = loop->tables.counters;

    if (!memory) {
        return false;
    }
    free(loop->memory);
    loop->memory = memory;
    loop->memory_size = size;
    server_tables_init(&loop->tables, memory + ALIGNMENT - (uintptr_t)memory % ALIGNMENT, size,
                       &loop->key);
    loop->tables.counters = counters;
    return true;
}

struct server_loop *server_loop_open(struct udp_socket *sockets, size_t count,
                                     const struct node_options *options)
{
    static const struct rules none;
    struct server_loop *loop = calloc(1, sizeof *loop);

    if (!loop) {
        return NULL;
    }
    loop->sockets = sockets;
    loop->count = count < SERVER_LOOP_SOCKETS ? count : SERVER_LOOP_SOCKETS;
    loop->told = calloc(CLIENTS_TOLD, sizeof *loop->told);
    entropy_fill(&loop->key, sizeof loop->key);
    limits_init(&loop->limits, &options->limit, 1);
    if (!build_tables(loop, options) || !loop->told || !build_access(loop, options, &none)) {
        server_loop_close(loop);
        return NULL;
    }
    return loop;
}

void server_loop_close(struct server_loop *loop)
{
    if (loop) {
        free(loop->nodes);
        free(loop->memory);
        free(loop->told);
        free(loop);
    }
}

void server_loop_options(struct server_loop *loop, const struct node_options *options,
                         const struct rules *rules)
{
    if (!loop) {
        return;
    }
    if (!build_access(loop, options, rules)) {
        access_init(&loop->access, loop->nodes, 0); /* nobody, rather than everybody */
    }
    limits_init(&loop->limits, &options->limit, 1);
    if (server_memory(options) != loop->memory_size) {
        (void)build_tables(loop, options); /* else the old ones serve on */
    }
}

void server_loop_publish(struct server_loop *loop, const struct time_line *line)
{
    if (loop) {
        loop->line = *line;
        loop->line.synchronised = line->synchronised && !loop->draining;
    }
}

void server_loop_drain(struct server_loop *loop, bool draining)
{
    if (loop) {
        loop->draining = draining;
        loop->line.synchronised = loop->line.synchronised && !draining; /* again by publishing */
    }
}

unsigned server_loop_poll(const struct server_loop *loop,
                          struct pollfd fds[static SERVER_LOOP_SOCKETS])
{
    unsigned count = 0;

    for (size_t i = 0; loop && i < loop->count; i++) {
        fds[count++] = (struct pollfd){.fd = loop->sockets[i].fd, .events = POLLIN};
    }
    return count;
}

static void answer(struct server_loop *loop, struct udp_socket *s,
                   const struct udp_datagram *datagram)
{
    const struct server_view view = {.line = &loop->line,
                                     .access = &loop->access,
                                     .limits = &loop->limits,
                                     .secrets = loop->secrets,
                                     .serving = true};
    struct clocks now;
    struct request request = {.bytes = datagram->bytes,
                              .size = datagram->size,
                              .from = datagram->from,
                              .to = datagram->to,
                              .flags = datagram->truncated ? REQUEST_TRUNCATED : 0};
    uint8_t bytes[NTP_PACKET_MAX];
    struct reply reply = {.bytes = bytes};
    struct udp_message message = {.bytes = bytes, .to = datagram->from, .from = datagram->to};
    struct clock_pair pair;
    struct utc_time left;
    enum err ignored;

    clocks_read(&now);
    pair = (struct clock_pair){now.system, now.mono};
    request.now = request.leaves = now.mono;
    if (!server_received(&loop->line, &pair, datagram->stamp, &request.received)) {
        loop->tables.counters.requests++;
        loop->tables.counters.drops[DROP_AMBIGUOUS_STAMP]++;
        return;
    }
    (void)server_reply(&view, &loop->tables, &request, &reply);
    message.size = reply.size;
    if (reply.size > 0) {
        ignored = udp_send(s, &message, &left);
        (void)ignored; /* an answer that can't leave is the client's loss: it asks again */
    }
}

void server_loop_serve(struct server_loop *loop, int fd)
{
    for (size_t i = 0; i < loop->count; i++) {
        uint8_t bytes[NTP_PACKET_MAX];
        struct udp_datagram datagram = {.bytes = bytes, .capacity = sizeof bytes};

        if (loop->sockets[i].fd == fd && udp_receive(&loop->sockets[i], &datagram) == ERR_NONE) {
            answer(loop, &loop->sockets[i], &datagram);
        }
    }
}

void server_status_read(const struct server_loop *loop, const struct server_totals *totals,
                        struct server_status *status)
{
    memset(status, 0, sizeof *status);
    if (loop) {
        *status = loop->tables.counters;
        status->serving = access_allows_somebody(&loop->access);
    } else if (totals) {
        server_totals_read(totals, status);
    }
}

size_t server_clients_read(const struct server_loop *loop, const struct server_totals *totals,
                           uint8_t *bytes, size_t capacity)
{
    struct clients_record record = {.count = CLIENTS_TOLD};

    if (!loop) {
        return totals ? worker_clients_read(&totals->now, bytes, capacity) : 0;
    }
    record.clients = loop->told;
    client_log_list(&loop->tables.clients, &loop->line, &record);
    return clients_encode(&record, bytes, capacity);
}
