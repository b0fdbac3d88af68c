/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/must.h"
#include "fuzz/fuzz.h"
#include "helper/vendor_data.h"

/* Whatever a metadata service says, only names and addresses come out of it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct found found = {.how = FOUND_CLOUD, .by = FOUND_BY_OPENSTACK};
    struct leads leads = {.count = 0};

    if (vendor_data_read((const char *)bytes, size, &found, &leads) == VENDOR_DATA_NOT_JSON) {
        must(leads.count == 0);
    }
    must(leads.count <= LEADS_MAX);
    for (size_t j = 0; j < leads.count; j++) {
        must(strpbrk(leads.at[j].host, " \n\t;/\"$") == NULL && leads.at[j].host[0] != '\0');
    }
    return 0;
}
