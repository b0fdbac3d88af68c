/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenNTPD's ntpd.conf. */
#include "fuzz/config_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;

    config_target(data, size, DIALECT_OPENNTPD, &config);
    return 0;
}
