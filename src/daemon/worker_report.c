/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/worker_report.h"

#include <stdlib.h>
#include <string.h>

/* Of the encoded table; what does not fit is left out. */
enum { CLIENT_BYTES = 112, CLIENTS_BYTES = CLIENT_BYTES * WORKER_CLIENTS_TOLD };

/* The page's payload: the counters, then the encoded client table. */
struct worker_record {
    struct server_status counters;
    uint32_t clients_size;
    uint8_t clients[];
};

size_t worker_page_size(void)
{
    return sizeof(struct worker_record) + CLIENTS_BYTES;
}

struct worker_record *worker_record_open(void)
{
    return calloc(1, worker_page_size());
}

void worker_report_write(struct page *page, struct worker_record *record,
                         const struct server_status *counters, const struct clients_record *clients)
{
    record->counters = *counters;
    if (clients != NULL) {
        record->clients_size = (uint32_t)clients_encode(clients, record->clients, CLIENTS_BYTES);
    }
    page_write(page, record, sizeof *record + (size_t)record->clients_size);
}

/* Its first `capacity` octets. */
static size_t read_record(const struct page *page, uint8_t *bytes, size_t capacity)
{
    size_t size = 0;

    /* Written once a second: a reader that is overtaken is not overtaken twice. */
    for (int try = 0; try < 2; try++) {
        if (page_read_start(page, bytes, capacity, &size) == ERR_NONE) {
            return size >= sizeof(struct worker_record) ? size : 0;
        }
    }
    return 0;
}

void worker_status_read(const struct page *page, struct server_status *status)
{
    uint8_t bytes[sizeof(struct worker_record)];

    memset(status, 0, sizeof *status);
    if (read_record(page, bytes, sizeof bytes) > 0) {
        /* Any octet may stand where a truth value is expected. */
        uint8_t *serving = bytes + offsetof(struct worker_record, counters.serving);

        *serving = *serving != 0;
        memcpy(status, bytes + offsetof(struct worker_record, counters), sizeof *status);
    }
}

size_t worker_clients_read(const struct page *page, uint8_t *out, size_t capacity)
{
    uint8_t *bytes = malloc(worker_page_size());
    size_t size = bytes != NULL ? read_record(page, bytes, worker_page_size()) : 0;
    struct clients_record none = {.clients = NULL};
    uint32_t length = 0;

    if (size > 0) {
        memcpy(&length, bytes + offsetof(struct worker_record, clients_size), sizeof length);
        const uint8_t *clients = bytes + offsetof(struct worker_record, clients);
        if (length > size - sizeof(struct worker_record) || length > capacity ||
            !clients_decode(&none, 0, clients, length)) {
            length = 0;
        } else {
            memcpy(out, clients, length);
        }
    }
    free(bytes);
    return length;
}
