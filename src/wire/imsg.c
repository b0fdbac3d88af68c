/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/imsg.h"

#include <string.h>

/* Places in the data behind the header. */
enum {
    STATUS_SYNCED = 16,
    STATUS_STRATUM = 17,
    STATUS_SLEWING = 24,
    STATUS_MEDIAN = 32,
    STATUS_LAST = 40,
    STATUS_ERRORS = 48,
    PEER_SYNCED = 80,
    PEER_NEXT = 88,
    PEER_POLL = 96,
    PEER_OFFSET = 104,
    PEER_DELAY = 112,
    PEER_JITTER = 120,
};

int imsg_request(const uint8_t *bytes, size_t size)
{
    uint32_t type;
    uint16_t length, flags;

    if (size < IMSG_HEADER_SIZE) {
        return -1;
    }
    memcpy(&type, bytes, sizeof type);
    memcpy(&length, bytes + 4, sizeof length);
    memcpy(&flags, bytes + 6, sizeof flags);
    if (length != IMSG_HEADER_SIZE || flags != 0 ||
        (type != IMSG_STATUS && type != IMSG_PEERS && type != IMSG_SENSORS && type != IMSG_ALL)) {
        return 0;
    }
    return (int)type;
}

/* Zeros, and the header; returns where the data begins. */
static uint8_t *begin(uint8_t *bytes, uint32_t type, uint16_t size)
{
    memset(bytes, 0, size);
    memcpy(bytes, &type, sizeof type);
    memcpy(bytes + 4, &size, sizeof size);
    return bytes + IMSG_HEADER_SIZE;
}

size_t imsg_put_status(const struct imsg_status *status, uint8_t bytes[static IMSG_STATUS_SIZE])
{
    uint8_t *data = begin(bytes, IMSG_STATUS, IMSG_STATUS_SIZE);

    memcpy(data, &status->peers, 4);
    memcpy(data + 4, &status->sensors, 4);
    memcpy(data + 8, &status->valid_peers, 4);
    memcpy(data + 12, &status->valid_sensors, 4);
    data[STATUS_SYNCED] = status->synced;
    data[STATUS_STRATUM] = status->stratum;
    memcpy(data + STATUS_SLEWING, &status->slewing_ms, 8);
    memcpy(data + STATUS_MEDIAN, &status->constraint_median, 8);
    memcpy(data + STATUS_LAST, &status->constraint_last, 8);
    memcpy(data + STATUS_ERRORS, &status->constraint_errors, 4);
    return IMSG_STATUS_SIZE;
}

size_t imsg_put_peer(const struct imsg_peer *peer, uint8_t bytes[static IMSG_PEER_SIZE])
{
    uint8_t *data = begin(bytes, IMSG_PEERS, IMSG_PEER_SIZE);
    const char *end = memchr(peer->description, '\0', IMSG_TEXT_SIZE - 1);
    size_t length = end != NULL ? (size_t)(end - peer->description) : IMSG_TEXT_SIZE - 1;

    memcpy(data, peer->description, length);
    data[PEER_SYNCED] = peer->synced;
    data[PEER_SYNCED + 1] = peer->weight;
    data[PEER_SYNCED + 2] = peer->trust;
    data[PEER_SYNCED + 3] = peer->stratum;
    memcpy(data + PEER_NEXT, &peer->next_s, 8);
    memcpy(data + PEER_POLL, &peer->poll_s, 8);
    memcpy(data + PEER_OFFSET, &peer->offset_ms, 8);
    memcpy(data + PEER_DELAY, &peer->delay_ms, 8);
    memcpy(data + PEER_JITTER, &peer->jitter_ms, 8);
    return IMSG_PEER_SIZE;
}

size_t imsg_put_end(enum imsg_type type, int32_t count, uint8_t bytes[static IMSG_COUNT_SIZE])
{
    uint16_t size = type == IMSG_ALL_END ? IMSG_HEADER_SIZE : IMSG_COUNT_SIZE;
    uint8_t *data = begin(bytes, type, size);

    if (type != IMSG_ALL_END) {
        memcpy(data, &count, sizeof count);
    }
    return size;
}
