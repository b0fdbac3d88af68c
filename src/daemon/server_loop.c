/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/server_loop.h"

#include <stdlib.h>
#include <string.h>

#include "core/server/reply.h"
#include "daemon/worker_report.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "wire/clients.h"

enum { CLIENTS_KEPT = 524288 /* octets */, CLIENTS_TOLD = 1024 };

struct server_loop {
    struct udp_socket *sockets;
    size_t count;
    struct time_line line;
    struct access_tree access;
    struct auth_secrets secrets;
    struct access_node *nodes;
    struct server_tables tables;
    void *memory; /* of the tables */
    struct client_status *told;
};

static bool build_access(struct server_loop *loop, const struct node_options *options)
{
    size_t wanted = access_nodes(options->access_count);
    struct access_node *nodes = calloc(wanted, sizeof *nodes);
    size_t bad;

    if (!nodes) {
        return false;
    }
    free(loop->nodes);
    loop->nodes = nodes;
    loop->secrets = (struct auth_secrets){options->keys, options->key_count};
    access_init(&loop->access, nodes, wanted);
    return access_build(&loop->access, options->access, options->access_count, &bad) == ERR_NONE;
}

struct server_loop *server_loop_open(struct udp_socket *sockets, size_t count,
                                     const struct node_options *options)
{
    struct server_loop *loop = calloc(1, sizeof *loop);
    struct siphash_key key;

    if (!loop) {
        return NULL;
    }
    loop->sockets = sockets;
    loop->count = count < SERVER_LOOP_SOCKETS ? count : SERVER_LOOP_SOCKETS;
    loop->memory = aligned_alloc(64, CLIENTS_KEPT);
    loop->told = calloc(CLIENTS_TOLD, sizeof *loop->told);
    if (!loop->memory || !loop->told || !build_access(loop, options)) {
        server_loop_close(loop);
        return NULL;
    }
    entropy_fill(&key, sizeof key);
    memset(loop->memory, 0, CLIENTS_KEPT);
    server_tables_init(&loop->tables, loop->memory, CLIENTS_KEPT, &key);
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

void server_loop_options(struct server_loop *loop, const struct node_options *options)
{
    if (loop && !build_access(loop, options)) {
        access_init(&loop->access, loop->nodes, 0); /* nobody, rather than everybody */
    }
}

void server_loop_publish(struct server_loop *loop, const struct time_line *line)
{
    if (loop) {
        loop->line = *line;
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
    const struct server_view view = {
        .line = &loop->line, .access = &loop->access, .secrets = loop->secrets, .serving = true};
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
