/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/must.h"
#include "sys/storage.h"
#include "sys/udp.h"
#include "sys/udp_ancillary.h"

enum {
    CONTROL_IN = 128, /* packet information and stamps, of either family */
    CONTROL_OUT = 64, /* packet information and the wish for a stamp */
    REPORTS = 16,     /* departure stamps read at once */
    REPORT_CONTROL = 256,
    PENDING = 64,  /* departures whose stamps are awaited; a power of two */
    PATIENCE = 64, /* probes of the kernel's numbering without an answer, until it is tried anew */
};

union name {
    sa_family_t family;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/* What one datagram and the answer to it need.  The answer goes where the datagram came from. */
struct place {
    struct udp_datagram datagram;
    uint8_t *answer;
    size_t answer_size;
    bool stamp;
    uint64_t token;
    union name name;
    socklen_t name_size;
    struct iovec in, out;
    uint64_t control_in[CONTROL_IN / sizeof(uint64_t)];
    uint64_t control_out[CONTROL_OUT / sizeof(uint64_t)];
};

/*
 * The kernel numbers the datagrams for which a stamp was asked (OPT_ID); the socket may have been
 * used by another process before, so that the first number has to be learnt.
 */
struct numbering {
    bool known;
    unsigned probes; /* sent while it was not */
    uint32_t next;
    uint64_t probe_token;
    struct {
        bool waiting;
        uint32_t id;
        uint64_t token;
    } pending[PENDING];
};

struct udp_batch {
    unsigned capacity;
    unsigned count; /* datagrams held */
    size_t buffer_size;
    bool single; /* one plain call at a time */
    struct numbering numbering;
    struct udp_batch_troubles troubles;
    struct mmsghdr in[UDP_BATCH_MAX];
    struct mmsghdr out[UDP_BATCH_MAX];
    struct mmsghdr reports[REPORTS];
    uint64_t report_control[REPORTS][REPORT_CONTROL / sizeof(uint64_t)];
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
        place->in = (struct iovec){.iov_base = place->datagram.bytes, .iov_len = buffer_size};
        place->out = (struct iovec){.iov_base = place->answer};
        batch->in[i].msg_hdr = (struct msghdr){.msg_name = &place->name,
                                               .msg_iov = &place->in,
                                               .msg_iovlen = 1,
                                               .msg_control = place->control_in};
    }
    return batch;
}

void udp_batch_close(struct udp_batch *batch)
{
    free(batch);
}

/* Returns how many came; -1: none, or an error. */
static int receive_messages(struct udp_batch *batch, const struct udp_socket *s)
{
    if (!batch->single) {
        int got = recvmmsg(s->fd, batch->in, batch->capacity, MSG_DONTWAIT, NULL);

        if (got >= 0 || (errno != ENOSYS && errno != EBADF)) {
            return got;
        }
        batch->single = true;
    }
    ssize_t size = recvmsg(s->fd, &batch->in[0].msg_hdr, 0);
    if (size < 0) {
        return -1;
    }
    batch->in[0].msg_len = (unsigned)size;
    return 1;
}

static void take_datagram(struct place *place, struct mmsghdr *message)
{
    struct msghdr *header = &message->msg_hdr;
    struct udp_datagram *datagram = &place->datagram;
    struct udp_ancillary with;

    udp_ancillary_read(header, &with);
    datagram->size = message->msg_len;
    datagram->truncated = (header->msg_flags & MSG_TRUNC) != 0;
    datagram->to = with.to;
    datagram->stamp_kind = with.stamped ? UDP_STAMP_KERNEL : UDP_STAMP_USER;
    datagram->stamp = with.stamped ? with.stamp : udp_now();
    place->name_size = header->msg_namelen;
    datagram->from = (struct address){.family = ADDRESS_NONE};
    if (place->name.family == AF_INET) {
        datagram->from.family = ADDRESS_IPV4;
        datagram->from.port = ntohs(place->name.ipv4.sin_port);
        memcpy(datagram->from.bytes, &place->name.ipv4.sin_addr, 4);
    } else if (place->name.family == AF_INET6) {
        datagram->from.family = ADDRESS_IPV6;
        datagram->from.port = ntohs(place->name.ipv6.sin6_port);
        datagram->from.scope = place->name.ipv6.sin6_scope_id;
        memcpy(datagram->from.bytes, &place->name.ipv6.sin6_addr, 16);
    }
}

unsigned udp_batch_receive(struct udp_batch *batch, struct udp_socket *s)
{
    unsigned wanted = batch->single ? 1 : batch->capacity;

    for (unsigned i = 0; i < wanted; i++) {
        batch->in[i].msg_hdr.msg_namelen = sizeof batch->places[i].name;
        batch->in[i].msg_hdr.msg_controllen = sizeof batch->places[i].control_in;
    }
    int got = receive_messages(batch, s);
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        batch->troubles.receive++;
    }
    batch->count = got > 0 ? (unsigned)got : 0;
    for (unsigned i = 0; i < batch->count; i++) {
        batch->places[i].answer_size = 0;
        batch->places[i].stamp = false;
        take_datagram(&batch->places[i], &batch->in[i]);
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

void udp_batch_stamp(struct udp_batch *batch, unsigned i, uint64_t token)
{
    must(i < batch->count);
    batch->places[i].stamp = true;
    batch->places[i].token = token;
}

/* Whether this answer's stamp is really to be asked for, and what its number will be. */
static bool expect_stamp(struct numbering *n, uint64_t token)
{
    if (!n->known) {
        /* One at a time: its report tells the number. */
        if (n->probes > 0 && n->probes < PATIENCE) {
            n->probes++;
            return false;
        }
        n->probes = 1;
        n->probe_token = token;
        return true;
    }
    unsigned at = n->next % PENDING;
    n->pending[at].waiting = true;
    n->pending[at].id = n->next++;
    n->pending[at].token = token;
    return true;
}

/* The kernel may have counted answers that did not leave. */
static void forget_numbering(struct numbering *n)
{
    n->known = false;
    n->probes = 0;
    for (unsigned i = 0; i < PENDING; i++) {
        n->pending[i].waiting = false;
    }
}

static void ask_for_stamp(struct msghdr *header, void *control)
{
    const uint32_t wanted = SOF_TIMESTAMPING_TX_SOFTWARE;
    struct cmsghdr head = {.cmsg_level = SOL_SOCKET,
                           .cmsg_type = SO_TIMESTAMPING,
                           .cmsg_len = CMSG_LEN(sizeof wanted)};
    uint8_t *at = (uint8_t *)control + header->msg_controllen;

    memcpy(at, &head, sizeof head);
    memcpy(at + CMSG_LEN(0), &wanted, sizeof wanted);
    header->msg_control = control;
    header->msg_controllen += CMSG_SPACE(sizeof wanted);
}

static void prepare_send(struct udp_batch *batch, struct place *place, struct mmsghdr *message)
{
    place->out.iov_len = place->answer_size;
    *message = (struct mmsghdr){.msg_hdr = {.msg_name = &place->name,
                                            .msg_namelen = place->name_size,
                                            .msg_iov = &place->out,
                                            .msg_iovlen = 1}};
    udp_ancillary_from(&message->msg_hdr, place->control_out, &place->datagram.to);
    if (place->stamp && expect_stamp(&batch->numbering, place->token)) {
        ask_for_stamp(&message->msg_hdr, place->control_out);
    }
}

/* Sends some of the messages; -1: the first of them failed. */
static int send_messages(struct udp_batch *batch, const struct udp_socket *s, unsigned first,
                         unsigned count)
{
    if (!batch->single) {
        int sent = sendmmsg(s->fd, batch->out + first, count, MSG_DONTWAIT);

        if (sent >= 0 || (errno != ENOSYS && errno != EBADF)) {
            return sent;
        }
        batch->single = true;
    }
    return sendmsg(s->fd, &batch->out[first].msg_hdr, 0) < 0 ? -1 : 1;
}

static void count_trouble(struct udp_batch *batch, int os_error)
{
    if (os_error == EAGAIN || os_error == ENOBUFS || os_error == ENOMEM) {
        batch->troubles.full++;
    } else if (storage_err(os_error) == ERR_UNREACHABLE || os_error == ENODEV ||
               os_error == EINVAL || os_error == EADDRNOTAVAIL) {
        batch->troubles.unreachable++; /* EINVAL: our address of then is none of ours any more */
    } else {
        batch->troubles.refused++;
    }
}

unsigned udp_batch_send(struct udp_batch *batch, struct udp_socket *s)
{
    unsigned count = 0;
    unsigned taken = 0;

    for (unsigned i = 0; i < batch->count; i++) {
        if (batch->places[i].answer_size > 0) {
            prepare_send(batch, &batch->places[i], &batch->out[count++]);
        }
    }
    for (unsigned first = 0; first < count;) {
        int sent = send_messages(batch, s, first, count - first);

        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            /* One client that can't be reached must not cost the others their answers. */
            count_trouble(batch, sent < 0 ? errno : EAGAIN);
            forget_numbering(&batch->numbering);
            first++;
            continue;
        }
        first += (unsigned)sent;
        taken += (unsigned)sent;
    }
    batch->count = 0;
    return taken;
}

/* The departure that a report tells of; false: of none that was asked for. */
static bool take_report(struct numbering *n, const struct udp_ancillary *with,
                        struct udp_departure *departure)
{
    unsigned at = with->id % PENDING;

    if (!with->stamped || !with->is_error || with->is_icmp) {
        return false;
    }
    departure->stamp = with->stamp;
    if (!n->known && n->probes > 0) {
        n->known = true;
        n->next = with->id + 1;
        departure->token = n->probe_token;
        return true;
    }
    if (!n->known || !n->pending[at].waiting || n->pending[at].id != with->id) {
        forget_numbering(n); /* another process counts here as well, or did */
        return false;
    }
    n->pending[at].waiting = false;
    departure->token = n->pending[at].token;
    return true;
}

static int receive_reports(struct udp_batch *batch, const struct udp_socket *s)
{
    for (unsigned i = 0; i < REPORTS; i++) {
        /* By OPT_TSONLY nothing of the datagram comes back. */
        batch->reports[i].msg_hdr = (struct msghdr){.msg_control = batch->report_control[i],
                                                    .msg_controllen = REPORT_CONTROL};
    }
    if (!batch->single) {
        return recvmmsg(s->fd, batch->reports, REPORTS, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
    }
    return recvmsg(s->fd, &batch->reports[0].msg_hdr, MSG_ERRQUEUE | MSG_DONTWAIT) < 0 ? -1 : 1;
}

unsigned udp_batch_departures(struct udp_batch *batch, const struct udp_socket *s,
                              struct udp_departure *out, unsigned max)
{
    unsigned count = 0;

    while (count + REPORTS <= max) {
        int got = receive_reports(batch, s);

        for (int i = 0; i < got; i++) {
            struct udp_ancillary with;

            udp_ancillary_read(&batch->reports[i].msg_hdr, &with);
            count += take_report(&batch->numbering, &with, &out[count]);
        }
        if (got < (batch->single ? 1 : REPORTS)) {
            break;
        }
    }
    return count;
}

const struct udp_batch_troubles *udp_batch_troubles(const struct udp_batch *batch)
{
    return &batch->troubles;
}
