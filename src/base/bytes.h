/* SPDX-License-Identifier: BSD-2-Clause */
/* bytes.h - bounds-checked big-endian reading and writing of untrusted bytes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Cursor over a borrowed buffer.  A read past the end returns zero and sets overrun, so that a
 * decoder reads everything and checks once at the end.
 */
struct reader {
    const uint8_t *at;
    size_t left;
    bool overrun;
};

/* Eight octets as a number: compilers make one instruction of it, which they don't of a loop. */
static inline uint64_t bytes_be64(const uint8_t bytes[static 8])
{
    return (uint64_t)bytes[0] << 56 | (uint64_t)bytes[1] << 48 | (uint64_t)bytes[2] << 40 |
           (uint64_t)bytes[3] << 32 | (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
           (uint64_t)bytes[6] << 8 | bytes[7];
}

static inline uint32_t bytes_be32(const uint8_t bytes[static 4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void bytes_put_be32(uint8_t bytes[static 4], uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static inline bool bytes_are_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;

    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* The next `size` (1 to 8) octets as an unsigned number, most significant first. */
static inline uint64_t reader_be(struct reader *r, unsigned size)
{
    uint64_t value = 0;

    if (r->left < size) {
        r->overrun = true;
        r->left = 0;
        return 0;
    }
    if (size == 8) {
        value = bytes_be64(r->at);
    } else if (size == 4) {
        value = bytes_be32(r->at);
    } else {
        for (unsigned i = 0; i < size; i++) {
            value = value << 8 | r->at[i];
        }
    }
    r->at += size;
    r->left -= size;
    return value;
}

/* Borrows the next `size` octets; NULL, and overrun, when there are fewer. */
static inline const uint8_t *reader_take(struct reader *r, size_t size)
{
    const uint8_t *taken = r->at;

    if (r->left < size) {
        r->overrun = true;
        r->left = 0;
        return NULL;
    }
    r->at += size;
    r->left -= size;
    return taken;
}

/* Cursor over a buffer being filled.  Writes past the end are dropped and set overrun. */
struct writer {
    uint8_t *at;
    size_t left;
    bool overrun;
};

static inline void writer_be(struct writer *w, unsigned size, uint64_t value)
{
    if (w->left < size) {
        w->overrun = true;
        w->left = 0;
        return;
    }
    if (size == 8) {
        bytes_put_be32(w->at, (uint32_t)(value >> 32));
        bytes_put_be32(w->at + 4, (uint32_t)value);
    } else if (size == 4) {
        bytes_put_be32(w->at, (uint32_t)value);
    } else {
        for (unsigned i = 0; i < size; i++) {
            w->at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
        }
    }
    w->at += size;
    w->left -= size;
}

static inline void writer_put(struct writer *w, const void *bytes, size_t size)
{
    if (w->left < size) {
        w->overrun = true;
        w->left = 0;
        return;
    }
    memcpy(w->at, bytes, size);
    w->at += size;
    w->left -= size;
}

#endif
