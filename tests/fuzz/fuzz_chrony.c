/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram as a request and as a reply: what is understood keeps its meaning. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/chrony.h"

static void try_reply(const uint8_t *data, size_t size)
{
    struct chrony_request request = {0};
    struct chrony_clients body, again;
    uint8_t bytes[CHRONY_REPLY_MAX], bytes_again[CHRONY_REPLY_MAX];
    uint16_t code = chrony_reply_decode(data, size, &body, sizeof body);

    if (code == 0) {
        return;
    }
    size_t written = chrony_reply_encode(&request, code, &body, bytes);
    assert(written <= size || code == CHRONY_REPLY_NONE);
    assert(chrony_reply_decode(bytes, written, &again, sizeof again) == code);
    assert(chrony_reply_encode(&request, code, &again, bytes_again) == written);
    assert(memcmp(bytes, bytes_again, written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chrony_request request;
    struct chrony_add add;
    uint8_t reply[CHRONY_REPLY_MAX];

    for (int trusted = 0; trusted < 2; trusted++) {
        enum chrony_status status = chrony_request_decode(
            &request, data, size, trusted ? CHRONY_TRUSTED : CHRONY_OPEN_STANDARD);

        assert(status == CHRONY_SILENCE || chrony_status_encode(&request, status, reply) <= size);
        if (status == CHRONY_SUCCESS && request.command == CHRONY_ADD_SOURCE &&
            chrony_add_decode(&add, &request) == CHRONY_SUCCESS) {
            assert(memchr(add.name, '\0', sizeof add.name) != NULL);
        }
    }
    try_reply(data, size);
    return 0;
}
