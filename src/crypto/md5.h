/* SPDX-License-Identifier: BSD-2-Clause */
/* md5.h - the MD5 sum, for names and old MACs; it protects nothing by itself. */
#ifndef CRYPTO_MD5_H
#define CRYPTO_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16 };

/* The sum of `size` octets (RFC 1321). */
void md5_sum(const uint8_t *bytes, size_t size, uint8_t sum[static MD5_SIZE]);

#endif
