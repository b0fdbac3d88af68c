/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_status.c - `noon status`: the node on one page. */
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_status.h"

enum exit_code command_status(const struct cli *cli)
{
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);
    struct text text;
    struct view view;
    json_t *object;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    code = node_status_has_time(&record.node) ? EXIT_CODE_OK : EXIT_CODE_NO;
    if (cli->options.json) {
        object = json_pack("{s:o,s:o}", "node", json_of_node(&record.node), "sources",
                           json_of_sources(&record));
        fetch_done(&record);
        return json_print(object, false, code);
    }
    view = out_view(&record.node);
    text = out_begin(0);
    view_status(&text, &view, &record);
    fetch_done(&record);
    return out_end(&text, code);
}
