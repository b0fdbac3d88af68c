/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/must.h"
#include "sys/udp.h"
#include "sys/udp_ancillary.h"

/* What one datagram and the answer to it need. */
struct place {
    struct udp_datagram datagram;
    uint8_t *answer;
    size_t answer_size;
    struct sockaddr_storage from;
    struct sockaddr_storage to;
    struct iovec in;
    struct iovec out;
    uint64_t control_in[UDP_CONTROL_SIZE / sizeof(uint64_t)];
    uint64_t control_out[UDP_CONTROL_SEND_SIZE / sizeof(uint64_t)];
};

struct udp_batch {
    unsigned capacity;
    unsigned count; /* datagrams held */
    size_t buffer_size;
    bool single; /* one plain call at a time */
    struct mmsghdr messages[UDP_BATCH_MAX];
    struct place places[UDP_BATCH_MAX];
    uint8_t buffers[]; /* two for each place */
};

struct udp_batch *udp_batch_open(unsigned count, size_t buffer_size)
{
    must(count > 0 && count <= UDP_BATCH_MAX);
    struct udp_batch *batch = calloc(1, sizeof *batch + 2 * count * buffer_size);

    if (batch == NULL) {
        return NULL;
    }
    batch->capacity = count;
    batch->buffer_size = buffer_size;
    batch->single = count == 1;
    for (unsigned i = 0; i < count; i++) {
        struct place *place = &batch->places[i];

        place->datagram.bytes = batch->buffers + 2 * i * buffer_size;
        place->datagram.capacity = buffer_size;
        place->answer = place->datagram.bytes + buffer_size;
    }
    return batch;
}

void udp_batch_close(struct udp_batch *batch)
{
    free(batch);
}

static void prepare_receive(struct udp_batch *batch, unsigned i)
{
    struct place *place = &batch->places[i];

    place->answer_size = 0;
    place->in = (struct iovec){.iov_base = place->datagram.bytes, .iov_len = batch->buffer_size};
    batch->messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &place->from,
                                                      .msg_namelen = sizeof place->from,
                                                      .msg_iov = &place->in,
                                                      .msg_iovlen = 1,
                                                      .msg_control = place->control_in,
                                                      .msg_controllen = sizeof place->control_in}};
}

/* Returns how many came. */
static int receive_messages(struct udp_batch *batch, struct udp_socket *s)
{
    if (!batch->single) {
        int got = recvmmsg(s->fd, batch->messages, batch->capacity, 0, NULL);

        if (got >= 0 || (errno != ENOSYS && errno != EBADF)) {
            return got;
        }
        batch->single = true;
    }
    ssize_t size = recvmsg(s->fd, &batch->messages[0].msg_hdr, 0);
    if (size < 0) {
        return -1;
    }
    batch->messages[0].msg_len = (unsigned)size;
    return 1;
}

unsigned udp_batch_receive(struct udp_batch *batch, struct udp_socket *s)
{
    unsigned wanted = batch->single ? 1 : batch->capacity;

    for (unsigned i = 0; i < wanted; i++) {
        prepare_receive(batch, i);
    }
    int got = receive_messages(batch, s);
    batch->count = got > 0 ? (unsigned)got : 0;
    for (unsigned i = 0; i < batch->count; i++) {
        udp_datagram_fill(&batch->places[i].datagram, &batch->messages[i].msg_hdr,
                          batch->messages[i].msg_len);
    }
    return batch->count;
}

const struct udp_datagram *udp_batch_at(const struct udp_batch *batch, unsigned i)
{
    must(i < batch->count);
    return &batch->places[i].datagram;
}

uint8_t *udp_batch_answer(struct udp_batch *batch, unsigned i)
{
    must(i < batch->count);
    return batch->places[i].answer;
}

void udp_batch_answer_size(struct udp_batch *batch, unsigned i, size_t size)
{
    must(i < batch->count && size <= batch->buffer_size);
    batch->places[i].answer_size = size;
}

static void prepare_send(struct place *place, struct mmsghdr *message)
{
    place->out = (struct iovec){.iov_base = place->answer, .iov_len = place->answer_size};
    *message =
        (struct mmsghdr){.msg_hdr = {.msg_name = &place->to,
                                     .msg_namelen = udp_sockaddr(&place->datagram.from, &place->to),
                                     .msg_iov = &place->out,
                                     .msg_iovlen = 1}};
    udp_ancillary_from(&message->msg_hdr, place->control_out, &place->datagram.to);
}

/* Sends some of the messages; -1: the first of them failed. */
static int send_messages(struct udp_batch *batch, struct udp_socket *s, unsigned first,
                         unsigned count)
{
    if (!batch->single) {
        int sent = sendmmsg(s->fd, batch->messages + first, count, 0);

        if (sent >= 0 || (errno != ENOSYS && errno != EBADF)) {
            return sent;
        }
        batch->single = true;
    }
    return sendmsg(s->fd, &batch->messages[first].msg_hdr, 0) < 0 ? -1 : 1;
}

unsigned udp_batch_send(struct udp_batch *batch, struct udp_socket *s)
{
    unsigned count = 0;
    unsigned taken = 0;

    for (unsigned i = 0; i < batch->count; i++) {
        if (batch->places[i].answer_size > 0) {
            prepare_send(&batch->places[i], &batch->messages[count++]);
        }
    }
    for (unsigned first = 0; first < count;) {
        int sent = send_messages(batch, s, first, count - first);

        if (sent <= 0) {
            if (sent < 0 && errno == EINTR) {
                continue;
            }
            /* One client that can't be reached must not cost the others their answers. */
            first++;
            continue;
        }
        first += (unsigned)sent;
        taken += (unsigned)sent;
    }
    batch->count = 0;
    return taken;
}
