/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/extension.h"

#include "base/must.h"
#include "wire/ntp_packet.h"

struct extension_cursor extension_behind_header(const uint8_t *bytes, size_t size)
{
    must(size >= NTP_HEADER_SIZE);
    return (struct extension_cursor){bytes, size, NTP_HEADER_SIZE, true};
}

struct extension_cursor extension_within(const uint8_t *bytes, size_t size)
{
    return (struct extension_cursor){bytes, size, 0, false};
}

/* A MAC's size is that of a crypto-NAK, or of a key number and a digest of 16 or 20 octets. */
static bool is_mac(size_t size)
{
    return size == 4 || size == 20 || size == MAC_SIZE_MAX;
}

enum extension_found extension_next(struct extension_cursor *cursor, struct extension *field)
{
    struct reader r = {cursor->bytes + cursor->at, cursor->size - cursor->at, false};
    size_t left = r.left;

    if (left == 0) {
        return EXTENSION_END;
    }
    if (cursor->mac && left <= MAC_SIZE_MAX) {
        return is_mac(left) ? EXTENSION_MAC : EXTENSION_BROKEN;
    }
    field->type = (uint16_t)reader_be(&r, 2);
    size_t length = (size_t)reader_be(&r, 2);
    if (length < EXTENSION_SIZE_MIN || length % 4 != 0 || length > left) {
        return EXTENSION_BROKEN;
    }
    field->at = cursor->at;
    field->body = r.at;
    field->body_size = length - EXTENSION_HEADER_SIZE;
    cursor->at += length;
    return EXTENSION_FIELD;
}

size_t extension_size(size_t body_size)
{
    size_t size = EXTENSION_HEADER_SIZE + (body_size + 3) / 4 * 4;

    return size > EXTENSION_SIZE_MIN ? size : EXTENSION_SIZE_MIN;
}

void extension_put(struct writer *w, uint16_t type, const uint8_t *body, size_t body_size)
{
    static const uint8_t zeros[EXTENSION_SIZE_MIN];
    size_t size = extension_size(body_size), padding;

    if (size > UINT16_MAX || w->left < size) {
        w->overrun = true;
        w->left = 0;
        return;
    }
    padding = size - EXTENSION_HEADER_SIZE - body_size;
    writer_be(w, 2, type);
    writer_be(w, 2, size);
    if (body != NULL) {
        writer_put(w, body, body_size);
    } else {
        memset(w->at, 0, body_size);
        w->at += body_size;
        w->left -= body_size;
    }
    writer_put(w, zeros, padding);
}
