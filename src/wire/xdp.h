/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xdp.h - the memory that noond and its program in the network driver share (src/xdp).
 *
 * Numbers of the machine's own order.  Each part has one writer: the line is the time process's,
 * the settings are the parent's, counters and clients are the program's.  The program knows no
 * floating point: rates are scaled integers.
 */
#ifndef WIRE_XDP_H
#define WIRE_XDP_H

#include <stdint.h>

enum {
    XDP_CPUS = 1024,       /* processors with counters of their own; a power of two */
    XDP_CARDS = 8,         /* interfaces at a time */
    XDP_GROWTH_SHIFT = 16, /* of struct xdp_line.growth */
    XDP_PROMISE_MS = 800,  /* a line that was not renewed for so long is not served */
};

/* The published line (wire/line.h) as far as plain requests need it. */
struct xdp_line {
    int64_t from_ns;     /* CLOCK_MONOTONIC */
    int64_t until_ns;    /* not to be served from here on; 0: not at all */
    int64_t utc_ns;      /* at from_ns, since 1900 */
    int64_t rate;        /* s/s, times 2^32 */
    uint64_t dispersion; /* to be announced at from_ns: s, times 2^48 */
    uint64_t growth;     /* 2^-48 s for each ns, times 2^XDP_GROWTH_SHIFT */
    uint64_t reference;  /* as on the wire, the machine's order */
    uint32_t root_delay; /* likewise */
    uint32_t refid;      /* likewise */
    uint8_t leap, stratum, precision, padding[5];
};

/* Two lines: the one at index & 1 holds; the writer changes the other one, then the index. */
struct xdp_lines {
    uint64_t index;
    struct xdp_line line[2];
};

/* An interface by which requests come. */
struct xdp_card {
    uint32_t index; /* as the kernel numbers it; 0: none, written last */
    uint8_t mac[6];
    uint8_t generic; /* 1: its driver knows no XDP; the kernel runs the program behind it */
    uint8_t padding;
};

/* What the configuration says, and what came of it. */
struct xdp_settings {
    uint32_t hold; /* 1: being changed; everything is left to the sockets */
    uint16_t port; /* 0: likewise */
    uint8_t unused[2];
    struct xdp_card cards[XDP_CARDS];
    uint32_t remember;                   /* 1: clients are remembered */
    uint32_t limited;                    /* 1: by what follows */
    int64_t interval_ns, interval_64_ns; /* of a client, and of a /64, on average */
    int64_t allowance_ns;                /* so far ahead of it one may be */
    uint32_t leak_mask; /* beyond it one request by chance is answered, where random & mask is 0 */
    uint32_t kod_mask;  /* and of the others so many are told; 0: none */
    int32_t interval_log2;
    uint32_t padding;
};

struct xdp_counters {
    uint64_t requests, answers, refused, limited, kisses;
    int64_t kiss_due_ns; /* not before */
    uint64_t padding[2]; /* to a line of the processor's cache */
};

/* As core/server/clientlog names a client. */
struct xdp_client_name {
    uint8_t bytes[8]; /* IPv4 and zeros, or the first half of IPv6, or the second (link_local) */
    uint8_t family;   /* enum address_family */
    uint8_t link_local, padding[6];
};

struct xdp_client {
    int64_t first_ns, last_ns; /* CLOCK_MONOTONIC */
    int64_t interval_ns;       /* mean of the latest; 0: only one request so far */
    int64_t due_ns;            /* of the limit */
    uint32_t requests, answers;
    uint8_t version, last_drop /* enum drop_reason */, padding[6];
};

/* Of the access lists: as the kernel wants it. */
struct xdp_prefix {
    uint32_t bits;
    uint8_t bytes[16];
};

/* What noon-xdp hands over, each with a descriptor, in this order; then it ends. */
enum xdp_part {
    XDP_PART_PROGRAM,
    XDP_PART_LINES,
    XDP_PART_SETTINGS,
    XDP_PART_COUNTERS,
    XDP_PART_CLIENTS,
    XDP_PART_OWN,
    XDP_PART_ACCESS_IPV4,
    XDP_PART_ACCESS_IPV6,
    XDP_PARTS
};

struct xdp_offer {
    uint32_t part; /* XDP_PARTS: a refusal, for the reason in `text` */
    char text[124];
};

/* An address of this machine. */
struct xdp_own {
    uint8_t bytes[16];
    uint32_t family; /* enum address_family */
};

#endif
