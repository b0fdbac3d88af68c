/* SPDX-License-Identifier: BSD-2-Clause */
/* wipe.h - clearing of memory that held a secret. */
#ifndef CRYPTO_WIPE_H
#define CRYPTO_WIPE_H

#include <stddef.h>
#include <string.h>

/* Zeros, also where the compiler sees that nobody reads them. */
static inline void wipe(void *memory, size_t size)
{
    memset(memory, 0, size);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

#endif
