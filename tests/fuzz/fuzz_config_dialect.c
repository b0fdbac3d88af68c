/* SPDX-License-Identifier: BSD-2-Clause */
/* A file whose dialect has to be recognised. */
#include "fuzz/config_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;

    config_target(data, size, DIALECT_UNKNOWN, &config);
    return 0;
}
