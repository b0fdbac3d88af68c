/* SPDX-License-Identifier: BSD-2-Clause */
/* The native dialect, and a single line of a source, as of `noon add`. */
#include "fuzz/config_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config_report report;
    struct source_options source;
    struct config config;
    char line[256];
    size_t length = size < sizeof line ? size : sizeof line - 1;

    config_target(data, size, DIALECT_CHRONY, &config);
    if (length > 0) {
        memcpy(line, data, length);
    }
    line[length] = '\0';
    config_report_init(&report);
    bool ok = config_source_line(&config, line, &source, &report);
    assert(ok == (report.errors == 0));
    return 0;
}
