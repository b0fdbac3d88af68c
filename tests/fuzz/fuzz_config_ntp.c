/* SPDX-License-Identifier: BSD-2-Clause */
/* ntp.conf. */
#include "fuzz/config_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;

    config_target(data, size, DIALECT_NTP, &config);
    return 0;
}
