/* SPDX-License-Identifier: BSD-2-Clause */
/* entropy.h - unpredictable numbers. */
#ifndef SYS_ENTROPY_H
#define SYS_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Fills bytes that nobody can guess, from getrandom(), or /dev/urandom on a kernel without it.
 * May wait until the kernel has gathered enough at early boot.  Ends the process when neither
 * works: guessable bytes would be worse.
 */
void entropy_fill(void *bytes, size_t size);

uint64_t entropy_u64(void);

#endif
