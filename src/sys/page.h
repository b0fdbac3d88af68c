/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.h - a record in shared memory: one process writes, any number read, nobody waits.
 *
 * Two slots with a sequence number each, and the index of the newer one.  A reader copies the
 * newer slot and checks that it did not change meanwhile; a writer that is stopped or killed in
 * the middle of a write leaves the other slot whole.  The payload is bytes to this module.  The
 * memory is a file (for other programs) or an anonymous memfd (for our own processes).
 */
#ifndef SYS_PAGE_H
#define SYS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Single 64-bit values beside the payload, each written and read at once. */
enum page_mark {
    PAGE_MARK_AWAKE,      /* CLOCK_MONOTONIC ns by which the writer will have woken again */
    PAGE_MARK_RATE,       /* bits of a double: the rate to fall back to, s/s */
    PAGE_MARK_RATE_KNOWN, /* 1: PAGE_MARK_RATE holds, and the writer may steer the clock */
    PAGE_MARK_DRAINING,   /* of the time page: 1, clients are to be sent elsewhere */
    PAGE_MARK_COUNT
};

/* One process's view of a page.  The caller's memory; its members are private. */
struct page {
    void *map;
    size_t map_size;
    size_t capacity; /* of the payload */
    int fd;
    bool writer;
};

/*
 * Makes a page for payloads of up to `capacity` octets and opens it for writing.  `layout` names
 * what the payload is; readers who expect another are refused.  path NULL: memfd.  A file (mode
 * 0644) of the same layout is taken over in place, so that readers who have mapped it stay
 * connected; one of another size is replaced.
 */
MUST_USE enum err page_create(struct page *page, const char *path, uint32_t layout,
                              size_t capacity);

/* A descriptor of it that can only be read, for a process that must not write; -1: failed. */
int page_reader_fd(const struct page *page);

/* Maps a page from a descriptor, which the page keeps.  ERR_FORMAT: no such page. */
MUST_USE enum err page_adopt(struct page *page, int fd, uint32_t layout, bool writer);

/* Maps a file for reading.  ERR_NOT_FOUND, ERR_DENIED, ERR_FORMAT. */
MUST_USE enum err page_open(struct page *page, const char *path, uint32_t layout);

void page_close(struct page *page);

/* Longest payload. */
size_t page_capacity(const struct page *page);

/* Writes a payload; `size` at most the capacity.  Only the writer. */
void page_write(struct page *page, const void *payload, size_t size);

/*
 * Copies the newest payload; *size is what it holds, at most `capacity`.  ERR_NOT_FOUND: nothing
 * was written since this machine started; ERR_AGAIN: overtaken 4 times, the caller keeps what it
 * has; ERR_RANGE: longer than `capacity`.
 */
MUST_USE enum err page_read(const struct page *page, void *payload, size_t capacity, size_t *size);

/* The same, but of a longer payload only its first octets are copied. */
MUST_USE enum err page_read_start(const struct page *page, void *payload, size_t capacity,
                                  size_t *size);

/* Counts the writes: cheap to ask whether page_read() would bring anything new. */
uint64_t page_generation(const struct page *page);

void page_mark_set(struct page *page, enum page_mark mark, uint64_t value);
uint64_t page_mark(const struct page *page, enum page_mark mark);

#endif
