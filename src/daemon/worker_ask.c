/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker_ask.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "core/server/ask_chrony.h"
#include "core/server/ask_mode6.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "wire/ntp_packet.h"

enum {
    SOURCES_TOLD = 1024,
    ASKERS_SIZE = 32 << 10, /* 700 addresses: who may ask has been chosen */
    ASKERS_ALIGNMENT = 64,
    MODE_MASK = 7,
    MODE_CONTROL = 6,
    MODE_PRIVATE = 7
};

/* The largest distance that RFC 5905 knows. */
#define ROOT_DISPERSION_MAX_S 16.0

/* Who may ask chronyc's questions from elsewhere: `cmdallow`, without names. */
static bool build_access(struct worker_ask *ask)
{
    static const struct rules none;
    const struct config_space *space = ask->config->space;
    size_t most = space != NULL ? space->command_rule_count : 0;
    struct access_node *nodes = calloc(rules_nodes(most), sizeof *nodes);

    ask->rules = calloc(most + 1, sizeof *ask->rules);
    if (ask->rules == NULL || nodes == NULL) {
        return false;
    }
    for (size_t i = 0; i < most; i++) {
        if (space->command_rules[i].name == NULL) {
            ask->rules[ask->rule_count++] = space->command_rules[i].rule;
        }
    }
    access_init(&ask->command_access, nodes, rules_nodes(most));
    return rules_build(&ask->command_access, ask->rules, ask->rule_count, &none) == ERR_NONE;
}

void worker_ask_rules(struct worker_ask *ask, const struct rules *rules)
{
    /* On an error nobody from elsewhere is answered. */
    enum err ignored = rules_build(&ask->command_access, ask->rules, ask->rule_count, rules);

    (void)ignored;
}

/* `cmdratelimit`.  One that asks is answered by one worker, so that each has the whole limit. */
static bool open_limit(struct worker_ask *ask)
{
    const struct limit_options *options = &ask->config->daemon.command_limit;
    struct siphash_key keys[2];
    uint8_t *memory;

    limits_init(&ask->limits, options, 1);
    if (!options->enabled) {
        return true;
    }
    memory = calloc(1, ASKERS_SIZE + ASKERS_ALIGNMENT);
    if (memory == NULL) {
        return false;
    }
    memory += ASKERS_ALIGNMENT - (uintptr_t)memory % ASKERS_ALIGNMENT;
    entropy_fill(keys, sizeof keys);
    client_log_init(&ask->askers, memory, ASKERS_SIZE, &keys[0]);
    limit_state_init(&ask->limit_state, NULL, 0, &keys[1]);
    return true;
}

bool worker_ask_open(struct worker_ask *ask, const struct config *config,
                     const struct page *record_page)
{
    *ask = (struct worker_ask){.config = config, .record_page = record_page};
    ask->capacity = record_page ? page_capacity(record_page) : 0;
    ask->sources_max = SOURCES_TOLD;
    ask->fragment = UINT_MAX;
    entropy_fill(&ask->key, sizeof ask->key);
    /* Not touched before somebody asks. */
    ask->bytes = malloc(ask->capacity + 1);
    ask->record.sources = calloc(ask->sources_max, sizeof *ask->record.sources);
    return ask->bytes != NULL && ask->record.sources != NULL && build_access(ask) &&
           open_limit(ask);
}

const struct status_record *worker_ask_status(struct worker_ask *ask)
{
    size_t size = 0;

    if (ask->record_page == NULL) {
        return NULL;
    }
    uint64_t generation = page_generation(ask->record_page);
    if (generation != ask->generation &&
        page_read(ask->record_page, ask->bytes, ask->capacity, &size) == ERR_NONE) {
        bool decoded = status_decode(&ask->record, ask->sources_max, ask->bytes, size);

        ask->generation = decoded ? generation : 0;
    }
    return ask->generation != 0 ? &ask->record : NULL;
}

bool worker_ask_is_question(const uint8_t *bytes, size_t size)
{
    uint8_t mode = size > 0 ? bytes[0] & MODE_MASK : 0;

    return mode == MODE_CONTROL || mode == MODE_PRIVATE;
}

/* The record as it is now: times and the root dispersion have gone on since it was published. */
static bool view_now(struct worker_ask *ask, struct ask_view *view)
{
    const struct steady_time now = clock_steady();

    if (worker_ask_status(ask) == NULL) {
        return false;
    }
    if (ask->line != NULL) {
        ask->record.node.now = line_utc(ask->line, now);
        ask->record.node.root_dispersion_s =
            fmin(ROOT_DISPERSION_MAX_S, line_root_dispersion_s(ask->line, now));
    }
    *view = (struct ask_view){.record = &ask->record,
                              .now = ask->record.node.now,
                              .command_access = &ask->command_access};
    return true;
}

/* DROP_NONE: it may. */
static enum drop_reason judge(struct worker_ask *ask, const struct address *from)
{
    if (address_is_loopback(from)) {
        return DROP_NONE;
    }
    if (!access_allows(&ask->command_access, from, NULL)) {
        return DROP_ACCESS;
    }
    const struct steady_time now = clock_steady();
    struct client_visit visit = client_log_visit(&ask->askers, from, now);
    enum limit_verdict verdict = limits_judge(&ask->limits, &ask->limit_state, from, &visit, now);
    return verdict == LIMIT_PASS ? DROP_NONE : DROP_RATE_LIMIT;
}

static size_t answer_chronyc(struct worker_ask *ask, const struct question *question,
                             uint8_t reply[static CHRONY_REPLY_MAX])
{
    struct chrony_request request;
    struct ask_view view;
    enum chrony_status status = chrony_request_decode(&request, question->bytes, question->size,
                                                      ask->config->daemon.open_commands);
    size_t size = 0;

    if (status == CHRONY_SILENCE) {
        return 0;
    }
    if (status == CHRONY_SUCCESS && view_now(ask, &view)) {
        size = ask_chrony(&view, &request, reply);
        status = CHRONY_UNAUTH; /* of an order, should one be open by mistake */
    }
    return size > 0 ? size : chrony_status_encode(&request, status, reply);
}

/* Mode 6: the first fragment of the answer, or an error.  Mode 7 never. */
static enum drop_reason begin_control(struct worker_ask *ask, const struct question *question,
                                      uint8_t *bytes, size_t capacity, size_t *size)
{
    const struct ask_stranger stranger = {.from = question->from, .key = &ask->key};
    struct ask_view view;
    enum mode6_error error = mode6_request_decode(&ask->control, question->bytes, question->size);

    ask->fragment = UINT_MAX;
    if (error == MODE6_SILENCE) {
        return DROP_MODE;
    }
    enum drop_reason refusal = judge(ask, &question->from);
    if (refusal != DROP_NONE) {
        return refusal;
    }
    if (!view_now(ask, &view)) {
        return DROP_NOT_SERVING;
    }
    must(capacity >= MODE6_PACKET_MAX);
    view.tables = ask->tables.page != NULL ? &ask->tables : NULL;
    if (error == MODE6_OK) {
        error = ask_mode6(&view, &ask->control, &stranger, &ask->answer);
    }
    if (error == MODE6_SILENCE) {
        return DROP_MODE;
    }
    if (error != MODE6_OK) {
        *size = mode6_error_encode(&ask->control, view.record->node.leap, error, bytes);
    } else {
        *size = mode6_fragment(&ask->control, &ask->answer, 0, bytes);
        ask->fragment = 0;
    }
    return DROP_NONE;
}

size_t worker_ask_more(struct worker_ask *ask, uint8_t bytes[static MODE6_PACKET_MAX])
{
    if (ask->fragment == UINT_MAX) {
        return 0;
    }
    ask->fragment++;
    return mode6_fragment(&ask->control, &ask->answer, ask->fragment, bytes);
}

enum drop_reason worker_ask_answer(struct worker_ask *ask, const struct question *question,
                                   uint8_t *answer, size_t capacity, size_t *size)
{
    *size = 0;
    if (question->port == ASK_PORT_NTP) {
        return begin_control(ask, question, answer, capacity, size);
    }
    enum drop_reason refusal = judge(ask, &question->from);
    if (refusal != DROP_NONE) {
        return refusal;
    }
    must(capacity >= CHRONY_REPLY_MAX);
    *size = answer_chronyc(ask, question, answer);
    return *size > 0 ? DROP_NONE : DROP_FORMAT;
}
