/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/md5.h"

#include <nettle/md5.h>

void md5_sum(const uint8_t *bytes, size_t size, uint8_t sum[static MD5_SIZE])
{
    struct md5_ctx context;

    md5_init(&context);
    md5_update(&context, size, bytes);
    md5_digest(&context, MD5_SIZE, sum);
}
