/* SPDX-License-Identifier: BSD-2-Clause */
/* Any octets as a message of key establishment: what is understood is sound, and says the same
 * when it is written again. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/ke.h"

static void check_request(const uint8_t *data, size_t size)
{
    static uint8_t bytes[KE_MESSAGE_MAX];
    struct ke_request request, again;
    struct writer w = {bytes, sizeof bytes, false};

    if (ke_request_decode(&request, data, size) != KE_FAULT_NONE) {
        return;
    }
    assert(request.ntpv4 && request.algorithm_count > 0);
    assert(request.algorithm_count <= KE_ALGORITHMS);
    assert(memchr(request.server, '\0', sizeof request.server) != NULL);
    ke_request_encode(&w, &request);
    assert(!w.overrun);
    assert(ke_request_decode(&again, bytes, sizeof bytes - w.left) == KE_FAULT_NONE);
    assert(memcmp(&again, &request, sizeof again) == 0);
}

static void check_response(const uint8_t *data, size_t size)
{
    static const struct ke_request asked = {
        .algorithms = {15, 30}, .algorithm_count = 2, .ntpv4 = true};
    static uint8_t bytes[KE_MESSAGE_MAX];
    struct ke_response response, again;
    struct writer w = {bytes, sizeof bytes, false};
    enum ke_fault fault = ke_response_decode(&response, &asked, data, size);

    assert(response.cookie_count <= NTS_COOKIES);
    assert(memchr(response.server, '\0', sizeof response.server) != NULL);
    if (fault != KE_FAULT_NONE) {
        return;
    }
    assert(response.algorithm == 15 || response.algorithm == 30);
    assert(response.cookie_count > 0);
    for (uint8_t i = 0; i < response.cookie_count; i++) {
        assert(response.cookies[i].size > 0 && response.cookies[i].size <= NTS_COOKIE_SIZE);
    }
    ke_response_encode(&w, &response);
    assert(!w.overrun);
    assert(ke_response_decode(&again, &asked, bytes, sizeof bytes - w.left) == KE_FAULT_NONE);
    assert(memcmp(&again, &response, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t ends;

    if (ke_message_ends(data, size, &ends)) {
        assert(ends <= size);
    }
    check_request(data, size);
    check_response(data, size);
    return 0;
}
