/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_ready.c - `noon ready`: good enough, yes or no, at once: for probes. */
#include "cli/fetch.h"
#include "cli/readiness.h"

enum exit_code command_ready(const struct cli *cli)
{
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);

    if (code == EXIT_CODE_OK) {
        code = readiness_print(&record.node, &cli->options);
        fetch_done(&record);
    }
    return code;
}
