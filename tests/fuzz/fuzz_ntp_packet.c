/* SPDX-License-Identifier: BSD-2-Clause */
/* Any datagram: a header that is taken encodes to the octets it came from. */
#include <assert.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "wire/ntp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ntp_packet packet;
    uint8_t bytes[NTP_HEADER_SIZE];
    enum drop_reason reason = ntp_packet_decode(&packet, data, size);

    assert(reason == DROP_NONE || reason == DROP_SHORT || reason == DROP_VERSION);
    assert((reason == DROP_SHORT) == (size < NTP_HEADER_SIZE));
    if (reason == DROP_NONE) {
        assert(packet.version >= 1 && packet.version <= 4);
        ntp_packet_encode(&packet, bytes);
        assert(memcmp(bytes, data, sizeof bytes) == 0);
    }
    return 0;
}
