/* SPDX-License-Identifier: BSD-2-Clause */
/* json_document.c - docs/json.md, from the same tables that make the JSON. */
#include <stdio.h>

#include "cli/json.h"
#include "wire/clients.h"

static const char head[] =
    "# JSON of noon\n"
    "\n"
    "This page is printed by `noon help json`.\n"
    "\n"
    "Every command takes `--json` and then prints one object (`watch`: one a line). Each has the\n"
    "key `schema`, now %d. It grows when a key goes away or changes its meaning; new keys may be\n"
    "added at any time. Errors are told on standard error and by the exit code, as without\n"
    "`--json`. "
    "\n"
    "Times are RFC 3339 in UTC with nanoseconds, `null` where there is none. Lengths of time are\n"
    "numbers of seconds, and their keys end in `_s`; frequencies are numbers of seconds per\n"
    "second. A number that is not known is `null`. An offset is always reference - local:\n"
    "positive when the local clock is slow.\n"
    "\n"
    "| command | object |\n"
    "|---|---|\n"
    "| `noon` | `synchronised`, `state`, `reason`, `bound_s`, `sentence` |\n"
    "| `noon status` | `node`, `sources`: array |\n"
    "| `noon watch` | the same, on one line each time |\n"
    "| `noon sources` | `sources`: array |\n"
    "| `noon source NAME` | `sources`: array of those that have the name |\n"
    "| `noon why` | `state`, `reason`, `since`, `sentence`, `advice`, `sources`: array of `name`, "
    "`address`, `state`, `since`, `why` |\n"
    "| `noon why NAME` | `sources`: array as before |\n"
    "| `noon clients` | `known`: clients in the server's table, `clients`: array of those told |\n"
    "| `noon rules` | `rules`: array of objects: `rule` as noon.conf(5) writes it, `by_order`: "
    "true when it ends with noond; `complete`: false when there was no room for all |\n"
    "| `noon doctor` | `processes`: array of `name`, `task`, `pid`, `user`, `capabilities`, "
    "`syscalls_filtered`, `no_new_privileges`, `threads`, `resident_octets`, `findings`; where "
    "they may be seen: `descriptors`, `sockets` |\n"
    "| `noon now` | `synchronised`, `earliest`, `latest`, `utc`, `bound_s`, `from`: `page` or "
    "`socket`; with `--truth`: `true_error_s`, `inside` |\n"
    "| `noon ready`, `noon wait` | `ready`, `sentence`, `bound_s`, `sources`: agreeing sources |\n"
    "| `noon query HOST` | `host`, `address`, `offset_s`, `delay_s`, `answers`: array of "
    "`offset_s`, `delay_s`, `leap`, `stratum`, `refid`, `root_delay_s`, `root_dispersion_s`, "
    "`root_distance_s`, `precision_s`, `version`, `stamps`; `lost` |\n"
    "| `noon check FILE` | `file`, `dialect`, `errors`, `warnings`, `not_yet`, `messages`: array "
    "of `level`, "
    "`file`, `line`, `text`; with `--lint` also `lint`: array of `kind`, `file`, `line`, `text` |\n"
    "| `noon add` and others that act | `result`: `ok`, `message` |\n"
    "| `noon version` | `version` |\n"
    "\n";

static const char *type_name(const struct status_field *field)
{
    switch (field->type) {
    case FIELD_BOOL:
        return "boolean";
    case FIELD_DOUBLE:
        return "number";
    case FIELD_TIME:
        return "time";
    case FIELD_TEXT:
    case FIELD_ADDRESS:
        return "string";
    case FIELD_DROPS32:
    case FIELD_DROPS64:
        return "object: reason to number";
    case FIELD_HOURS:
        return "array of [sent, answered]";
    case FIELD_U8:
    case FIELD_I8:
    case FIELD_U16:
    case FIELD_I32:
    case FIELD_U32:
    case FIELD_U64:
        break;
    }
    return field->words != NULL ? "word" : "integer";
}

static void document_table(const char *title, const struct status_field *fields, size_t count)
{
    printf("## %s\n\n| key | type | what |\n|---|---|---|\n", title);
    for (size_t i = 0; i < count; i++) {
        printf("| `%s` | %s | %s", fields[i].name, type_name(&fields[i]), fields[i].help);
        for (unsigned w = 0; w < fields[i].word_count; w++) {
            printf("%s`%s`", w == 0 ? ": " : ", ", fields[i].words[w]);
        }
        printf(" |\n");
    }
    printf("\n");
}

static void document_words(void)
{
    printf("## Reasons for which something is refused\n\n| word | what |\n|---|---|\n");
    for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
        printf("| `%s` | %s |\n", drop_word((enum drop_reason)i),
               drop_sentence((enum drop_reason)i));
    }
    printf("\n## States of the node\n\n| word | what |\n|---|---|\n");
    for (uint8_t i = 0; i < NODE_STATE_COUNT; i++) {
        printf("| `%s` | %s |\n", node_state_word(i), node_state_sentence(i));
    }
    printf("\n## Reasons of the node\n\n| word | what |\n|---|---|\n");
    for (uint8_t i = 0; i < NODE_REASON_COUNT; i++) {
        printf("| `%s` | %s |\n", node_reason_word(i), node_reason_sentence(i));
    }
    printf("\n## States of a source\n\n| word | what |\n|---|---|\n");
    for (uint8_t i = 0; i < SOURCE_STATE_COUNT; i++) {
        printf("| `%s` | %s |\n", source_state_word(i), source_state_sentence(i));
    }
}

void json_document(void)
{
    size_t count;
    const struct status_field *fields = status_node_fields(&count);

    printf(head, JSON_SCHEMA);
    printf("A key with a dot stands for an object: `server.requests` is the key `requests` of the\n"
           "object `server`.\n\n");
    document_table("node", fields, count);
    fields = status_source_fields(&count);
    document_table("sources", fields, count);
    fields = clients_fields(&count);
    document_table("clients", fields, count);
    document_words();
}
