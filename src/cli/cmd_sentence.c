/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_sentence.c - `noon` alone: how the time is, in one sentence. */
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_sentence.h"

enum exit_code command_sentence(const struct cli *cli)
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
    view = out_view(&record.node);
    text = out_begin(0);
    view_sentence(&text, &view, &record);
    if (cli->options.json) {
        object = json_pack(
            "{s:b,s:s,s:s,s:o,s:s}", "synchronised", record.node.state == NODE_SYNCHRONISED,
            "state", node_state_word(record.node.state), "reason",
            node_reason_word(record.node.reason), "bound_s",
            record.node.bound_s >= 0 ? json_of_double(record.node.bound_s) : json_null(),
            "sentence", text.start);
        out_free(&text);
        fetch_done(&record);
        return json_print(object, false, code);
    }
    text_char(&text, '\n');
    fetch_done(&record);
    return out_end(&text, code);
}
