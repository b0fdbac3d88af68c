/* SPDX-License-Identifier: BSD-2-Clause */
/* Any file as a list of leap seconds: what is read is in order, and each day has an answer. */
#include <assert.h>

#include "core/clock/leap_list.h"
#include "fuzz/fuzz.h"
#include "wire/ntp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct leap_list list;
    enum leap_list_result result = leap_list_parse(&list, data, size);

    assert((result == LEAP_LIST_OK) == (list.count > 0));
    for (size_t i = 1; i < list.count; i++) {
        struct utc_time before = {list.at[i].midnight.ns - NS_PER_S};

        assert(list.at[i].midnight.ns > list.at[i - 1].midnight.ns);
        assert(leap_list_announced(&list, before) != NTP_LEAP_NONE);
    }
    return 0;
}
