/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_now.c - `noon now`: earliest and latest, from shared memory or else from the socket. */
#include "cli/ask.h"
#include "cli/fetch.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_now.h"
#include "sys/clock.h"
#include "sys/page.h"
#include "wire/line.h"

/* The line as noond last published it; false: there is no page that can be read. */
static bool read_line(const char *rundir, struct time_line *line)
{
    char path[ASK_PATH_SIZE];
    struct text text = text_begin(path, sizeof path);
    struct page page;
    size_t size = 0;
    enum err err;

    text_add(&text, rundir);
    text_add(&text, "/time");
    if (text.overrun || page_open(&page, path, TIME_LINE_LAYOUT) != ERR_NONE) {
        return false;
    }
    err = page_read(&page, line, sizeof *line, &size);
    page_close(&page);
    return err == ERR_NONE && size == sizeof *line;
}

static bool now_from_page(const struct cli *cli, struct now *now)
{
    struct time_line line;
    struct clocks clocks;
    double bound_s;

    if (!read_line(cli->options.rundir, &line)) {
        return false;
    }
    clocks_read(&clocks);
    bound_s = line_bound_s(&line, clocks.mono);
    *now = (struct now){
        .utc = line_utc(&line, clocks.mono),
        .before_s = bound_s,
        .after_s = bound_s,
        .synchronised = bound_s < 1e9,
        .from_page = true,
    };
    now->error_s =
        duration_to_s((struct duration){now->utc.ns - (clocks.raw.ns + cli->options.truth.ns)});
    return true;
}

/* The record was written some time between question and answer: that widens the interval. */
static enum exit_code now_from_socket(const struct cli *cli, struct now *now)
{
    struct steady_time asked = clock_steady();
    struct status_record record;
    enum exit_code code = fetch_record(cli, &record);
    struct clocks clocks;
    double waited_s;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    clocks_read(&clocks);
    waited_s = (double)(clocks.mono.ns - asked.ns) * 1e-9;
    *now = (struct now){
        .utc = record.node.now,
        .before_s = record.node.bound_s,
        .after_s = record.node.bound_s + waited_s,
        .synchronised = node_status_has_time(&record.node),
    };
    now->error_s =
        duration_to_s((struct duration){now->utc.ns - (clocks.raw.ns + cli->options.truth.ns)});
    fetch_done(&record);
    return EXIT_CODE_OK;
}

static json_t *json_of_now(const struct now *now)
{
    double bound_s = now->before_s > now->after_s ? now->before_s : now->after_s;
    json_t *object =
        json_pack("{s:b,s:o,s:o,s:o,s:o,s:s}", "synchronised", now->synchronised, "earliest",
                  now->synchronised ? json_of_time(now_earliest(now)) : json_null(), "latest",
                  now->synchronised ? json_of_time(now_latest(now)) : json_null(), "utc",
                  json_of_time(now->utc), "bound_s",
                  now->synchronised ? json_of_double(bound_s) : json_null(), "from",
                  now->from_page ? "page" : "socket");

    if (now->truth_known) {
        json_object_set_new(object, "true_error_s", json_of_double(now->error_s));
        json_object_set_new(object, "inside", json_boolean(now_inside(now)));
    }
    return object;
}

enum exit_code command_now(const struct cli *cli)
{
    struct now now;
    struct text text;
    enum exit_code code = EXIT_CODE_OK;

    if (!now_from_page(cli, &now)) {
        code = now_from_socket(cli, &now);
        if (code != EXIT_CODE_OK) {
            return code;
        }
    }
    now.truth_known = cli->options.truth_given;
    if (!now.synchronised || (now.truth_known && !now_inside(&now))) {
        code = EXIT_CODE_NO;
    }
    if (cli->options.json) {
        return json_print(json_of_now(&now), false, code);
    }
    text = out_begin(0);
    view_now(&text, &now);
    return out_end(&text, code);
}
