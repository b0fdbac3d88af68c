/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_why.c - `noon why [NAME]`: why something is not as it should be. */
#include <stdio.h>

#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/record.h"
#include "cli/view_sentence.h"
#include "cli/view_why.h"

enum { WHY_SIZE = 600 };

static json_t *json_of_why(const struct view *view, const struct source_status *source)
{
    char name[STATUS_NAME_SIZE + ADDRESS_TEXT_SIZE];
    char why[WHY_SIZE];
    struct text name_text = text_begin(name, sizeof name);
    struct text why_text = text_begin(why, sizeof why);

    view_why_source_short(&why_text, view, source);
    if (source->address.family != ADDRESS_NONE) {
        view_address(&name_text, &source->address);
    }
    return json_pack("{s:s,s:s?,s:s,s:o,s:s}", "name", source->name, "address",
                     name_text.length > 0 ? name : NULL, "state", source_state_word(source->state),
                     "since", json_of_time(source->state_since), "why", why);
}

/* `name` NULL: of the node and all its sources. */
static json_t *json_of_whys(const struct status_record *record, const struct view *view,
                            const char *name)
{
    json_t *object = json_object();
    json_t *array = json_array();
    char sentence[WHY_SIZE];
    struct text text = text_begin(sentence, sizeof sentence);

    if (name == NULL) {
        view_sentence(&text, view, record);
        json_object_update_new(
            object, json_pack("{s:s,s:s,s:o,s:s,s:s}", "state", node_state_word(record->node.state),
                              "reason", node_reason_word(record->node.reason), "since",
                              json_of_time(record->node.state_since), "sentence", sentence,
                              "advice", view_why_advice(&record->node)));
    }
    for (size_t i = 0; i < record->count; i++) {
        if (name == NULL || record_find(record, name, i) == &record->sources[i]) {
            json_array_append_new(array, json_of_why(view, &record->sources[i]));
        }
    }
    json_object_set_new(object, "sources", array);
    return object;
}

static void picture(struct text *text, const struct view *view, const struct status_record *record,
                    const char *name)
{
    const struct source_status *source;

    if (name == NULL) {
        view_why(text, view, record);
        return;
    }
    source = record_find(record, name, 0);
    while (source != NULL) {
        view_why_source(text, view, record, source);
        source = record_find(record, name, (size_t)(source - record->sources) + 1);
        text_add(text, source != NULL ? "\n" : "");
    }
}

enum exit_code command_why(const struct cli *cli)
{
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);
    const char *name = cli->argument_count > 0 ? cli->arguments[0] : NULL;
    struct text text;
    struct view view;
    json_t *object;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (name != NULL && record_find(&record, name, 0) == NULL) {
        fetch_done(&record);
        fprintf(stderr, "noon: no source is called `%s`: `noon sources` lists them\n", name);
        return EXIT_CODE_NO;
    }
    view = out_view(&record.node);
    if (cli->options.json) {
        object = json_of_whys(&record, &view, name);
        fetch_done(&record);
        return json_print(object, false, EXIT_CODE_OK);
    }
    text = out_begin(record.count);
    picture(&text, &view, &record, name);
    fetch_done(&record);
    return out_end(&text, EXIT_CODE_OK);
}
