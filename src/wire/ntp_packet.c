/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp_packet.c - codec of the 48-octet NTP header (RFC 5905, section 7.3). */
#include "wire/ntp_packet.h"

#include "base/bytes.h"
#include "base/must.h"

enum drop_reason ntp_packet_decode(struct ntp_packet *packet, const uint8_t *bytes, size_t size)
{
    struct reader r = {.at = bytes, .left = size};
    uint8_t first = (uint8_t)reader_be(&r, 1);

    packet->leap = first >> 6;
    packet->version = first >> 3 & 7;
    packet->mode = first & 7;
    packet->stratum = (uint8_t)reader_be(&r, 1);
    packet->poll_log2 = (int8_t)(uint8_t)reader_be(&r, 1);
    packet->precision_log2 = (int8_t)(uint8_t)reader_be(&r, 1);
    packet->root_delay.raw = (uint32_t)reader_be(&r, 4);
    packet->root_dispersion.raw = (uint32_t)reader_be(&r, 4);
    packet->refid = (uint32_t)reader_be(&r, 4);
    packet->reference.raw = reader_be(&r, 8);
    packet->origin.raw = reader_be(&r, 8);
    packet->receive.raw = reader_be(&r, 8);
    packet->transmit.raw = reader_be(&r, 8);

    if (r.overrun) {
        return DROP_SHORT;
    }
    if (packet->version < 1 || packet->version > 4) {
        return DROP_VERSION;
    }
    return DROP_NONE;
}

void ntp_packet_encode(const struct ntp_packet *packet, uint8_t bytes[static NTP_HEADER_SIZE])
{
    struct writer w = {.at = bytes, .left = NTP_HEADER_SIZE};

    writer_be(&w, 1, (uint64_t)(packet->leap << 6 | packet->version << 3 | packet->mode));
    writer_be(&w, 1, packet->stratum);
    writer_be(&w, 1, (uint8_t)packet->poll_log2);
    writer_be(&w, 1, (uint8_t)packet->precision_log2);
    writer_be(&w, 4, packet->root_delay.raw);
    writer_be(&w, 4, packet->root_dispersion.raw);
    writer_be(&w, 4, packet->refid);
    writer_be(&w, 8, packet->reference.raw);
    writer_be(&w, 8, packet->origin.raw);
    writer_be(&w, 8, packet->receive.raw);
    writer_be(&w, 8, packet->transmit.raw);
    must(!w.overrun && w.left == 0);
}
