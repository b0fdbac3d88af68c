/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/traffic.h"

#include <string.h>

#include "base/must.h"

#define SEND_S 4e-6           /* of a send() */
#define TX_STAMP_LATE_S 20e-6 /* until the kernel's stamp can be read */
#define RECEIVE_S 10e-6       /* from the card to the program */
#define WAITING_S 1e-6        /* to take a datagram that waits for it */

static void open_socket(struct world *world, struct sim_socket *socket, const struct address *peer)
{
    *socket = (struct sim_socket){
        .open = true,
        .number = ++world->socket_numbers,
        .host = (uint16_t)world_find_host(world, peer),
        .peer = *peer,
    };
}

static void note_request(struct world *world, struct sim_node *node, struct link *link,
                         const struct address *to)
{
    double now_s = true_time_to_s(node->computer.now);

    if (link->sent) {
        double since_s = now_s - true_time_to_s(link->last_sent);
        check_request(&node->check, world->now, since_s, !address_is_private(to));
    }
    link->sent = true;
    link->last_sent = node->computer.now;
}

/* Put a request on its way; each copy arrives by itself. */
static void carry_request(struct world *world, unsigned index, const struct action_send *send)
{
    struct sim_node *node = &world->nodes[index];
    const struct sim_socket *socket = &node->sockets[send->association];
    struct link *link = world_link(world, index, socket->host);
    struct passage passage = route_carry(&link->there, node->computer.now);

    note_request(world, node, link, &send->to);
    for (unsigned i = 0; i < passage.copies; i++) {
        struct happening *happening = world_post(world, index, passage.arrival[i]);
        if (!happening) {
            return;
        }
        happening->kind = HAPPEN_REQUEST;
        happening->host = socket->host;
        happening->association = send->association;
        happening->socket = socket->number;
        happening->size = send->size;
        memcpy(happening->bytes, send->bytes, send->size);
    }
}

static void post_tx_stamp(struct world *world, unsigned index, const struct action_send *send)
{
    struct sim_node *node = &world->nodes[index];
    struct computer *computer = &node->computer;
    struct stamp stamp = computer_stamp(computer, true);

    if (computer->options.user_stamps ||
        prng_chance(&computer->prng, computer->options.tx_stamp_loss)) {
        return;
    }
    double late_s = TX_STAMP_LATE_S * (0.5 + prng_exponential(&computer->prng));
    struct happening *happening =
        world_post(world, index, true_time_after_s(computer->now, late_s));
    if (happening) {
        happening->kind = HAPPEN_TX_STAMP;
        happening->association = send->association;
        happening->sequence = send->sequence;
        happening->socket = node->sockets[send->association].number;
        happening->stamp = stamp;
    }
}

enum err traffic_send(struct world *world, unsigned index, const struct action_send *send,
                      struct stamp *sent)
{
    struct sim_node *node = &world->nodes[index];
    must(send->association < world->limits.sources && send->size <= DATAGRAM_MAX);
    struct sim_socket *socket = &node->sockets[send->association];

    if (send->to.family == ADDRESS_NONE) {
        return ERR_UNREACHABLE;
    }
    if (!socket->open || send->fresh_socket || !address_equal(&socket->peer, &send->to)) {
        open_socket(world, socket, &send->to);
    }
    *sent = computer_stamp(&node->computer, true);
    sent->stamp_class = STAMP_USER;
    computer_spend(&node->computer, SEND_S * (0.5 + prng_exponential(&node->computer.prng)));
    post_tx_stamp(world, index, send);
    for (unsigned i = 0; i < send->size; i++) {
        world_digest(world, send->bytes[i]);
    }
    if (socket->host != HOST_NONE) {
        carry_request(world, index, send);
    }
    return ERR_NONE;
}

void traffic_close(struct world *world, unsigned index, unsigned association)
{
    must(association < world->limits.sources);
    world->nodes[index].sockets[association].open = false;
}

/* Send an answer back over the network. */
static void carry_reply(struct world *world, const struct happening *request,
                        struct true_time leaves, const uint8_t *bytes, size_t size)
{
    struct link *link = world_link(world, request->node, request->host);
    struct passage passage = route_carry(&link->back, leaves);

    for (unsigned i = 0; i < passage.copies; i++) {
        struct happening *reply = world_post(world, request->node, passage.arrival[i]);
        if (!reply) {
            return;
        }
        reply->kind = HAPPEN_REPLY;
        reply->forged = false;
        reply->host = request->host;
        reply->association = request->association;
        reply->socket = request->socket;
        reply->size = (uint16_t)size;
        memcpy(reply->bytes, bytes, size);
    }
}

static void answer_as_server(struct world *world, const struct happening *happening)
{
    struct server *server = &world->hosts[happening->host].server;
    struct link *link = world_link(world, happening->node, happening->host);
    struct server_answer answers[SERVER_ANSWERS_MAX];
    struct server_request request = {
        .arrived = world->now,
        .since_last_s =
            link->arrived ? true_time_to_s(world->now) - true_time_to_s(link->last_arrival) : -1,
        .bytes = happening->bytes,
        .size = happening->size,
    };
    unsigned count = server_answer(server, &world->utc, &request, answers);

    link->arrived = true;
    link->last_arrival = world->now;
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[SIM_PROTECTED_MAX];
        size_t size = NTP_HEADER_SIZE;

        memcpy(bytes, answers[i].bytes, NTP_HEADER_SIZE);
        if (happening->size > NTP_HEADER_SIZE) {
            size = sim_protect_answer(&world->hosts[happening->host].certificate, happening->host,
                                      happening->bytes, happening->size, bytes);
        }
        if (size > 0) {
            carry_reply(world, happening, answers[i].leaves, bytes, size);
        }
    }
}

static void answer_as_node(struct world *world, const struct happening *happening, unsigned index)
{
    struct sim_node *node = &world->nodes[index];
    const struct service_request request = {
        .bytes = happening->bytes,
        .size = happening->size,
        .from = world->nodes[happening->node].address,
        .line = node->published ? &node->line : NULL,
    };
    uint8_t bytes[NTP_PACKET_MAX];
    struct reply reply = {.bytes = bytes};

    if (!node->program) {
        return;
    }
    computer_advance(&node->computer, world->now);
    if (!service_answer(&node->service, &node->computer, &request, &reply)) {
        return;
    }
    struct check_instant at = world_instant(world, node);
    service_check(&reply, &at, &node->check);
    node->figures.answers_served++;
    carry_reply(world, happening, node->computer.now, reply.bytes, reply.size);
}

void traffic_request(struct world *world, const struct happening *happening)
{
    int node = world->hosts[happening->host].node;

    if (node < 0) {
        answer_as_server(world, happening);
    } else {
        answer_as_node(world, happening, (unsigned)node);
    }
}

/* From the card to a program that slept. */
static double waking_s(struct computer *computer)
{
    return RECEIVE_S * (0.5 + prng_exponential(&computer->prng)) +
           computer->options.latency_s * prng_exponential(&computer->prng);
}

bool traffic_reply(struct world *world, const struct happening *happening, struct event *event)
{
    struct sim_node *node = &world->nodes[happening->node];
    const struct sim_socket *socket = &node->sockets[happening->association];
    struct computer *computer = &node->computer;

    if (!node->program || !socket->open || socket->number != happening->socket) {
        return false;
    }
    if (!happening->forged) {
        struct link *link = world_link(world, happening->node, happening->host);

        link->overheard_size = happening->size;
        memcpy(link->overheard, happening->bytes, happening->size);
    }
    computer_advance(computer, world->now);
    /* A program that is behind finds the datagram waiting, stamped when it came; a machine that
       stood still stamps it when it goes on. */
    struct true_time came = true_time_max(world->now, computer->frozen_until);
    int64_t behind_ns = computer->now.ns > came.ns ? computer->now.ns - came.ns : 0;
    event->kind = EVENT_DATAGRAM;
    event->datagram.association = happening->association;
    event->datagram.size = happening->size;
    event->datagram.bytes = happening->bytes;
    event->datagram.received = computer_stamp(computer, false);
    event->datagram.received.ns -= behind_ns;
    computer_spend(computer, behind_ns > 0 ? WAITING_S : waking_s(computer));
    if (computer->options.user_stamps) {
        event->datagram.received = computer_stamp(computer, false);
    }
    return true;
}

void traffic_forge(struct world *world, const struct forgery *forgery)
{
    const struct sim_socket *socket = &world->nodes[forgery->node].sockets[forgery->association];
    struct happening *forged = world_post(world, forgery->node, world->now);

    must(forgery->size <= DATAGRAM_MAX);
    if (forged) {
        forged->kind = HAPPEN_REPLY;
        forged->forged = true;
        forged->host = (uint16_t)forgery->host;
        forged->association = (uint16_t)forgery->association;
        forged->socket = socket->number;
        forged->size = (uint16_t)forgery->size;
        memcpy(forged->bytes, forgery->bytes, forgery->size);
    }
}
