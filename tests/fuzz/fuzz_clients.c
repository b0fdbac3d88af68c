/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a client table: what is taken can be told again, and is the same then. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/clients.h"

enum { CLIENTS = 8, BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client_status clients[CLIENTS], again_clients[CLIENTS];
    struct clients_record record = {.clients = clients}, again = {.clients = again_clients};
    uint8_t bytes[BYTES], second[BYTES];

    if (!clients_decode(&record, CLIENTS, data, size)) {
        return 0;
    }
    assert(record.count <= CLIENTS);
    size_t used = clients_encode(&record, bytes, sizeof bytes);
    assert(used > 0 && used <= clients_size_max(record.count));
    assert(clients_decode(&again, CLIENTS, bytes, used));
    assert(again.count == record.count && again.known == record.known);
    assert(clients_encode(&again, second, sizeof second) == used);
    assert(memcmp(bytes, second, used) == 0);
    return 0;
}
