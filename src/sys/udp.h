/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp.h - UDP sockets that say when a datagram passed.
 *
 * Client sockets are connected, one per association; server sockets are unconnected and answer
 * from the address that was asked.  Stamps are of CLOCK_REALTIME.  Every call is non-blocking.
 * One receive call per readiness event, one iovec: it also runs where a simulator stands in for
 * the C library.
 */
#ifndef SYS_UDP_H
#define SYS_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"
#include "base/units.h"

/* Where a stamp was taken. */
enum udp_stamp_kind { UDP_STAMP_USER, UDP_STAMP_KERNEL };

enum { UDP_SENT_KEPT = 4, UDP_SENT_HEAD = 48, UDP_DEVICE_SIZE = 16 };

/* A datagram whose departure stamp is still due. */
struct udp_sent {
    bool waiting;
    uint32_t sequence;     /* the caller's */
    uint32_t id;           /* the kernel's count of datagrams */
    struct utc_time stamp; /* the user's: the kernel's can't be earlier */
    uint16_t size;
    uint8_t head[UDP_SENT_HEAD];
};

/* A socket.  The caller's memory; `fd` may be polled and passed on, the rest is private. */
struct udp_socket {
    int fd;         /* -1: closed */
    uint8_t family; /* enum address_family */
    bool connected;
    bool stamps;     /* the kernel stamps what arrives and what leaves */
    bool df_cleared; /* the path proved too narrow */
    uint32_t next_id;
    uint32_t unreachable; /* ICMP errors and refusals met */
    uint32_t too_big;     /* EMSGSIZE met */
    unsigned sent_next;
    struct udp_sent sent[UDP_SENT_KEPT];
};

struct udp_options {
    struct address local; /* bind to this address and port; NONE and port 0: the kernel's choice */
    char device[UDP_DEVICE_SIZE]; /* bind to this interface; "": any */
    bool share_port; /* SO_REUSEPORT: association sockets on the port that the server uses too */
    bool stamps;     /* ask for kernel stamps */
    int priority;    /* DSCP, 0..63 */
};

/*
 * Opens a socket connected to `server`; local address and port as the options say, else a random
 * port of the kernel's.  ERR_UNREACHABLE: no route now; ERR_UNSUPPORTED: family not available.
 * On any error the socket is closed (fd -1).
 */
MUST_USE enum err udp_client_open(struct udp_socket *s, const struct address *server,
                                  const struct udp_options *options);

/* The same with a socket that somebody with more rights has opened and bound. */
MUST_USE enum err udp_client_adopt(struct udp_socket *s, int fd, const struct address *server,
                                   const struct udp_options *options);

/*
 * Opens a socket for the server's port.  options->local names family, address (all zero:
 * wildcard; an IPv6 one takes IPv6 only) and port.  ERR_IN_USE: somebody else serves there.
 */
MUST_USE enum err udp_server_open(struct udp_socket *s, const struct udp_options *options);

/* The same for a bound socket inherited from the parent: restores what the struct knows of it. */
MUST_USE enum err udp_server_adopt(struct udp_socket *s, int fd);

/* Opens and binds, and nothing else: for passing on to udp_client_adopt(). */
MUST_USE enum err udp_bound_open(int *fd, const struct udp_options *options);

void udp_close(struct udp_socket *s);

/* The local address and port; family NONE when unknown. */
struct address udp_local(const struct udp_socket *s);

struct udp_datagram {
    uint8_t *bytes;  /* the caller's buffer ... */
    size_t capacity; /* ... of this size */
    size_t size;     /* received */
    bool truncated;  /* it was longer */
    struct address from;
    struct address to;     /* which of our addresses was asked; NONE: unknown */
    struct utc_time stamp; /* CLOCK_REALTIME */
    enum udp_stamp_kind stamp_kind;
};

/* Receives one datagram.  ERR_AGAIN: none; ERR_UNREACHABLE: an ICMP error instead (counted). */
MUST_USE enum err udp_receive(struct udp_socket *s, struct udp_datagram *datagram);

struct udp_message {
    const uint8_t *bytes;
    size_t size;
    struct address to;   /* NONE on a connected socket */
    struct address from; /* which of our addresses speaks; NONE: the kernel chooses */
    uint32_t sequence;   /* comes back with the departure stamp */
};

/*
 * Sends one datagram.  *stamp is the user's stamp of the departure, taken just before; the
 * kernel's follows on the error queue.  ERR_FULL: the queue is full; ERR_UNREACHABLE, ERR_DENIED.
 */
MUST_USE enum err udp_send(struct udp_socket *s, const struct udp_message *message,
                           struct utc_time *stamp);

enum udp_report_kind {
    UDP_REPORT_SENT,  /* a departure stamp */
    UDP_REPORT_ERROR, /* an ICMP error: the counterpart can't be reached */
};

struct udp_report {
    enum udp_report_kind kind;
    uint32_t sequence; /* SENT: of the message */
    struct utc_time stamp;
    int os_error; /* ERROR: errno as ICMP means it */
};

/*
 * Takes one report from the error queue.  Poll asks for POLLPRI and looks for POLLERR too; call
 * before udp_receive() and until ERR_AGAIN (in single mode once per event).  Reports that fit
 * nothing sent are skipped as ERR_FORMAT.
 */
MUST_USE enum err udp_report(struct udp_socket *s, struct udp_report *report);

/*
 * Many datagrams at a time, for the server.  All memory is taken at opening.  A batch holds what
 * was received from one socket and the answers to it.
 */
struct udp_batch;

enum { UDP_BATCH_MAX = 64 };

/*
 * `buffer_size`: longest datagram, either way; a longer one is cut and says so.  A batch of 1 makes
 * one plain receive and one plain send call at a time.  NULL: no memory.
 */
struct udp_batch *udp_batch_open(unsigned count, size_t buffer_size);
void udp_batch_close(struct udp_batch *batch);

/* Receives what there is; returns how many, 0: none. */
unsigned udp_batch_receive(struct udp_batch *batch, struct udp_socket *s);
const struct udp_datagram *udp_batch_at(const struct udp_batch *batch, unsigned i);

/* The buffer (buffer_size octets) for the answer to datagram i, and the answer's size: 0, none. */
uint8_t *udp_batch_answer(struct udp_batch *batch, unsigned i);
void udp_batch_answer_size(struct udp_batch *batch, unsigned i, size_t size);

/* Have the kernel stamp the departure of answer i; `token` comes back with it. */
void udp_batch_stamp(struct udp_batch *batch, unsigned i, uint64_t token);

/* Sends the answers; returns how many the kernel took.  The batch is empty afterwards. */
unsigned udp_batch_send(struct udp_batch *batch, struct udp_socket *s);

/* An answer whose stamp was asked for has left. */
struct udp_departure {
    uint64_t token;
    struct utc_time stamp; /* CLOCK_REALTIME */
};

/*
 * Takes up to `max` of the stamps that have come; returns how many.  Some never come: the network
 * card's driver or a send that failed may swallow them.
 */
unsigned udp_batch_departures(struct udp_batch *batch, const struct udp_socket *s,
                              struct udp_departure *out, unsigned max);

/* What became of answers that did not leave, and of calls that brought nothing; counts. */
struct udp_batch_troubles {
    uint64_t full;        /* no room in a queue: ENOBUFS, EAGAIN, ENOMEM */
    uint64_t unreachable; /* no route, no interface, no address of ours any more */
    uint64_t refused;     /* by a firewall, or for another reason */
    uint64_t receive;     /* errors where a request was expected */
};

const struct udp_batch_troubles *udp_batch_troubles(const struct udp_batch *batch);

#endif
