/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_clients.c - `noon clients`: who asks this server for time. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_clients.h"
#include "sys/clock.h"

/* Every encoded client takes more than this: so many at most fit into the answer. */
enum { CLIENT_OCTETS_MIN = 32 };

static int busiest_first(const void *a, const void *b)
{
    const struct client_status *left = a;
    const struct client_status *right = b;

    return (left->requests < right->requests) - (left->requests > right->requests);
}

static json_t *json_of_clients(const struct clients_record *record)
{
    json_t *array = json_array();
    size_t count;
    const struct status_field *fields = clients_fields(&count);

    for (size_t i = 0; i < record->count; i++) {
        json_array_append_new(array, json_of_fields(fields, count, &record->clients[i]));
    }
    return json_pack("{s:I,s:o}", "known", (json_int_t)record->known, "clients", array);
}

static enum exit_code print(const struct cli *cli, const struct clients_record *record)
{
    /* The daemon's own time is not in the answer; for ages the system's is near enough. */
    struct node_status node = {.now = clock_system()};
    struct view view = out_view(&node);
    struct text text;

    if (cli->options.json) {
        return json_print(json_of_clients(record), false, EXIT_CODE_OK);
    }
    text = out_begin(record->count);
    view_clients(&text, &view, record);
    return out_end(&text, EXIT_CODE_OK);
}

enum exit_code command_clients(const struct cli *cli)
{
    struct clients_record record = {.count = 0};
    struct ask_answer answer;
    enum exit_code code = ask_aloud(cli, CONTROL_CLIENTS, NULL, &answer);
    size_t capacity;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    capacity = answer.size / CLIENT_OCTETS_MIN + 1;
    record.clients = calloc(capacity, sizeof *record.clients);
    /* No octets at all: nobody keeps a table, since nobody is served. */
    if (record.clients == NULL ||
        (answer.size > 0 && !clients_decode(&record, capacity, answer.body, answer.size))) {
        fprintf(stderr, "noon: noond's answer is not understood: is it of another version?\n");
        code = EXIT_CODE_UNREACHABLE;
    } else {
        qsort(record.clients, record.count, sizeof *record.clients, busiest_first);
        code = print(cli, &record);
    }
    free(record.clients);
    ask_done(&answer);
    return code;
}
