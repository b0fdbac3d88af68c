/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a request of ntpctl's, and as what there is to tell: whole messages, within bounds.
 */
#include <assert.h>
#include <string.h>

#include "core/server/ask_ntpctl.h"
#include "fuzz/fuzz.h"
#include "wire/imsg.h"

enum { SOURCES = 3, ANSWER_MAX = 4096 };

/* Names, addresses and numbers of sources from the input: what a taken-over process might write. */
static void fill(struct status_record *record, struct source_status *sources, const uint8_t *data,
                 size_t size)
{
    memset(&record->node, 0, sizeof record->node);
    memset(sources, 0, SOURCES * sizeof *sources);
    record->sources = sources;
    record->count = size % (SOURCES + 1);
    record->node.selected = size > 20 ? (int8_t)data[20] : -1;
    for (size_t i = 0; i < record->count; i++) {
        struct source_status *source = &sources[i];
        size_t length = size < sizeof source->name - 1 ? size : sizeof source->name - 1;

        memcpy(source->name, data, length);
        source->name[sizeof source->name - 1] = '\0';
        if (size >= 24) {
            source->address.family = data[16] % 3;
            memcpy(source->address.bytes, data, 16);
            memcpy(&source->offset_s, data + size - 8, sizeof source->offset_s);
            memcpy(&source->last_delay_s, data + 8, sizeof source->last_delay_s);
            memcpy(&source->next_poll.ns, data + size - 8, sizeof source->next_poll.ns);
            source->reach = data[17];
            source->stratum = data[18];
            source->poll_log2 = (int8_t)(data[19] % 18); /* what schedules go to */
        }
    }
}

/* Messages follow each other without a gap, none longer than ntpctl takes. */
static void check(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        uint16_t length;

        assert(size - at >= IMSG_HEADER_SIZE);
        memcpy(&length, bytes + at + 4, sizeof length);
        assert(length >= IMSG_HEADER_SIZE && length <= size - at);
        if (bytes[at] == IMSG_PEERS) {
            assert(length == IMSG_PEER_SIZE);
            assert(memchr(bytes + at + IMSG_HEADER_SIZE, '\0', IMSG_TEXT_SIZE) != NULL);
        }
        at += length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[ANSWER_MAX + 1];
    struct source_status sources[SOURCES];
    struct status_record record;
    const struct ask_view view = {.record = &record, .now = {INT64_C(1800000000) * NS_PER_S}};
    int type = imsg_request(data, size);

    assert(size >= IMSG_HEADER_SIZE || type <= 0);
    if (type <= 0) {
        return 0;
    }
    fill(&record, sources, data, size);
    size_t needed = ask_ntpctl_size(record.count);
    assert(needed <= ANSWER_MAX);
    memset(bytes, 0xaa, sizeof bytes);
    size_t written = ask_ntpctl(&view, (enum imsg_type)type, bytes, needed);
    assert(written <= needed && bytes[needed] == 0xaa);
    check(bytes, written);
    /* With too little room nothing is written beyond it. */
    for (size_t room = 0; room < needed; room += 23) {
        memset(bytes, 0xaa, sizeof bytes);
        written = ask_ntpctl(&view, (enum imsg_type)type, bytes, room);
        assert(written <= room && bytes[room] == 0xaa);
    }
    return 0;
}
