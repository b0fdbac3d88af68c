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

/* The next `size` (1 to 8) octets as an unsigned number, most significant first. */
static inline uint64_t reader_be(struct reader *r, unsigned size)
{
    uint64_t value = 0;

    if (r->left < size) {
        r->overrun = true;
        r->left = 0;
        return 0;
    }
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | r->at[i];
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
    for (unsigned i = 0; i < size; i++) {
        w->at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
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
