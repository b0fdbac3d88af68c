/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/entropy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/random.h>

#include "base/must.h"

/* Kernels before 3.17, and filters that do not know getrandom(). */
static void fill_from_device(uint8_t *bytes, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    must(fd >= 0);
    while (size > 0) {
        ssize_t got = read(fd, bytes, size);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        must(got > 0);
        bytes += got;
        size -= (size_t)got;
    }
    (void)close(fd);
}

void entropy_fill(void *bytes, size_t size)
{
    uint8_t *at = bytes;

    while (size > 0) {
        /* Up to 256 octets come whole; more may be cut short by a signal. */
        ssize_t got = getrandom(at, size < 256 ? size : 256, 0);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            fill_from_device(at, size);
            return;
        }
        at += got;
        size -= (size_t)got;
    }
}

uint64_t entropy_u64(void)
{
    uint64_t value;

    entropy_fill(&value, sizeof value);
    return value;
}
