/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_clients.c - `noon clients`: who asks this server for time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/view_clients.h"
#include "sys/clock.h"

static int by_address(const void *a, const void *b)
{
    const struct client_status *left = a, *right = b;

    return left->address.family != right->address.family
               ? left->address.family - right->address.family
               : memcmp(left->address.bytes, right->address.bytes, sizeof left->address.bytes);
}

/* Equal ones by address, so that two lists can be compared. */
static int order(bool first, bool last, const void *a, const void *b)
{
    return first ? -1 : last ? 1 : by_address(a, b);
}

static int busiest_first(const void *a, const void *b)
{
    const struct client_status *left = a, *right = b;

    return order(left->requests > right->requests, left->requests < right->requests, a, b);
}

static int most_refused_first(const void *a, const void *b)
{
    const struct client_status *left = a, *right = b;

    return order(left->dropped > right->dropped, left->dropped < right->dropped, a, b);
}

static int latest_first(const void *a, const void *b)
{
    const struct client_status *left = a, *right = b;

    return order(left->last.ns > right->last.ns, left->last.ns < right->last.ns, a, b);
}

/* Who asked but once has no interval, and comes last. */
static int most_frequent_first(const void *a, const void *b)
{
    double left_s = ((const struct client_status *)a)->interval_s;
    double right_s = ((const struct client_status *)b)->interval_s;

    left_s = left_s > 0 ? left_s : HUGE_VAL;
    right_s = right_s > 0 ? right_s : HUGE_VAL;
    return order(left_s<right_s, left_s> right_s, a, b);
}

typedef int compare(const void *a, const void *b);

/* NULL: there is no such order. */
static compare *order_of(const char *key)
{
    const struct {
        const char *key;
        compare *compare;
    } rows[] = {
        {"requests", busiest_first},       {"refused", most_refused_first}, {"last", latest_first},
        {"interval", most_frequent_first}, {"address", by_address},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(key, rows[i].key) == 0) {
            return rows[i].compare;
        }
    }
    return NULL;
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
    compare *in_order = order_of(cli->options.sort != NULL ? cli->options.sort : "requests");
    struct clients_record record = {.count = 0};
    struct ask_answer answer;
    enum exit_code code;
    size_t capacity;

    if (in_order == NULL) {
        fprintf(stderr,
                "noon: clients can't be sorted by \"%s\"; expected requests, refused, last, "
                "interval or address\n",
                cli->options.sort);
        return EXIT_CODE_USAGE;
    }
    code = ask_aloud(cli, CONTROL_CLIENTS, NULL, &answer);

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
        qsort(record.clients, record.count, sizeof *record.clients, in_order);
        if (cli->options.count > 0 && (size_t)cli->options.count < record.count) {
            record.count = (size_t)cli->options.count;
        }
        code = print(cli, &record);
    }
    free(record.clients);
    ask_done(&answer);
    return code;
}
