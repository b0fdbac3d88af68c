/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/must.h"
#include "config/keys.h"
#include "fuzz/fuzz.h"

enum { KEYS = 8 };

/* Whatever the file says: keys in order, each usable. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct config_report report;
    struct mac_key keys[KEYS];
    const struct keys_input input = {"k", (const char *)bytes, size,
                                     .of_ntp = size > 0 && bytes[size - 1] % 2 == 0};
    size_t count;

    config_report_init(&report);
    count = keys_parse(&input, keys, KEYS, &report);
    must(count <= KEYS);
    for (size_t i = 0; i < count; i++) {
        uint8_t mac[MAC_DIGEST_MAX];

        must(keys[i].id > 0 && (i == 0 || keys[i].id > keys[i - 1].id));
        must(mac_find(keys, count, keys[i].id) == &keys[i]);
        const struct mac_claim claim = {mac, mac_make(&keys[i], bytes, size, mac), MAC_DIGEST_MAX};
        must(mac_check(&keys[i], bytes, size, &claim));
    }
    return 0;
}
