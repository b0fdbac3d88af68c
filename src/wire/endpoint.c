/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/endpoint.h"

#include <string.h>

void endpoint_write(struct writer *w, const struct address *address)
{
    writer_be(w, 1, address->family);
    writer_be(w, 1, 0);
    writer_be(w, 2, address->port);
    writer_be(w, 4, address->scope);
    writer_put(w, address->bytes, sizeof address->bytes);
}

bool endpoint_read(struct reader *r, struct address *address)
{
    *address = (struct address){.family = (uint8_t)reader_be(r, 1)};
    uint8_t padding = (uint8_t)reader_be(r, 1);
    address->port = (uint16_t)reader_be(r, 2);
    address->scope = (uint32_t)reader_be(r, 4);
    const uint8_t *bytes = reader_take(r, sizeof address->bytes);
    size_t used = address->family == ADDRESS_IPV6 ? 16 : address->family == ADDRESS_IPV4 ? 4 : 0;

    if (bytes == NULL || padding != 0 || (used == 0 && address->family != ADDRESS_NONE) ||
        !bytes_are_zero(bytes + used, sizeof address->bytes - used) ||
        (used != 16 && address->scope != 0) || (used == 0) != (address->port == 0)) {
        return false;
    }
    memcpy(address->bytes, bytes, sizeof address->bytes);
    return true;
}
