/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker_ask.h"

#include <stdlib.h>
#include <string.h>

#include "wire/ntp_packet.h"

enum { SOURCES_TOLD = 1024, MODE_MASK = 7, MODE_CONTROL = 6, MODE_PRIVATE = 7 };

bool worker_ask_open(struct worker_ask *ask, const struct config *config,
                     const struct page *record_page)
{
    *ask = (struct worker_ask){.config = config, .record_page = record_page};
    ask->capacity = record_page ? page_capacity(record_page) : 0;
    ask->sources_max = SOURCES_TOLD;
    /* Not touched before somebody asks. */
    ask->bytes = malloc(ask->capacity + 1);
    ask->record.sources = calloc(ask->sources_max, sizeof *ask->record.sources);
    return ask->bytes != NULL && ask->record.sources != NULL;
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

enum drop_reason worker_ask_answer(struct worker_ask *ask, const struct question *question,
                                   uint8_t *answer, size_t capacity, size_t *size)
{
    (void)ask;
    (void)answer;
    (void)capacity;
    *size = 0;
    return question->port == ASK_PORT_NTP ? DROP_MODE : DROP_FORMAT;
}
