/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/page.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "sys/storage.h"

enum { PAGE_MAGIC = 0x6e6f6f6e, BOOT_ID_SIZE = 36, READ_TRIES = 4, ALIGNMENT = 64 };

/* At the start of the memory; the two slots follow. */
struct shared {
    uint32_t magic;
    uint32_t layout;
    uint64_t capacity;
    char boot_id[BOOT_ID_SIZE + 4];
    _Atomic uint64_t published; /* counts writes; its lowest bit names the newest slot */
    _Atomic uint64_t marks[PAGE_MARK_COUNT];
};

/* The payload as words: each is copied at once, so that a race is no undefined behaviour. */
struct slot {
    _Atomic uint64_t sequence; /* odd while it is being written */
    _Atomic uint64_t size;
    _Atomic uint64_t words[];
};

static size_t align_up(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t slot_size(size_t capacity)
{
    return align_up(sizeof(struct slot) + capacity + 7);
}

static size_t shared_size(size_t capacity)
{
    return align_up(sizeof(struct shared)) + 2 * slot_size(capacity);
}

static struct shared *shared_of(const struct page *page)
{
    return page->map;
}

static struct slot *slot_of(const struct page *page, uint64_t number)
{
    uint8_t *at = page->map;

    at += align_up(sizeof(struct shared)) + (number & 1) * slot_size(page->capacity);
    return (struct slot *)(void *)at;
}

/* Names this start of the machine: CLOCK_MONOTONIC, on which payloads rest, began with it. */
static void boot_id(char id[static BOOT_ID_SIZE + 4])
{
    size_t size = 0;

    memset(id, 0, BOOT_ID_SIZE + 4);
    /* ERR_RANGE is right: the file is longer by its newline. */
    if (storage_read("/proc/sys/kernel/random/boot_id", id, BOOT_ID_SIZE, &size) != ERR_RANGE) {
        memset(id, 0, BOOT_ID_SIZE + 4);
    }
}

static enum err map_memory(struct page *page, int fd, size_t capacity, bool writer)
{
    size_t size = shared_size(capacity);
    void *map = mmap(NULL, size, writer ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);

    if (map == MAP_FAILED) {
        return storage_err(errno);
    }
    *page = (struct page){
        .map = map, .map_size = size, .capacity = capacity, .fd = fd, .writer = writer};
    return ERR_NONE;
}

/* Is this memory a page of ours?  Its capacity, or ERR_FORMAT. */
static enum err examine(int fd, uint32_t layout, size_t *capacity)
{
    struct shared head;
    struct stat st;

    if (fstat(fd, &st) != 0 || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head) {
        return ERR_FORMAT;
    }
    if (head.magic != PAGE_MAGIC || head.layout != layout || head.capacity > SSIZE_MAX / 4 ||
        (uint64_t)st.st_size != shared_size((size_t)head.capacity)) {
        return ERR_FORMAT;
    }
    *capacity = (size_t)head.capacity;
    return ERR_NONE;
}

static enum err start_memory(struct page *page, int fd, uint32_t layout, size_t capacity)
{
    if (ftruncate(fd, (off_t)shared_size(capacity)) != 0) {
        return storage_err(errno);
    }
    enum err err = map_memory(page, fd, capacity, true);
    if (err == ERR_NONE) {
        struct shared *shared = shared_of(page);

        shared->layout = layout;
        shared->capacity = capacity;
        boot_id(shared->boot_id);
        atomic_thread_fence(memory_order_release);
        shared->magic = PAGE_MAGIC; /* last: a reader sees a finished page or none */
    }
    return err;
}

static enum err create_memfd(struct page *page, uint32_t layout, size_t capacity)
{
    int fd = memfd_create("noon", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) {
        return storage_err(errno);
    }
    /* Nobody of another user can open it for writing by /proc. */
    (void)fchmod(fd, 0600);
    enum err err = start_memory(page, fd, layout, capacity);
    if (err != ERR_NONE) {
        (void)close(fd);
        return err;
    }
    /* A reader of a page that shrinks under it would be killed by SIGBUS. */
    (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return ERR_NONE;
}

/* Takes an existing file over, its payload too if it is of this start of the machine. */
static enum err take_over(struct page *page, const char *path, uint32_t layout, size_t capacity)
{
    size_t found = 0;
    char now[BOOT_ID_SIZE + 4];
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        return storage_err(errno);
    }
    enum err err = examine(fd, layout, &found);
    if (err == ERR_NONE && found != capacity) {
        err = ERR_FORMAT;
    }
    if (err == ERR_NONE) {
        err = map_memory(page, fd, capacity, true);
    }
    if (err != ERR_NONE) {
        (void)close(fd);
        return err;
    }
    struct shared *shared = shared_of(page);
    boot_id(now);
    if (memcmp(shared->boot_id, now, sizeof now) != 0) {
        atomic_store_explicit(&shared->published, 0, memory_order_release);
        memcpy(shared->boot_id, now, sizeof now);
    }
    (void)fchmod(fd, 0644);
    return ERR_NONE;
}

static enum err create_file(struct page *page, const char *path, uint32_t layout, size_t capacity)
{
    char temporary[PATH_MAX];

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary) {
        return ERR_RANGE;
    }
    (void)unlink(temporary);
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        return storage_err(errno);
    }
    /* The umask may have been stricter than readers can bear. */
    (void)fchmod(fd, 0644);
    enum err err = start_memory(page, fd, layout, capacity);
    /* Taken now rather than at a write: a full disk would answer a write with SIGBUS. */
    int refused = err == ERR_NONE ? posix_fallocate(fd, 0, (off_t)page->map_size) : 0;
    if (refused != 0 && refused != EOPNOTSUPP && refused != EINVAL) {
        err = storage_err(refused);
    }
    if (err == ERR_NONE && rename(temporary, path) != 0) {
        err = storage_err(errno);
    }
    if (err != ERR_NONE) {
        (void)unlink(temporary);
        (void)close(fd);
        if (page->map != NULL) {
            (void)munmap(page->map, page->map_size);
        }
        *page = (struct page){.fd = -1};
    }
    return err;
}

enum err page_create(struct page *page, const char *path, uint32_t layout, size_t capacity)
{
    *page = (struct page){.fd = -1};
    if (path == NULL) {
        return create_memfd(page, layout, capacity);
    }
    if (take_over(page, path, layout, capacity) == ERR_NONE) {
        return ERR_NONE;
    }
    *page = (struct page){.fd = -1};
    return create_file(page, path, layout, capacity);
}

int page_reader_fd(const struct page *page)
{
    char path[64];

    /* A duplicate would keep the right to write. */
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", page->fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

enum err page_adopt(struct page *page, int fd, uint32_t layout, bool writer)
{
    size_t capacity = 0;
    enum err err = examine(fd, layout, &capacity);

    *page = (struct page){.fd = -1};
    return err != ERR_NONE ? err : map_memory(page, fd, capacity, writer);
}

enum err page_open(struct page *page, const char *path, uint32_t layout)
{
    char now[BOOT_ID_SIZE + 4];

    *page = (struct page){.fd = -1};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return storage_err(errno);
    }
    enum err err = page_adopt(page, fd, layout, false);
    if (err != ERR_NONE) {
        (void)close(fd);
        return err;
    }
    boot_id(now);
    if (memcmp(shared_of(page)->boot_id, now, sizeof now) != 0) {
        page_close(page);
        return ERR_NOT_FOUND;
    }
    return ERR_NONE;
}

void page_close(struct page *page)
{
    if (page->map != NULL) {
        (void)munmap(page->map, page->map_size);
    }
    if (page->fd >= 0) {
        (void)close(page->fd);
    }
    *page = (struct page){.fd = -1};
}

size_t page_capacity(const struct page *page)
{
    return page->capacity;
}

static void copy_in(struct slot *slot, const void *payload, size_t size)
{
    const uint8_t *from = payload;

    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;

        memcpy(&word, from + i, size - i < 8 ? size - i : 8);
        atomic_store_explicit(&slot->words[i / 8], word, memory_order_relaxed);
    }
}

static void copy_out(void *payload, const struct slot *slot, size_t size)
{
    uint8_t *to = payload;

    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = atomic_load_explicit(&slot->words[i / 8], memory_order_relaxed);

        memcpy(to + i, &word, size - i < 8 ? size - i : 8);
    }
}

void page_write(struct page *page, const void *payload, size_t size)
{
    must(page->writer && size <= page->capacity);
    struct shared *shared = shared_of(page);
    uint64_t number = atomic_load_explicit(&shared->published, memory_order_relaxed) + 1;
    struct slot *slot = slot_of(page, number);
    /* Odd already when a writer before us died in the middle. */
    uint64_t odd = atomic_load_explicit(&slot->sequence, memory_order_relaxed) | 1;

    atomic_store_explicit(&slot->sequence, odd, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    copy_in(slot, payload, size);
    atomic_store_explicit(&slot->size, size, memory_order_relaxed);
    atomic_store_explicit(&slot->sequence, odd + 1, memory_order_release);
    atomic_store_explicit(&shared->published, number, memory_order_release);
}

static enum err read_newest(const struct page *page, void *payload, size_t capacity, bool whole,
                            size_t *size)
{
    *size = 0;
    for (int try = 0; try < READ_TRIES; try++) {
        uint64_t number = atomic_load_explicit(&shared_of(page)->published, memory_order_acquire);
        const struct slot *slot = slot_of(page, number);
        uint64_t before = atomic_load_explicit(&slot->sequence, memory_order_acquire);
        uint64_t length = atomic_load_explicit(&slot->size, memory_order_relaxed);

        if (number == 0) {
            return ERR_NOT_FOUND;
        }
        /* The writer may be hostile (the server process): its length is a claim. */
        bool fits = (!whole || length <= capacity) && length <= page->capacity;
        length = fits && length > capacity ? capacity : length;
        if (fits) {
            copy_out(payload, slot, (size_t)length);
        }
        atomic_thread_fence(memory_order_acquire);
        if ((before & 1) == 0 &&
            before == atomic_load_explicit(&slot->sequence, memory_order_relaxed)) {
            *size = fits ? (size_t)length : 0;
            return fits ? ERR_NONE : ERR_RANGE;
        }
    }
    return ERR_AGAIN;
}

enum err page_read(const struct page *page, void *payload, size_t capacity, size_t *size)
{
    return read_newest(page, payload, capacity, true, size);
}

enum err page_read_start(const struct page *page, void *payload, size_t capacity, size_t *size)
{
    return read_newest(page, payload, capacity, false, size);
}

uint64_t page_generation(const struct page *page)
{
    return atomic_load_explicit(&shared_of(page)->published, memory_order_acquire);
}

void page_mark_set(struct page *page, enum page_mark mark, uint64_t value)
{
    must(page->writer && mark < PAGE_MARK_COUNT);
    atomic_store_explicit(&shared_of(page)->marks[mark], value, memory_order_release);
}

uint64_t page_mark(const struct page *page, enum page_mark mark)
{
    must(mark < PAGE_MARK_COUNT);
    return atomic_load_explicit(&shared_of(page)->marks[mark], memory_order_acquire);
}
