/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram as a question of mode 6 and of chronyc: no answer to an answer, none too long. */
#include <assert.h>
#include <string.h>

#include "core/server/ask_chrony.h"
#include "core/server/ask_mode6.h"
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

static void try_control(const struct ask_view *view, const uint8_t *data, size_t size)
{
    static struct mode6_answer answer;
    const struct siphash_key key = {{1, 2}};
    const struct ask_stranger stranger = {.from = {.family = ADDRESS_IPV4}, .key = &key};
    struct mode6_request request;
    uint8_t bytes[MODE6_PACKET_MAX];
    size_t total = 0, part;

    if (mode6_request_decode(&request, data, size) != MODE6_OK ||
        ask_mode6(view, &request, &stranger, &answer) != MODE6_OK) {
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
    if (chrony_request_decode(&request, data, size, true) == CHRONY_SUCCESS) {
        assert(ask_chrony(&view, &request, reply) <= size);
    }
    return 0;
}
