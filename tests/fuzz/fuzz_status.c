/* SPDX-License-Identifier: BSD-2-Clause */
/* Any record: what is understood encodes to a record that is understood as the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/status.h"

enum { SOURCES = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source_status sources[SOURCES];
    struct source_status back_sources[SOURCES];
    struct status_record record = {.sources = sources};
    struct status_record back = {.sources = back_sources};
    size_t capacity = status_size_max(SOURCES);
    uint8_t *bytes;
    size_t written;

    if (!status_decode(&record, SOURCES, data, size)) {
        return 0;
    }
    assert(record.count <= SOURCES);
    assert(memchr(record.node.version, '\0', sizeof record.node.version) != NULL);
    for (size_t i = 0; i < record.count; i++) {
        assert(memchr(sources[i].name, '\0', sizeof sources[i].name) != NULL);
        assert(sources[i].address.family <= ADDRESS_IPV6);
    }
    bytes = malloc(capacity);
    assert(bytes != NULL);
    written = status_encode(&record, bytes, capacity);
    assert(written > 0);
    assert(status_decode(&back, SOURCES, bytes, written));
    assert(back.count == record.count);
    assert(memcmp(&back.node, &record.node, sizeof back.node) == 0);
    assert(memcmp(back_sources, sources, record.count * sizeof *sources) == 0);
    free(bytes);
    return 0;
}
