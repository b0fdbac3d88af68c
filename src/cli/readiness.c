/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/readiness.h"

#include <stdio.h>

#include "cli/json.h"
#include "cli/view.h"

bool readiness(const struct node_status *node, const struct cli_options *options, struct text *text)
{
    if (!node_status_has_time(node)) {
        text_add(text, "Not ready: ");
        text_add(text, node->reason != NODE_REASON_NONE ? node_reason_sentence(node->reason)
                                                        : node_state_sentence(node->state));
        text_char(text, '.');
        return false;
    }
    if (options->bound_s > 0 && node->bound_s > options->bound_s) {
        text_add(text, "Not ready: right to within ");
        text_duration(text, node->bound_s);
        text_add(text, ", but ");
        text_duration(text, options->bound_s);
        text_add(text, " is asked for.");
        return false;
    }
    if (node->agreeing_count < (unsigned long)options->sources) {
        text_add(text, "Not ready: ");
        view_plural(text, node->agreeing_count, "source");
        text_add(text, node->agreeing_count == 1 ? " agrees, but " : " agree, but ");
        text_i64(text, options->sources);
        text_add(text, options->sources == 1 ? " is asked for." : " are asked for.");
        return false;
    }
    text_add(text, "Ready: right to within ");
    text_duration(text, node->bound_s);
    text_add(text, ", ");
    view_plural(text, node->agreeing_count, "source");
    text_add(text, node->agreeing_count == 1 ? " agrees." : " agree.");
    return true;
}

enum exit_code readiness_print(const struct node_status *node, const struct cli_options *options)
{
    char buffer[300];
    struct text text = text_begin(buffer, sizeof buffer);
    bool ready = readiness(node, options, &text);
    enum exit_code code = ready ? EXIT_CODE_OK : EXIT_CODE_NO;

    if (options->json) {
        return json_print(
            json_pack("{s:b,s:s,s:o,s:i}", "ready", ready, "sentence", buffer, "bound_s",
                      node->bound_s >= 0 ? json_of_double(node->bound_s) : json_null(), "sources",
                      (int)node->agreeing_count),
            false, code);
    }
    printf("%s\n", buffer);
    return code;
}
