/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/fetch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/ask.h"

/* Every encoded source takes more than this: so many at most fit into the answer. */
enum { SOURCE_OCTETS_MIN = 64 };

enum exit_code fetch_quietly(const struct cli *cli, struct status_record *record,
                             struct text *problem)
{
    struct ask_answer answer;
    enum exit_code code = ask(cli, CONTROL_STATUS, NULL, &answer, problem);
    size_t capacity;
    bool understood;

    if (code != EXIT_CODE_OK) {
        return code;
    }
    capacity = answer.size / SOURCE_OCTETS_MIN + 1;
    record->sources = calloc(capacity, sizeof *record->sources);
    understood =
        record->sources != NULL && status_decode(record, capacity, answer.body, answer.size);
    ask_done(&answer);
    if (!understood) {
        fetch_done(record);
        text_add(problem, "noond's status is not understood: is it of another version?");
        return EXIT_CODE_UNREACHABLE;
    }
    return EXIT_CODE_OK;
}

enum exit_code fetch_record(const struct cli *cli, struct status_record *record)
{
    char buffer[ASK_PROBLEM_SIZE];
    struct text problem = text_begin(buffer, sizeof buffer);
    enum exit_code code = fetch_quietly(cli, record, &problem);

    if (code != EXIT_CODE_OK) {
        fprintf(stderr, "noon: %s\n", buffer);
    }
    return code;
}

void fetch_done(struct status_record *record)
{
    free(record->sources);
    record->sources = NULL;
    record->count = 0;
}
