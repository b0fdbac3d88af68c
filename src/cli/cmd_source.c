/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_source.c - `noon source NAME`: everything about one source, with its history. */
#include <stdio.h>

#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/record.h"
#include "cli/view_source.h"

/* A page takes up to that many times the room of a line. */
enum { PAGE_FACTOR = 20 };

/* Every source of that name: a pool has several. */
static enum exit_code print_json(struct status_record *record, const char *name)
{
    json_t *array = json_array();
    const struct source_status *source = record_find(record, name, 0);

    while (source != NULL) {
        json_array_append_new(array, json_of_source(source));
        source = record_find(record, name, (size_t)(source - record->sources) + 1);
    }
    fetch_done(record);
    return json_print(json_pack("{s:o}", "sources", array), false, EXIT_CODE_OK);
}

enum exit_code command_source(const struct cli *cli)
{
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);
    const char *name = cli->arguments[0];
    const struct source_status *source;
    struct text text;
    struct view view;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    source = record_find(&record, name, 0);
    if (source == NULL) {
        fetch_done(&record);
        fprintf(stderr, "noon: no source is called `%s`: `noon sources` lists them\n", name);
        return EXIT_CODE_NO;
    }
    if (cli->options.json) {
        return print_json(&record, name);
    }
    view = out_view(&record.node);
    text = out_begin(PAGE_FACTOR * record.count);
    while (source != NULL) {
        view_source_page(&text, &view, &record, source);
        source = record_find(&record, name, (size_t)(source - record.sources) + 1);
        text_add(&text, source != NULL ? "\n" : "");
    }
    fetch_done(&record);
    return out_end(&text, EXIT_CODE_OK);
}
