/* SPDX-License-Identifier: BSD-2-Clause */
/* Any table of clients: what is understood encodes to a table that is understood as the same. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/clients.h"

enum { CLIENTS = 4, ENCODED_SIZE = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client_status clients[CLIENTS];
    struct client_status back_clients[CLIENTS];
    struct clients_record record = {.clients = clients};
    struct clients_record back = {.clients = back_clients};
    uint8_t bytes[ENCODED_SIZE];
    size_t written;

    if (!clients_decode(&record, CLIENTS, data, size)) {
        return 0;
    }
    assert(record.count <= CLIENTS);
    assert(clients_size_max(CLIENTS) <= sizeof bytes);
    written = clients_encode(&record, bytes, sizeof bytes);
    assert(written > 0);
    assert(clients_decode(&back, CLIENTS, bytes, written));
    assert(back.known == record.known && back.count == record.count);
    assert(memcmp(back_clients, clients, record.count * sizeof *clients) == 0);
    return 0;
}
