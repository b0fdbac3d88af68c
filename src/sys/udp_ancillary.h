/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_ancillary.h - socket addresses and control messages, for udp.c and udp_batch.c. */
#ifndef SYS_UDP_ANCILLARY_H
#define SYS_UDP_ANCILLARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sys/udp.h"

/* Room for stamps, packet information and an error report together. */
enum { UDP_CONTROL_SIZE = 512, UDP_CONTROL_SEND_SIZE = 64 };

/* Returns the length; 0 for family NONE. */
socklen_t udp_sockaddr(const struct address *address, struct sockaddr_storage *out);
struct address udp_address(const struct sockaddr_storage *from);

/* CLOCK_REALTIME. */
struct utc_time udp_now(void);

/* What came with a datagram or a report. */
struct udp_ancillary {
    bool stamped;
    struct utc_time stamp;
    struct address to;
    bool is_error; /* sock_extended_err was there ... */
    bool is_icmp;  /* ... of the network, not of a stamp */
    int os_error;
    uint32_t id; /* of the datagram that was stamped */
};

void udp_ancillary_read(struct msghdr *message, struct udp_ancillary *out);

/* Fills in a datagram from what the kernel has written into `message`. */
void udp_datagram_fill(struct udp_datagram *datagram, struct msghdr *message, size_t size);

/* Makes `message` leave from this address; `control` holds UDP_CONTROL_SEND_SIZE octets. */
void udp_ancillary_from(struct msghdr *message, void *control, const struct address *from);

#endif
