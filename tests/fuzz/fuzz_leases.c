/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/must.h"
#include "fuzz/fuzz.h"
#include "helper/leases.h"
#include "wire/dhcp.h"

typedef void reading(const char *text, size_t size, const struct found *found, struct leads *leads);

/* Whatever a DHCP client's file or option says, only names and addresses come out of it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static reading *const readings[] = {leases_networkd, leases_dhclient, leases_hook};
    const struct found found = {.how = FOUND_DHCP};
    struct dhcp_servers servers = {.count = 0};

    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        struct leads leads = {.count = 0};

        readings[i]((const char *)bytes, size, &found, &leads);
        must(leads.count <= LEADS_MAX);
        for (size_t j = 0; j < leads.count; j++) {
            must(strpbrk(leads.at[j].host, " \n\t;/\"$") == NULL && leads.at[j].host[0] != '\0');
        }
    }
    if (dhcp_ntp_servers(&servers, bytes, size)) {
        must(size % 4 == 0 && servers.count > 0);
    }
    if (dhcp6_sntp_servers(&servers, bytes, size)) {
        must(size % 16 == 0);
    }
    (void)dhcp6_ntp_servers(&servers, bytes, size);
    must(servers.count <= DHCP_SERVERS_MAX);
    for (size_t j = 0; j < servers.count; j++) {
        must(memchr(servers.at[j], '\0', DHCP_HOST_SIZE) != NULL && servers.at[j][0] != '\0');
    }
    return 0;
}
