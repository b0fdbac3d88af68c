/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_sources.c - `noon sources`: all sources in one table. */
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_sources.h"
#include "sys/terminal.h"

enum exit_code command_sources(const struct cli *cli)
{
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);
    struct text text;
    struct view view;
    json_t *object;
    unsigned columns = 0;
    unsigned rows;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (cli->options.json) {
        object = json_pack("{s:o}", "sources", json_of_sources(&record));
        fetch_done(&record);
        return json_print(object, false, EXIT_CODE_OK);
    }
    if (terminal_is_screen()) {
        terminal_size(&columns, &rows);
    }
    view = out_view(&record.node);
    text = out_begin(2 * record.count);
    view_sources(&text, &view, &record, columns);
    view_sources_reasons(&text, &record);
    fetch_done(&record);
    return out_end(&text, EXIT_CODE_OK);
}
