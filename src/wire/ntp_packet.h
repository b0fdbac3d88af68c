/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp_packet.h - codec of the 48-octet NTP header (RFC 5905, section 7.3). */
#ifndef WIRE_NTP_PACKET_H
#define WIRE_NTP_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "wire/drop.h"

enum { NTP_HEADER_SIZE = 48, NTP_PACKET_MAX = 1024 };

enum ntp_mode {
    NTP_MODE_ACTIVE = 1,
    NTP_MODE_PASSIVE = 2,
    NTP_MODE_CLIENT = 3,
    NTP_MODE_SERVER = 4,
    NTP_MODE_BROADCAST = 5,
    NTP_MODE_CONTROL = 6,
    NTP_MODE_PRIVATE = 7,
};

enum ntp_leap { NTP_LEAP_NONE, NTP_LEAP_INSERT, NTP_LEAP_DELETE, NTP_LEAP_UNSYNC };

struct ntp_packet {
    uint8_t leap;
    uint8_t version;
    uint8_t mode;
    uint8_t stratum;
    int8_t poll_log2;
    int8_t precision_log2;
    struct ntp_short root_delay;
    struct ntp_short root_dispersion;
    uint32_t refid;
    struct ntp_ts reference;
    struct ntp_ts origin;
    struct ntp_ts receive;
    struct ntp_ts transmit;
};

/*
 * Decode the header at the start of a datagram.  What follows it belongs to other codecs.  On
 * failure (DROP_SHORT, DROP_VERSION) *packet holds what could be read.
 */
enum drop_reason ntp_packet_decode(struct ntp_packet *packet, const uint8_t *bytes, size_t size);

void ntp_packet_encode(const struct ntp_packet *packet, uint8_t bytes[static NTP_HEADER_SIZE]);

#endif
