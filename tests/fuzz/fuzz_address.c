/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text: an address that is understood prints as a text that is understood as the same. */
#include <assert.h>
#include <string.h>

#include "base/address.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char input[128];
    char text[ADDRESS_TEXT_SIZE];
    char again[ADDRESS_TEXT_SIZE];
    struct address address;
    struct address back;

    if (size >= sizeof input) {
        return 0;
    }
    memcpy(input, data, size);
    input[size] = '\0';
    if (!address_parse(&address, input)) {
        return 0;
    }
    assert(address.family == ADDRESS_IPV4 || address.family == ADDRESS_IPV6);
    assert(address.port == 0);
    address_print(&address, text);
    assert(strlen(text) < sizeof text);
    assert(address_parse(&back, text));
    assert(address_equal(&address, &back));
    address_print(&back, again);
    assert(strcmp(text, again) == 0);
    assert(address_in_prefix(&address, &back, address.family == ADDRESS_IPV4 ? 32 : 128));
    return 0;
}
