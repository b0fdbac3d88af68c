/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram as a question of mode 6 and of chronyc: no answer to an answer, none too long. */
#include <assert.h>
#include <string.h>

#include "core/server/ask_chrony.h"
#include "core/server/ask_mode6.h"
#include "core/server/ask_mru.h"
#include "fuzz/fuzz.h"

static void make_record(struct status_record *record, struct source_status *sources)
{
    memset(&record->node, 0, sizeof record->node);
    memset(sources, 0, 2 * sizeof *sources);
    sources[0].address = (struct address){.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}};
    sources[0].packet_mode = 4;
    sources[0].samples = 3;
    memset(sources[1].name, 'x', sizeof sources[1].name - 1);
    sources[1].association = UINT16_MAX;
    record->sources = sources;
    record->count = 2;
}

static void page_of(void *context, const struct client_wish *wish, struct clients_record *page)
{
    const struct time_line line = {.utc = {INT64_C(1700000000) * NS_PER_S}};
    size_t most = page->count;

    page->count = page->known = 0;
    client_log_page(context, &line, wish, page, most);
}

static bool find_one(void *context, const struct address *address, struct client_status *client)
{
    const struct time_line line = {.utc = {INT64_C(1700000000) * NS_PER_S}};

    return client_log_find(context, address, &line, client);
}

/* Whatever is asked for, without the nonce that nobody guesses. */
static void try_mru(const struct mode6_request *request)
{
    static uint64_t memory[1024] __attribute__((aligned(64)));
    static struct mru_page page;
    const struct siphash_key key = {{1, 2}};
    struct client_log log;
    struct mru_query query;

    memset(memory, 0, sizeof memory);
    client_log_init(&log, memory, sizeof memory, &key);
    for (uint8_t i = 0; i < 20; i++) {
        const struct address from = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, i}};
        struct client_visit visit = client_log_visit(&log, &from, (struct steady_time){i / 3});

        client_log_count(&log, &visit, 4, i % 4 ? DROP_NONE : DROP_RATE_LIMIT);
    }
    if (mru_parse(request, (struct utc_time){INT64_C(1700000000) * NS_PER_S}, &query) == MODE6_OK) {
        const struct mru_tables tables = {&log, page_of, find_one};

        if (mru_collect(&query, &tables, 7, &page) == MODE6_OK) {
            assert(page.count <= 7);
            for (size_t i = 1; i < page.count; i++) {
                assert(page.clients[i - 1].last.ns <= page.clients[i].last.ns);
            }
        }
    }
}

static void try_control(const struct ask_view *view, const uint8_t *data, size_t size)
{
    static struct mode6_answer answer;
    const struct siphash_key key = {{1, 2}};
    const struct ask_stranger stranger = {.from = {.family = ADDRESS_IPV4}, .key = &key};
    struct mode6_request request;
    uint8_t bytes[MODE6_PACKET_MAX];
    size_t total = 0, part;

    enum mode6_error error = mode6_request_decode(&request, data, size);
    if (error == MODE6_OK) {
        try_mru(&request);
        error = ask_mode6(view, &request, &stranger, &answer);
    }
    if (error != MODE6_OK) {
        assert(error == MODE6_SILENCE || mode6_error_encode(&request, 0, error, bytes) <= size);
        return;
    }
    assert((data[1] & 0xe0) == 0);
    for (unsigned i = 0; (part = mode6_fragment(&request, &answer, i, bytes)) > 0; i++) {
        assert(i < MODE6_FRAGMENTS_MAX && part % 4 == 0 && bytes[1] & 0x80);
        total += (size_t)(bytes[10] << 8 | bytes[11]);
    }
    assert(total == answer.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source_status sources[2];
    struct status_record record;
    const struct ask_view view = {.record = &record, .now = {INT64_C(1800000000) * NS_PER_S}};
    struct chrony_request request;
    uint8_t reply[CHRONY_REPLY_MAX];

    make_record(&record, sources);
    try_control(&view, data, size);
    for (int trusted = 0; trusted < 2; trusted++) {
        enum chrony_status status = chrony_request_decode(
            &request, data, size, trusted ? CHRONY_TRUSTED : CHRONY_OPEN_STANDARD);

        if (status == CHRONY_SUCCESS) {
            assert(ask_chrony(&view, &request, reply) <= size);
        } else if (status != CHRONY_SILENCE) {
            assert(chrony_status_encode(&request, status, reply) <= size);
        }
    }
    return 0;
}
