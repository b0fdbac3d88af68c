/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets on the control socket: what is taken encodes to a request that means the same. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/control.h"

static void check_reply(const uint8_t *data)
{
    struct control_reply_header header;
    struct control_reply_header back;
    uint8_t bytes[CONTROL_HEADER_SIZE];

    if (control_reply_decode(&header, data)) {
        assert(header.body_size <= CONTROL_REPLY_MAX);
        control_reply_encode(&header, bytes);
        assert(control_reply_decode(&back, bytes));
        assert(back.result == header.result && back.body_size == header.body_size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request;
    struct control_request back;
    uint8_t bytes[CONTROL_HEADER_SIZE + CONTROL_ARGUMENT_MAX];
    int taken = control_request_decode(&request, data, size);

    if (size >= CONTROL_HEADER_SIZE) {
        check_reply(data);
    }
    if (taken <= 0) {
        return 0;
    }
    assert((size_t)taken <= size);
    assert(memchr(request.argument, '\0', sizeof request.argument) != NULL);
    assert(control_request_encode(&request, bytes, sizeof bytes) == (size_t)taken);
    assert(control_request_decode(&back, bytes, (size_t)taken) == taken);
    assert(back.command == request.command);
    assert(strcmp(back.argument, request.argument) == 0);
    /* Nothing is taken before the last octet is there. */
    assert(control_request_decode(&back, bytes, (size_t)taken - 1) == 0);
    return 0;
}
